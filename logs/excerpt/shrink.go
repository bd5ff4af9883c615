package excerpt

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"rollsim/internal/nearest"
	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/trace"
)

// Key says which finding an excerpt must still have.
type Key struct {
	Class replay.Class
	Title string // with hyphens; empty for any
}

// Prefix begins the text of each key.
const Prefix = replay.KeepPrefix

// ParseKey reads a key: finding:CLASS or finding:CLASS/TITLE.
func ParseKey(text string) (Key, error) {
	rest, ok := strings.CutPrefix(text, Prefix)
	name, title, _ := strings.Cut(rest, "/")
	class, known := replay.ParseClass(name)
	if !ok || !known {
		return Key{}, fmt.Errorf("%s: expected %sCLASS or %sCLASS/TITLE, as rollsim replay prints it%s",
			text, Prefix, Prefix, nearest.Hint(name, replay.Classes()))
	}
	return Key{class, title}, nil
}

// String returns the key as ParseKey reads it.
func (k Key) String() string {
	text := Prefix + k.Class.String()
	if k.Title != "" {
		text += "/" + k.Title
	}
	return text
}

func (k Key) fits(f *replay.Finding) bool {
	return f.Class == k.Class && (k.Title == "" || replay.Hyphenated(f.Title()) == k.Title)
}

// DefaultEffort is how many entries a search replays at most.
const DefaultEffort = 20_000_000

// Options are the inputs of a search.
type Options struct {
	Key     *Key            // nil for that of the first finding
	Machine reducer.Machine // as in replay.Options
	Effort  uint64          // replayed entries; 0 is DefaultEffort

	// Progress, if not nil, receives the extent of each part that is accepted.
	Progress func(e Extent, replayed uint64)
}

// Excerpt is the result of a search.
type Excerpt struct {
	Key      Key
	Log      []byte    // NDJSON
	Database *Database // the log with its derived tables, if the finding is about one; else nil
	Rows     []string  // those of the derived tables, in lines
	Result   *replay.Result
	Finding  *replay.Finding // that has the key
	Shown    []string        // the entries in lines
	Deciding int             // the index in Shown of the entry of the finding, or -1

	Before, After Extent
	Unfinished    string // why it may be larger than it need be; empty if it need not
	Replayed      uint64 // entries
	Runs          int
}

// ErrNone reports that the log has no such finding.
var ErrNone = errors.New("nothing to shrink")

var errSpent = errors.New("the effort is used up")

// search is a search in progress.
type search struct {
	ctx   context.Context
	log   *Log
	opt   *Options
	limit uint64
	key   Key

	best   *part
	target target
	causes map[string]bool         // of the target, if it is anywhere
	counts map[replay.Group]uint64 // of the findings of best, by class and title
	known  map[target]bool         // the findings of the whole log about derived tables

	replayed uint64
	runs     int
	err      error // ends the search
}

// target is the finding that must stay.
type target struct {
	class         replay.Class
	title         string
	rollout, host string
	sides         string // what the log has, and what it should have, without numbers
	row           int    // that it is about; -1 for none
	anywhere      bool   // it is about a rollout or a table as a whole, so that its entry may change
}

// Shrink searches for the smallest part of a log that has a finding. The error is ErrNone, or that
// of a machine that does not answer. If the context ends, the excerpt is unfinished.
func Shrink(ctx context.Context, log *Log, opt Options) (*Excerpt, error) {
	s := &search{ctx: ctx, log: log, opt: &opt, limit: opt.Effort}
	if s.limit == 0 {
		s.limit = DefaultEffort
	}
	whole := log.whole((log.rollouts || log.quarantines) &&
		(opt.Key == nil || opt.Key.Class == replay.Derived))
	err := s.begin(whole)
	if err == nil && whole.tables && s.key.Class != replay.Derived {
		whole = log.whole(false) // the finding needs no tables
		err = s.begin(whole)
	}
	if err != nil {
		return nil, err
	}
	s.toFixpoint()
	x := &Excerpt{Key: s.key, Before: log.extent(whole)}
	switch {
	case s.err == nil:
	case errors.Is(s.err, errSpent):
		x.Unfinished = fmt.Sprintf("it was stopped after %d replayed entries", s.replayed)
	case ctx.Err() != nil:
		x.Unfinished = "it was interrupted"
	default:
		return nil, s.err
	}
	return x, s.finish(x)
}

