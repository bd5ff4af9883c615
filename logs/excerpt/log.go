package excerpt

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollsim/internal/limited"
	"rollsim/trace"
)

// Log is a log without real names.
type Log struct {
	rows   []*row // those of derived tables come last
	header string // of the trace of a simulation; empty for a log

	rollouts, quarantines bool // whether there are these derived tables
}

// Read reads NDJSON. Errors call it file.
func Read(file string, in io.Reader) (*Log, error) {
	l := &Log{}
	lines := limited.NewLines(bufio.NewReader(in), trace.MaxLine)
	for number := 1; ; number++ {
		line, err := lines.Read()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, trace.Unreadable(file, number, err)
		}
		if text := strings.TrimSpace(string(line)); text != "" {
			if parse := l.add(text); parse != nil {
				return nil, &trace.ReadError{File: file, Line: number, What: parse.Error()}
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
	}
	if len(l.rows) == 0 {
		return nil, &trace.ReadError{File: file, What: "expected a log, found nothing"}
	}
	return l, nil
}

// ReadDocument reads the answer of GET /v1/rollouts/{id}/events. Errors call it file.
func ReadDocument(file string, content []byte) (*Log, error) {
	var document struct {
		Rollout string           `json:"rollout_id"`
		Events  []jsontext.Value `json:"events"`
	}
	if err := json.Unmarshal(content, &document); err != nil {
		return nil, &trace.ReadError{File: file, What: err.Error()}
	}
	rollout, err := jsontext.AppendQuote([]byte(`{"rollout":`), document.Rollout)
	if err != nil {
		return nil, &trace.ReadError{File: file, What: err.Error()}
	}
	l := &Log{}
	for i, event := range document.Events {
		line := string(event)
		if !strings.Contains(line, `"rollout":`) && strings.HasPrefix(line, "{") {
			line = string(rollout) + "," + line[1:]
		}
		if err := l.add(line); err != nil {
			return nil, &trace.ReadError{File: file, Line: i, What: err.Error()}
		}
	}
	if len(l.rows) == 0 {
		return nil, &trace.ReadError{File: file, What: "expected a log, found no event"}
	}
	return l, nil
}

func (l *Log) add(line string) error {
	if l.header != "" {
		line = withoutSum(line)
	}
	r, err := parseRow(line)
	if err != nil {
		return err
	}
	switch r.kind {
	case trace.KindHeader.String():
		l.header = withoutSum(line)
		return nil
	case trace.KindEnd.String():
		return nil // seal writes it
	}
	if len(l.rows) == maxRows {
		return fmt.Errorf("the log has more than %d entries: cut it to the time around the finding",
			maxRows)
	}
	l.rows = append(l.rows, r)
	return nil
}

// maxRows limits the entries, because all of them are in memory.
const maxRows = 2_000_000

// Reader returns a reader of the whole log.
func (l *Log) Reader() (*trace.Reader, error) {
	var b strings.Builder
	for _, r := range l.rows {
		if !r.isDerived() {
			b.WriteString(r.text + "\n")
		}
	}
	return trace.NewReader("the log", strings.NewReader(b.String()))
}

// Extent is how large a log is.
type Extent struct {
	Rollouts int `json:"rollouts"`
	Hosts    int `json:"hosts"`
	Entries  int `json:"entries"`
	Rows     int `json:"rows,omitzero"` // of derived tables
}

// String returns the extent in a line.
func (e Extent) String() string {
	count := func(n int, one, many string) string {
		if n == 1 {
			many = one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	text := count(e.Rollouts, "rollout", "rollouts") + ", " + count(e.Hosts, "host", "hosts")
	entries := count(e.Entries, "entry", "entries")
	if e.Rows == 0 {
		return text + " and " + entries
	}
	return text + ", " + entries + " and " + count(e.Rows, "row of a table", "rows of tables")
}

// part is a part of a log: some of its rows, and without some hosts in lists.
type part struct {
	rows    []int // indices, in the order of the log
	without map[string]bool
	tables  bool // replayed with the derived tables
}

// whole returns the whole log, with or without the derived tables.
func (l *Log) whole(tables bool) *part {
	p := &part{without: map[string]bool{}, tables: tables}
	for i, r := range l.rows {
		if tables || !r.isDerived() {
			p.rows = append(p.rows, i)
		}
	}
	return p
}

// extent measures a part.
func (l *Log) extent(p *part) Extent {
	var e Extent
	rollouts, hosts := make(map[string]bool), make(map[string]bool)
	for _, i := range p.rows {
		r := l.rows[i]
		for _, h := range append(slices.Clone(r.hosts), r.host) {
			if h != "" && !p.without[h] {
				hosts[h] = true
			}
		}
		if r.rollout != "" {
			rollouts[r.rollout] = true
		}
		if r.isDerived() {
			e.Rows++
		} else {
			e.Entries++
		}
	}
	e.Rollouts, e.Hosts = len(rollouts), len(hosts)
	return e
}

// write returns a part as a log, and the row of each seq. Of two rows with one seq it has the
// first.
func (l *Log) write(p *part) (d *Database, rowOf map[uint64]int) {
	rowOf = make(map[uint64]int)
	var text []byte
	if l.header != "" {
		text = append(append(text, l.header...), '\n')
	}
	seqs, agents := l.numbers(p)
	for _, i := range p.rows {
		r := l.rows[i]
		if r.isDerived() {
			break // so are those that follow
		}
		seq := seqs.of(r.seq)
		text = r.append(text, seq, agents[r.agent()].of(r.agentSeq), p.without)
		if _, again := rowOf[uint64(max(0, seq))]; !again {
			rowOf[uint64(max(0, seq))] = i
		}
	}
	return l.database(p, text, seqs), rowOf
}

// agent is a host and a rollout: its messages have numbers of their own.
type agent struct{ host, rollout string }

func (r *row) agent() agent { return agent{r.host, r.rollout} }

// numbers returns the numbers that a part no longer has.
func (l *Log) numbers(p *part) (seqs numbers, agents map[agent]numbers) {
	kept, removed := make(map[int64]bool), make(map[int64]bool)
	keptOf, removedOf := make(map[agent]map[int64]bool), make(map[agent]map[int64]bool)
	in := make([]bool, len(l.rows))
	for _, i := range p.rows {
		in[i] = true
	}
	for i, r := range l.rows {
		if r.isDerived() {
			break // so are those that follow
		}
		all, of := removed, removedOf
		if in[i] {
			all, of = kept, keptOf
		}
		all[r.seq] = true
		if r.agentSeq < 0 {
			continue
		}
		a := r.agent()
		if of[a] == nil {
			of[a] = make(map[int64]bool)
		}
		of[a][r.agentSeq] = true
	}
	agents = make(map[agent]numbers)
	for a, numbers := range removedOf {
		agents[a] = gone(numbers, keptOf[a])
	}
	return gone(removed, kept), agents
}
