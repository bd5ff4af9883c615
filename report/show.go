package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"rollsim/internal/plural"
	"rollsim/internal/visible"
	"rollsim/logs/show"
	"rollsim/reducer"
)

// TimelineView selects what a Timeline shows of its rows.
type TimelineView struct {
	Zone  show.Zone
	Width int    // of a line; 0 is any
	All   bool   // show the rows that repeat an earlier one
	Mark  uint64 // the seq of the row that is marked; 0 marks none

	// The columns that are the same in all rows are left out.
	OneRollout, OneChannel, OneHost bool

	Short func(reducer.RolloutID) string   // the short form of an id
	Paint func(colour, text string) string // nil paints nothing
}

// Timeline writes the rows of a log, one on each line, in columns. It writes the day before the
// first row of a day, and marks what is missing between two rows.
type Timeline struct {
	w     io.Writer
	view  TimelineView
	rows  []show.Row // to be written once the widths of the columns are known
	width [timelineColumns]int

	shown, hidden uint64
	last          reducer.Time // of the last row that was shown
	silent        uint64       // how many repeated rows there are since
	silentTo      reducer.Time // the time of the last of them
}

// The columns of a timeline. The text follows them.
const (
	columnSeq = iota
	columnTime
	columnRollout
	columnHost
	columnWave
	columnState
	timelineColumns
)

const (
	// lookAhead is how many rows are read before the first one is written, for the widths of
	// columns.
	lookAhead = 2000
	// longSilence is the time between two rows that is marked.
	longSilence = reducer.Time(5 * 60 * 1_000_000_000)
	// narrow is the width of a line below which states are left out.
	narrow = 100
	// leastText is the least room for the text of a row.
	leastText = 16
)

var timelineHeads = [timelineColumns]string{"entry", "time", "rollout", "host", "w", "state"}

// NewTimeline returns a Timeline that writes to w.
func NewTimeline(w io.Writer, view TimelineView) *Timeline {
	t := &Timeline{w: w, view: view}
	for i, head := range timelineHeads {
		t.width[i] = len(head)
	}
	t.width[columnState] = len("Superseded")
	return t
}

// Row adds a row.
func (t *Timeline) Row(r *show.Row) error {
	if r.Repeats && !t.view.All && r.Gap.Missing() == 0 && (t.view.Mark == 0 || r.Seq != t.view.Mark) {
		t.hidden++
		t.rows = append(t.rows, *r)
		return t.flushFull()
	}
	cells := t.cells(r)
	for i := range cells {
		t.width[i] = max(t.width[i], utf8.RuneCountInString(cells[i]))
	}
	plain := *r
	plain.Repeats = false
	t.rows = append(t.rows, plain)
	return t.flushFull()
}

func (t *Timeline) flushFull() error {
	if len(t.rows) < lookAhead {
		return nil
	}
	return t.Flush()
}

// Flush writes the rows that were added.
func (t *Timeline) Flush() error {
	var b strings.Builder
	for i := range t.rows {
		t.line(&b, &t.rows[i])
	}
	t.rows = t.rows[:0]
	return write(t.w, b.String())
}

// Close writes the remaining rows and how many there were.
func (t *Timeline) Close() error {
	if err := t.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	if t.silent > 0 && t.shown > 0 {
		t.silence(&b, t.silentTo)
	}
	if t.shown > 0 {
		b.WriteByte('\n')
	}
	b.WriteString(plural.Count(t.shown, "entry"))
	if t.hidden > 0 {
		fmt.Fprintf(&b, "; the planner decided the same as before in %d more: --all shows them", t.hidden)
	}
	b.WriteByte('\n')
	return write(t.w, b.String())
}

// cells returns the columns of a row.
func (t *Timeline) cells(r *show.Row) [timelineColumns]string {
	var cells [timelineColumns]string
	cells[columnSeq] = strconv.FormatUint(r.Seq, 10)
	cells[columnTime] = t.view.Zone.Clock(r.At)
	if !t.view.OneRollout {
		cells[columnRollout] = visible.Name(t.short(r))
	}
	if !t.view.OneHost {
		cells[columnHost] = visible.Name(string(r.Host))
	}
	if r.Wave.Set {
		cells[columnWave] = strconv.FormatUint(uint64(r.Wave.Value), 10)
	}
	cells[columnState] = r.State
	return cells
}

// short returns the id of a row's rollout as it is shown, or its channel if it has none.
func (t *Timeline) short(r *show.Row) string {
	if r.Rollout == "" {
		return string(r.Channel)
	}
	id := t.view.Short(r.Rollout)
	if t.view.OneChannel {
		id = strings.TrimPrefix(id, string(r.Channel)+"@")
	}
	return id
}

