package picture

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the parts of the page
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/timeline"
	"rollsim/trace"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

//go:embed page.js
var pageJS string

// HTML writes a trace as one page that needs no other file and loads nothing. Its script decides
// nothing: states and what entries change are those of the index.
func HTML(w io.Writer, x *timeline.Index, opt Options) error {
	data, err := newPageData(x, opt)
	if err != nil {
		return err
	}
	return data.write(w)
}

// write writes the page of the data.
func (data *pageData) write(w io.Writer) error {
	for _, column := range [][]int64{data.Times, data.Seq, data.At, data.ChangeN, data.ChangeAt} {
		deltas(column)
	}
	deltas(data.X)
	packed, err := pack(data)
	if err != nil {
		return err
	}
	style := baseCSS + pageCSS
	page := strings.NewReplacer(
		"{{policy}}", policyOf(style, pageJS, ""), "{{title}}", escape(data.Title),
		"{{style}}", style, "{{script}}", pageJS, "{{data}}", packed,
	)
	_, err = page.WriteString(w, pageHTML)
	return err
}

// policyOf returns the content security policy of a page, for an attribute: nothing is loaded, and
// only its own style and script count.
func policyOf(style, script, more string) string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return html.EscapeString("default-src 'none'; base-uri 'none'; form-action 'none'; style-src " +
		hash(style) + "; script-src " + hash(script) + more)
}

// deltas replaces each number but the first by its difference to the one before.
func deltas[T int | int64](column []T) {
	for i := len(column) - 1; i > 0; i-- {
		column[i] -= column[i-1]
	}
}

// pack returns a value as JSON, compressed, in base64.
func pack(value any) (string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	return compressed(text)
}