// begin replays the whole log and chooses the finding.
func (s *search) begin(whole *part) error {
	d, rowOf := s.log.write(whole)
	result, err := s.replay(d)
	if err != nil {
		return err
	}
	var found *replay.Finding
	for i := range result.Findings {
		f := &result.Findings[i]
		if s.opt.Key == nil || s.opt.Key.fits(f) {
			found = f
			break
		}
	}
	switch {
	case found == nil && s.opt.Key != nil:
		return fmt.Errorf("%w: no finding has the key %v", ErrNone, *s.opt.Key)
	case found == nil:
		return fmt.Errorf("%w: the log has no findings", ErrNone)
	}
	s.key = Key{found.Class, replay.Hyphenated(found.Title())}
	s.best, s.target, s.counts = whole, targetOf(found, rowOf), countsOf(result)
	s.causes = causesOf(found)
	s.known = make(map[target]bool)
	for i := range result.Findings {
		if f := &result.Findings[i]; f.Class == replay.Derived {
			s.known[targetOf(f, nil)] = true
		}
	}
	return nil
}

func targetOf(f *replay.Finding, rowOf map[uint64]int) target {
	t := target{
		class: f.Class, title: f.Title(), rollout: string(f.Rollout), host: string(f.Host), row: -1,
		anywhere: f.Class == replay.Invariant || f.Class == replay.Derived,
	}
	switch sides := f.Recorded + " / " + f.Expected; {
	case f.Class == replay.Derived: // times and waves stay
		t.sides = seqColumn.ReplaceAllString(sides, "$1 #")
	case !t.anywhere:
		t.sides = withoutNumbers(sides)
	}
	if i, ok := rowOf[f.Seq]; ok {
		t.row = i
	}
	return t
}

// withoutNumbers returns a text with a mark for each number, because entries are renumbered, and
// with one space between words, because longer names move columns.
func withoutNumbers(text string) string {
	return strings.Join(strings.Fields(number.ReplaceAllString(text, "#")), " ")
}

var number = regexp.MustCompile(`\b\d+\b`)

var seqColumn = regexp.MustCompile(`\b(opened_event_log_seq) \d+`)

func countsOf(r *replay.Result) map[replay.Group]uint64 {
	counts := make(map[replay.Group]uint64)
	for _, g := range r.Groups {
		counts[replay.Group{Class: g.Class, Title: g.Title}] = g.Count
	}
	return counts
}

// reader returns a reader of what a part becomes.
func (s *search) reader(d *Database) (*trace.Reader, error) {
	if d.tables {
		return trace.NewRowReader("the log", d.Rows(), d), nil
	}
	sealed, err := s.log.seal(d.text)
	if err != nil {
		return nil, err
	}
	return trace.NewReader("the log", bytes.NewReader(sealed))
}

// replay replays a part.
func (s *search) replay(d *Database) (*replay.Result, error) {
	r, err := s.reader(d)
	if err != nil {
		return nil, err
	}
	result, err := replay.Run(r, replay.Options{Machine: s.opt.Machine})
	s.replayed += result.Entries
	s.runs++
	return result, err
}

// find returns the finding of a result that is the target, or nil. It also reports whether no other
// finding has come in.
func (s *search) find(result *replay.Result, rowOf map[uint64]int) *replay.Finding {
	for g, n := range countsOf(result) {
		if n > s.counts[g] {
			return nil
		}
	}
	var found *replay.Finding
	for i := range result.Findings {
		f := &result.Findings[i]
		if f.Class == replay.Derived && !s.known[targetOf(f, nil)] {
			return nil
		}
		t := targetOf(f, rowOf)
		if !s.target.anywhere && t == s.target || s.target.anywhere && t.title == s.target.title &&
			t.rollout == s.target.rollout && t.host == s.target.host && t.sides == s.target.sides &&
			s.knows(causesOf(f)) {
			found = cmp.Or(found, f)
		}
	}
	return found
}