// omitted reports whether a column is left out.
func (t *Timeline) omitted(column int) bool {
	switch column {
	case columnRollout:
		return t.view.OneRollout
	case columnHost:
		return t.view.OneHost
	case columnState:
		return t.view.Width > 0 && t.view.Width < narrow
	}
	return false
}

// line writes a row, and before it what has changed since the last one.
func (t *Timeline) line(b *strings.Builder, r *show.Row) {
	if r.Repeats {
		t.silent++
		t.silentTo = r.At
		return
	}
	zone := t.view.Zone
	if t.shown == 0 {
		fmt.Fprintf(b, "%s, times in %s\n", zone.Day(r.At), zone.Name(r.At))
		t.head(b)
	} else {
		if r.At > t.last+longSilence {
			t.silence(b, r.At)
		}
		if zone.Day(r.At) != zone.Day(t.last) {
			fmt.Fprintf(b, "%s\n", zone.Day(r.At))
		}
	}
	if n := r.Gap.Missing(); n == 1 {
		fmt.Fprintf(b, "… entry %d is missing\n", r.Gap.From)
	} else if n > 1 {
		fmt.Fprintf(b, "… entries %d to %d are missing\n", r.Gap.From, r.Gap.To)
	}
	t.silent, t.last = 0, r.At
	t.shown++
	t.columns(b, t.cells(r), visible.Name(r.Text), r)
}

// silence marks a long time between two rows.
func (t *Timeline) silence(b *strings.Builder, until reducer.Time) {
	text := show.Span(t.last, until)
	if t.silent > 0 {
		text += ", " + plural.Count(t.silent, "repeated decision")
	}
	fmt.Fprintf(b, "… %s\n", text)
}

func (t *Timeline) head(b *strings.Builder) {
	cells := timelineHeads
	t.columns(b, cells, "what happened", nil)
}

// columns writes the columns of a line, and the text as far as there is room.
func (t *Timeline) columns(
	b *strings.Builder, cells [timelineColumns]string, text string, r *show.Row,
) {
	line := "  "
	if r != nil && r.Seq == t.view.Mark && t.view.Mark > 0 {
		line = "> "
	}
	used := len(line)
	for i, cell := range cells {
		if t.omitted(i) {
			continue
		}
		pad := strings.Repeat(" ", max(0, t.width[i]-utf8.RuneCountInString(cell)))
		used += utf8.RuneCountInString(cell) + len(pad) + 2
		switch i {
		case columnSeq:
			line += pad + cell + "  "
		case columnState:
			line += t.paint(cell, cell) + pad + "  "
		default:
			line += cell + pad + "  "
		}
	}
	if t.view.Width > 0 {
		text = clipped(text, max(leastText, t.view.Width-used))
	}
	if r != nil && r.Host == "" {
		text = t.paint(r.State, text)
	}
	b.WriteString(strings.TrimRight(line+text, " ") + "\n")
}

// stateColours are the colours of states that people look for.
var stateColours = map[string]string{
	"Failed": Red, "Reverted": Red, "Converged": Green, "Terminal": Green, "Deferred": Yellow,
}

// paint returns a text in the colour of a state.
func (t *Timeline) paint(state, text string) string {
	colour, ok := stateColours[state]
	if t.view.Paint == nil || !ok || text == "" {
		return text
	}
	return t.view.Paint(colour, text)
}

// clipped returns a text of at most some characters. It ends in … if it was longer.
func clipped(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	runes := []rune(text)
	return strings.TrimRight(string(runes[:most-1]), " ") + "…"
}

// showRow is a line of TimelineJSON, which docs/show.md describes.
type showRow struct {
	Seq     uint64  `json:"seq"`
	At      string  `json:"at"`
	Kind    string  `json:"kind"`
	Name    string  `json:"name"`
	Channel string  `json:"channel"`
	Rollout string  `json:"rollout"`
	Host    string  `json:"host"`
	Wave    *uint32 `json:"wave"`
	State   string  `json:"state"`
	Text    string  `json:"text"`
	Repeats bool    `json:"repeats"`
	Missing uint64  `json:"missing_before"`
}

// TimelineJSON writes a row as one line of JSON.
func TimelineJSON(w io.Writer, r *show.Row) error {
	row := showRow{
		Seq: r.Seq, At: timeText(r.At), Kind: r.Kind, Name: r.Name, Channel: string(r.Channel),
		Rollout: string(r.Rollout), Host: string(r.Host), State: r.State, Text: r.Text,
		Repeats: r.Repeats, Missing: r.Gap.Missing(),
	}
	if r.Wave.Set {
		row.Wave = &r.Wave.Value
	}
	err := json.MarshalWrite(visible.NewWriter(w), &row, json.Deterministic(true),
		jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	return write(w, "\n")
}