// compressed returns a text, compressed, in base64.
func compressed(text []byte) (string, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := z.Write(text); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// pageData is what the script of the page shows. Columns of numbers that mostly grow are stored as
// differences. Times are microseconds since the start.
type pageData struct {
	Title    string   `json:"title"`
	Facts    string   `json:"facts"`
	Notes    []string `json:"notes,omitempty"`
	Absolute bool     `json:"absolute"`
	Start    int64    `json:"start"` // milliseconds since 1970
	Unknown  []string `json:"unknown"`
	Cursor   bool     `json:"cursor"` // wave cursors are known

	States     []string `json:"states"`
	HostStates []string `json:"hostStates"`
	Kinds      []string `json:"kinds"`
	Strings    []string `json:"strings"`
	Hosts      []string `json:"hosts"`
	Rollouts   []pageID `json:"rollouts"`

	Times []int64 `json:"times"` // of the scale, as differences
	X     []int   `json:"x"`     // their positions, as differences

	Sections []pageSection `json:"sections"`
	Crashes  []int64       `json:"crashes"`

	// A column for each fact of an entry.
	// A page of many entries has only those that change something, and no texts.
	Whole   bool    `json:"whole"`
	Ranged  bool    `json:"ranged"` // Options.From or To is set
	Left    int     `json:"left"`   // entries that are left out
	Command string  `json:"command"`
	Seq     []int64 `json:"seq"` // as differences
	At      []int64 `json:"at"`  // as differences
	Kind    []int   `json:"kind"`
	Host    []int64 `json:"host"`    // -1 for none
	Rollout []int64 `json:"rollout"` // -1 for none
	// 1 changes a state, 2 is refused, 4 is marked, 8 is a failure, 16 differs
	Flags  []int    `json:"flags"`
	Blocks []string `json:"blocks"` // compressed lines of text and JSON, separated by 0x1f
	Block  int      `json:"block"`  // entries in a block

	// What entries change.
	ChangeN       []int64 `json:"changeN"`  // as differences; the first one may be -1
	ChangeAt      []int64 `json:"changeAt"` // as differences
	ChangeRollout []int64 `json:"changeRollout"`
	ChangeHost    []int64 `json:"changeHost"`
	ChangeWhat    []int   `json:"changeWhat"`
	ChangeValue   []int64 `json:"changeValue"`

	Rules map[int]int `json:"rules"` // of rollout events, by entry
	Marks []pageMark  `json:"marks"`

	// A page of two traces has the run of each entry, 0 or 1, and the first entry that only one of
	// them has, or -1.
	Runs  []int `json:"runs,omitempty"`
	First int   `json:"first"`
}

type pageID struct {
	ID      string `json:"id"`
	Short   string `json:"short"`
	Channel string `json:"channel"`
}

type pageSection struct {
	Channel string    `json:"channel"`
	Run     string    `json:"run,omitempty"` // A or B, in a page of two traces
	About   string    `json:"about"`
	Bands   []pageRow `json:"bands"`
	Lines   []pageRow `json:"lines"`
}

// pageRow is a band or a line. Spans are quadruples of from, to, state, and the number of a text or
// -1; marks are triples of time, shape, and the number of a text.
type pageRow struct {
	Label  string  `json:"label"`
	Number int     `json:"number"` // of the rollout or of the host
	Wave   int     `json:"wave"`   // -1 if it is not known
	Open   bool    `json:"open,omitempty"`
	Spans  []int64 `json:"spans"`
	Rest   []int64 `json:"rest,omitempty"`
	Marks  []int64 `json:"marks,omitempty"`

	// Differs are pairs of from and to, in which the state is another one than in the other trace.
	Differs []int64 `json:"differs,omitempty"`
}

type pageMark struct {
	N       int    `json:"n"`
	Kind    string `json:"kind"`
	Title   string `json:"title"`
	Detail  string `json:"detail"`
	Rollout string `json:"rollout"`
	Host    string `json:"host"`
}

// pageWidth is the width of the scale, in units that the script converts to pixels.
const pageWidth = 1 << 16

// The limits of what the picture of a page shows. Its list and its states have everything.
const (
	maxPageLines = 2000 // hosts
	maxPageBands = 200  // rollouts of one channel
)

// pageBuilder makes the data of a page.
type pageBuilder struct {
	*pageData
	x       *timeline.Index
	m       *model
	numbers map[string]int

	together bool     // the page has another trace too: lines are kept, and blocks come later
	lines    []string // of the entries
	keys     []string // of the entries: those of two traces that are alike have the same

	listed   []bool  // the entries that the page lists
	position []int32 // of each entry in the list, or of the next one in it; -1 before the range
}

func newPageData(x *timeline.Index, opt Options) (*pageData, error) {
	b := newPageBuilder(x, opt)
	b.scale()
	if err := b.build(opt); err != nil {
		return nil, err
	}
	return b.pageData, nil
}

func newPageBuilder(x *timeline.Index, opt Options) *pageBuilder {
	m := newModel(x, maxPageLines, maxPageBands)
	d := &drawing{model: m, opt: opt}
	return &pageBuilder{
		pageData: &pageData{
			Title: visibleName(d.heading()), Facts: d.summary(), Absolute: x.Lines().Absolute,
			Start: int64(m.from) / 1_000_000, Unknown: x.Unknown(), Cursor: x.CursorKnown(),
			Notes: m.notes, Block: pageBlock, Rules: make(map[int]int), Strings: []string{},
			Crashes: []int64{}, Marks: []pageMark{}, Blocks: []string{},
		},
		x: x, m: m, numbers: make(map[string]int),
	}
}

// build adds everything but the scale.
func (b *pageBuilder) build(opt Options) error {
	b.names()
	b.sections()
	b.choose(opt)
	b.changes()
	if err := b.entries(); err != nil {
		return err
	}
	for i := range b.x.Marks() {
		k := &b.x.Marks()[i]
		n := len(b.Seq)
		if k.N < b.x.Len() {
			n = max(0, int(b.position[k.N]))
		}
		b.Marks = append(b.Marks, pageMark{
			N: n, Kind: k.Kind.String(), Title: k.Title, Detail: k.Detail, Rollout: string(k.Rollout),
			Host: string(k.Host),
		})
	}
	return nil
}

// text returns the number of a text.
func (b *pageBuilder) text(s string) int64 {
	n, ok := b.numbers[s]
	if !ok {
		n = len(b.Strings)
		b.numbers[s] = n
		b.Strings = append(b.Strings, visibleName(s))
	}
	return int64(n)
}

// micros returns a time for the page.
func (b *pageBuilder) micros(t reducer.Time) int64 { return int64(t-b.m.from) / 1000 }

// names adds the names of states, kinds, hosts and rollouts.
func (b *pageBuilder) names() {
	b.States, b.HostStates = []string{"unknown"}, []string{"unknown"}
	for _, s := range reducer.States() {
		b.States = append(b.States, s.String())
	}
	for _, s := range reducer.HostStates() {
		b.HostStates = append(b.HostStates, s.String())
	}
	for k := range trace.KindCount {
		b.Kinds = append(b.Kinds, "")
		if k > 0 {
			b.Kinds[k] = trace.Kind(k).String()
		}
	}
	for _, h := range b.x.Hosts() {
		b.Hosts = append(b.Hosts, visibleName(string(h)))
	}
	c := b.x.Cursor()
	c.Go(b.x.Len())
	for _, r := range c.Snapshot().Rollouts {
		id, short := string(r.Record.RolloutID), string(timeline.ShortID(r.Record.RolloutID))
		if r.Incarnation > 1 {
			again := fmt.Sprintf(" #%d", r.Incarnation)
			id, short = id+again, short+again
		}
		b.Rollouts = append(b.Rollouts, pageID{
			ID: visibleName(id), Short: visibleName(short), Channel: visibleName(string(r.Record.Channel)),
		})
	}
}

// scale adds the scale.
func (b *pageBuilder) scale() {
	s := newScale(b.m.times, 0, pageWidth)
	for i, t := range s.times {
		b.Times, b.X = append(b.Times, b.micros(t)), append(b.X, s.at[i]/subpixels)
	}
}

// sections adds the rows.
func (b *pageBuilder) sections() {
	d := &drawing{model: b.m}
	for _, ch := range b.m.channels {
		s := pageSection{Channel: visibleName(string(ch.id)), About: visibleName(d.about(ch))}
		for _, band := range ch.bands {
			row := pageRow{
				Label: b.Rollouts[band.r.Number].Short, Number: band.r.Number, Wave: -1, Open: band.open,
				Marks: b.marks(band.marks),
			}
			for i := range band.spans {
				p := &band.spans[i]
				row.Spans = append(row.Spans, b.micros(p.from), b.micros(p.to), int64(p.state), -1)
			}
			s.Bands = append(s.Bands, row)
		}
		for _, l := range ch.lines {
			row := pageRow{
				Label: visibleName(string(l.id)), Number: int(l.number), Wave: -1, Marks: b.marks(l.marks),
				Spans: b.spans(l.spans), Rest: b.spans(l.rest),
			}
			if l.staged {
				row.Wave = int(l.wave)
			}
			s.Lines = append(s.Lines, row)
		}
		b.Sections = append(b.Sections, s)
	}
	for i := range b.m.crashes {
		if k := &b.m.crashes[i]; k.shape == crash {
			b.Crashes = append(b.Crashes, b.micros(k.at))
		}
	}
}

func (b *pageBuilder) spans(all []span[reducer.HostState]) []int64 {
	var flat []int64
	for i := range all {
		p, text := &all[i], int64(-1)
		switch {
		case p.gate != "":
			text = b.text(p.gate)
		case p.sent && p.state == reducer.HostPending:
			text = b.text("dispatched")
		}
		flat = append(flat, b.micros(p.from), b.micros(p.to), int64(p.state), text)
	}
	return flat
}

func (b *pageBuilder) marks(all []mark) []int64 {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b mark) int { return cmp.Compare(a.at, b.at) })
	var flat []int64
	for i := range all {
		k := &all[i]
		flat = append(flat, b.micros(k.at), int64(k.shape), b.text(k.text))
	}
	return flat
}