// causesOf returns the parts of a reason without the hosts that each is about: stuck hosts may go,
// and what the others wait for stays.
func causesOf(f *replay.Finding) map[string]bool {
	causes := make(map[string]bool)
	for part := range strings.SplitSeq(f.Reason, "; ") {
		if _, what, ok := strings.Cut(part, ": "); ok {
			part = what
		}
		causes[withoutNumbers(part)] = true
	}
	return causes
}

// knows reports whether the target has all of some causes.
func (s *search) knows(causes map[string]bool) bool {
	for c := range causes {
		if !s.causes[c] {
			return false
		}
	}
	return true
}

// try replays a part, and reports whether it is accepted.
func (s *search) try(p *part) bool {
	switch {
	case s.err != nil || len(p.rows) == 0 || s.log.rows[p.rows[0]].isDerived():
		return false // without entries
	case s.ctx.Err() != nil:
		s.err = s.ctx.Err()
		return false
	case s.replayed >= s.limit:
		s.err = errSpent
		return false
	}
	d, rowOf := s.log.write(p)
	result, err := s.replay(d)
	if err != nil {
		if reducer.IsMachineFailure(err) {
			s.err = err
		}
		return false
	}
	if s.find(result, rowOf) == nil {
		return false
	}
	s.best, s.counts = p, countsOf(result)
	if s.opt.Progress != nil {
		s.opt.Progress(s.log.extent(p), s.replayed)
	}
	return true
}

// finish names everything plainly and describes the excerpt.
func (s *search) finish(x *Excerpt) error {
	x.After = s.log.extent(s.best)
	d, rowOf := s.log.write(s.best)
	result, err := s.replay(d)
	if err != nil {
		return err
	}
	x.Result, x.Finding = result, s.find(result, rowOf)
	for _, r := range renamings(d.named()) {
		named := d.renamed(r)
		again, err := s.replay(named)
		if err != nil {
			continue
		}
		if f := s.renamed(r).find(again, rowOf); f != nil {
			d, x.Result, x.Finding = named, again, f
			break
		}
	}
	if x.Finding == nil {
		return errors.New("the finding is gone when the log is replayed again")
	}
	x.Replayed, x.Runs = s.replayed, s.runs
	if x.Log, err = s.log.seal(d.text); err != nil {
		return err
	}
	if d.tables {
		x.Database, x.Rows = d, d.describeRows()
	}
	return x.show()
}

// renamed returns the search as it is after everything was renamed.
func (s *search) renamed(r renaming) *search {
	to := *s
	rename := func(t target) target {
		t.rollout, t.host, t.sides = r.name(t.rollout), r.name(t.host), r.name(t.sides)
		if t.class != replay.Derived {
			t.sides = withoutNumbers(t.sides)
		}
		return t
	}
	to.target = rename(s.target)
	to.causes, to.known = make(map[string]bool), make(map[target]bool)
	for c := range s.causes {
		to.causes[withoutNumbers(r.name(c))] = true
	}
	for t := range s.known {
		to.known[rename(t)] = true
	}
	return &to
}

// show writes the entries as lines.
func (x *Excerpt) show() error {
	r, err := trace.NewReader("the excerpt", bytes.NewReader(x.Log))
	if err != nil {
		return err
	}
	r.Lenient()
	all, err := trace.ReadAll(r)
	if err != nil || len(all) == 0 {
		return err
	}
	all = slices.DeleteFunc(all, func(e trace.Entry) bool { return e.Header != nil || e.End != nil })
	if len(all) == 0 {
		return nil
	}
	x.Deciding = slices.IndexFunc(all, func(e trace.Entry) bool { return e.Seq == x.Finding.Seq })
	lines := trace.Lines{Start: all[0].At}
	for i := range all {
		x.Shown = append(x.Shown, string(lines.Append(nil, &all[i])))
	}
	return nil
}