// maxPageTexts is the number of entries up to which a page has all of them, with their texts.
const maxPageTexts = 250_000

// choose chooses the entries that the page lists.
func (b *pageBuilder) choose(opt Options) {
	from, to := 0, b.x.Len()
	c := b.x.Cursor()
	if opt.From > 0 && c.GoSeq(opt.From) {
		from = c.N() - 1
	}
	if opt.To > 0 && c.GoSeq(opt.To) {
		to = c.N()
	}
	b.Ranged, b.Command = opt.From > 0 || opt.To > 0, visibleName(opt.Command)
	b.Whole = to-from <= cmp.Or(opt.texts, maxPageTexts)
	b.listed = make([]bool, b.x.Len())
	for n := from; n < to; n++ {
		b.listed[n] = b.Whole || b.x.Flags(n) != 0
	}
	if !b.Whole {
		for _, c := range b.x.Changes() {
			if n := int(c.N); n >= from && n < to && c.What != timeline.Heard {
				b.listed[n] = true
			}
		}
	}
	b.position = make([]int32, b.x.Len())
	next := int32(0)
	for n := range b.listed {
		b.position[n] = next
		if n < from {
			b.position[n] = -1
		}
		if b.listed[n] {
			next++
		} else {
			b.Left++
		}
	}
}

// changes adds what the entries change.
func (b *pageBuilder) changes() {
	for _, c := range b.x.Changes() {
		if c.What == timeline.Heard && !b.Whole {
			continue
		}
		b.ChangeN = append(b.ChangeN, int64(b.position[c.N]))
		b.ChangeAt = append(b.ChangeAt, b.micros(b.x.At(int(c.N))))
		b.ChangeRollout = append(b.ChangeRollout, number(c.Rollout))
		b.ChangeHost = append(b.ChangeHost, number(c.Host))
		b.ChangeWhat = append(b.ChangeWhat, int(c.What))
		b.ChangeValue = append(b.ChangeValue, b.value(&c))
	}
}

// number returns a number of a change, or -1 for none.
func number(n uint32) int64 {
	if n == timeline.None {
		return -1
	}
	return int64(n)
}

// value returns the value of a change for the page.
func (b *pageBuilder) value(c *timeline.Change) int64 {
	switch c.What {
	case timeline.Opened, timeline.TerminalAt, timeline.SupersededAt, timeline.Timer,
		timeline.Dispatched:
		return b.micros(reducer.Time(c.Value))
	case timeline.Closure, timeline.Refused:
		return b.text(b.x.Name(c.Value))
	case timeline.Held:
		gate, reason := b.x.Gate(c.Value)
		reason = strings.TrimPrefix(reason, gate+": ")
		if reason != "" {
			gate += ": " + reason
		}
		return b.text(gate)
	case timeline.Faulted:
		name, channel := b.x.Fault(c.Value)
		if channel != "" {
			name += " of channel " + string(channel)
		}
		return b.text(name)
	case timeline.Mentioned, timeline.State, timeline.Wave, timeline.Joined, timeline.HostState,
		timeline.Heard, timeline.Quarantined, timeline.Polled, timeline.Planned:
	}
	return c.Value
}

// pageBlock is the number of entries in a block of texts.
const pageBlock = 2048

// entries adds the columns and the texts of the entries.
func (b *pageBuilder) entries() error {
	lines := b.x.Lines()
	var text []byte
	c := b.x.Cursor()
	flush := func() error {
		block, err := compressed(text)
		b.Blocks, text = append(b.Blocks, block), text[:0]
		return err
	}
	err := b.x.Read(func(n int, e *trace.Entry) error {
		if !b.listed[n] {
			return nil
		}
		if len(b.Seq) > 0 && len(b.Seq)%pageBlock == 0 && b.Whole && !b.together {
			if err := flush(); err != nil {
				return err
			}
		}
		c.Go(n)
		if a := c.AnswerTo(e); a != nil {
			b.Rules[len(b.Seq)] = int(b.text(a.Text(e.Event)))
		}
		b.Seq, b.At = append(b.Seq, int64(e.Seq)), append(b.At, b.micros(e.At))
		host, rollout := b.x.Subject(n)
		b.Kind = append(b.Kind, int(e.Kind))
		b.Host, b.Rollout = append(b.Host, number(host)), append(b.Rollout, number(rollout))
		b.Flags = append(b.Flags, b.x.Flags(n))
		if !b.Whole {
			return nil
		}
		short := *e
		short.Rollout = timeline.ShortID(e.Rollout)
		text = append(lines.Append(text, &short), 0x1f)
		text = append(trace.AppendEntry(text, e), '\n')
		if b.together {
			b.lines, text = append(b.lines, string(text)), text[:0]
			b.keys = append(b.keys, b.key(e))
		}
		return nil
	})
	if err != nil || !b.Whole || b.together {
		return err
	}
	return flush()
}
