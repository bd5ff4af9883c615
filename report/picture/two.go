package picture

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"rollsim/reducer"
	"rollsim/timeline"
	"rollsim/trace"
)

// differs is the flag of an entry that the other trace of a page does not have.
const differs = 16

// HTMLOfTwo writes two traces as one page, as HTML does. Their starts are aligned, unless both are
// logs of control planes, which have the time of day. Entries that only one of them has, and times
// at which a rollout or a host is in different states, are marked. Together they may have 250,000
// entries.
func HTMLOfTwo(w io.Writer, a, b *timeline.Index, optA, optB Options) error {
	data, err := newTwoPageData(a, b, optA, optB)
	if err != nil {
		return err
	}
	return data.write(w)
}

// twoBuilder makes the data of a page of two traces.
type twoBuilder struct {
	*pageData
	runs [2]*pageBuilder
	at   [2][]int // the entry of the page, by the entry of a trace and one more for the end
}

func newTwoPageData(a, b *timeline.Index, optA, optB Options) (*pageData, error) {
	most := cmp.Or(optA.texts, maxPageTexts)
	if n := a.Len() + b.Len(); n > most {
		return nil, fmt.Errorf("the two traces have %d entries: expected at most %d", n, most)
	}
	t := &twoBuilder{runs: [2]*pageBuilder{newPageBuilder(a, optA), newPageBuilder(b, optB)}}
	first, second := t.runs[0], t.runs[1]
	if first.Absolute && second.Absolute {
		from := min(first.m.from, second.m.from)
		first.m.from, second.m.from = from, from
	}
	for i, r := range t.runs {
		r.together = true
		if i == 1 { // texts have the same numbers in both
			r.numbers, r.Strings = first.numbers, first.Strings
		}
		if err := r.build(Options{}); err != nil {
			return nil, err
		}
	}
	title := first.Title + " and " + second.Title
	if first.Title == second.Title {
		title = first.Title + ": two runs"
	}
	t.pageData = &pageData{
		Title:    title,
		Facts:    "A: " + first.Facts + ". B: " + second.Facts,
		Notes:    together(first.Notes, second.Notes),
		Absolute: first.Absolute && second.Absolute, Start: int64(first.m.from) / 1_000_000,
		Unknown: together(first.Unknown, second.Unknown), Cursor: first.Cursor && second.Cursor,
		States: first.States, HostStates: first.HostStates, Kinds: first.Kinds,
		Strings: second.Strings, Crashes: append(first.Crashes, second.Crashes...),
		Whole: true, Block: pageBlock, Rules: make(map[int]int), Marks: []pageMark{},
		Command: first.Command, First: -1,
	}
	t.scale()
	t.names()
	t.entries()
	t.changes()
	t.sections()
	t.differences()
	return t.pageData, t.blocks()
}

// together returns the texts of both lists, each once.
func together(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// key returns a text that is the same for entries of two traces that say the same at the same time.
func (b *pageBuilder) key(e *trace.Entry) string {
	lines := trace.Lines{Start: b.m.from}
	_, text, _ := strings.Cut(string(lines.Append(nil, e)), " ")
	return fmt.Sprint(b.micros(e.At), text)
}

// scale adds the scale of the times of both traces.
func (t *twoBuilder) scale() {
	var times []reducer.Time
	for _, r := range t.runs {
		for _, at := range r.m.times {
			times = append(times, reducer.Time(r.micros(at)*1000))
		}
	}
	slices.Sort(times)
	s := newScale(slices.Compact(times), 0, pageWidth)
	for i, at := range s.times {
		t.Times, t.X = append(t.Times, int64(at)/1000), append(t.X, s.at[i]/subpixels)
	}
}

// names adds the names of rollouts and hosts. Those of the second trace follow.
func (t *twoBuilder) names() {
	for i, r := range t.runs {
		t.Hosts = append(t.Hosts, r.Hosts...)
		for _, id := range r.Rollouts {
			id.Short = runName(i) + " " + id.Short
			t.Rollouts = append(t.Rollouts, id)
		}
	}
}

func runName(i int) string { return [...]string{"A", "B"}[i] }

// offset adds what comes before the second trace to a number; -1 stays.
func offset(n int64, run, before int) int64 {
	if n < 0 || run == 0 {
		return n
	}
	return n + int64(before)
}

// entries adds the entries of both traces, each in its order, by time.
func (t *twoBuilder) entries() {
	a, b := t.runs[0], t.runs[1]
	for i, j := 0, 0; i < len(a.Seq) || j < len(b.Seq); {
		run, n := 0, i
		if i == len(a.Seq) || j < len(b.Seq) && b.At[j] < a.At[i] {
			run, n = 1, j
			j++
		} else {
			i++
		}
		r := t.runs[run]
		to := len(t.Seq)
		t.at[run] = append(t.at[run], to)
		t.Runs, t.Seq, t.At = append(t.Runs, run), append(t.Seq, r.Seq[n]), append(t.At, r.At[n])
		t.Kind, t.Flags = append(t.Kind, r.Kind[n]), append(t.Flags, r.Flags[n])
		t.Host = append(t.Host, offset(r.Host[n], run, len(a.Hosts)))
		t.Rollout = append(t.Rollout, offset(r.Rollout[n], run, len(a.Rollouts)))
		if rule, ok := r.Rules[n]; ok {
			t.Rules[to] = rule
		}
	}
	for run, r := range t.runs {
		t.at[run] = append(t.at[run], len(t.Seq))
		for _, m := range r.Marks {
			m.N, m.Title = t.at[run][m.N], runName(run)+": "+m.Title
			t.Marks = append(t.Marks, m)
		}
	}
	slices.SortStableFunc(t.Marks, func(a, b pageMark) int { return cmp.Compare(a.N, b.N) })
}

// changes adds what the entries of both traces change, in the order of the entries.
func (t *twoBuilder) changes() {
	type place struct{ n, run, i int }
	var all []place
	for run, r := range t.runs {
		for i, n := range r.ChangeN {
			all = append(all, place{t.at[run][n], run, i})
		}
	}
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(a.n, b.n) })
	for _, p := range all {
		r := t.runs[p.run]
		t.ChangeN, t.ChangeAt = append(t.ChangeN, int64(p.n)), append(t.ChangeAt, r.ChangeAt[p.i])
		t.ChangeRollout = append(t.ChangeRollout,
			offset(r.ChangeRollout[p.i], p.run, len(t.runs[0].Rollouts)))
		t.ChangeHost = append(t.ChangeHost, offset(r.ChangeHost[p.i], p.run, len(t.runs[0].Hosts)))
		t.ChangeWhat = append(t.ChangeWhat, r.ChangeWhat[p.i])
		t.ChangeValue = append(t.ChangeValue, r.ChangeValue[p.i])
	}
}

// sections adds the rows: for each channel those of the first trace, then those of the second.
func (t *twoBuilder) sections() {
	var order []string
	for _, r := range t.runs {
		for i := range r.Sections {
			if c := r.Sections[i].Channel; !slices.Contains(order, c) {
				order = append(order, c)
			}
		}
	}
	for _, c := range order {
		var of [2]*pageSection
		for run, r := range t.runs {
			i := slices.IndexFunc(r.Sections, func(s pageSection) bool { return s.Channel == c })
			if i < 0 {
				continue
			}
			s := r.Sections[i]
			s.Run = runName(run)
			for k := range s.Bands {
				s.Bands[k].Number = int(offset(int64(s.Bands[k].Number), run, len(t.runs[0].Rollouts)))
			}
			for k := range s.Lines {
				s.Lines[k].Number = int(offset(int64(s.Lines[k].Number), run, len(t.runs[0].Hosts)))
			}
			of[run] = &s
		}
		compareRows(of)
		for _, s := range of {
			if s != nil {
				t.Sections = append(t.Sections, *s)
			}
		}
	}
}

// compareRows sets when the rows of a channel differ. A row that the other trace does not have
// differs from an empty one.
func compareRows(of [2]*pageSection) {
	for run, s := range of {
		if s == nil {
			continue
		}
		other := of[1-run]
		for _, rows := range [...]struct {
			own    []pageRow
			others func(*pageSection) []pageRow
		}{
			{s.Bands, func(s *pageSection) []pageRow { return s.Bands }},
			{s.Lines, func(s *pageSection) []pageRow { return s.Lines }},
		} {
			for i := range rows.own {
				own, spans := &rows.own[i], []int64(nil)
				if other != nil {
					all := rows.others(other)
					same := func(r pageRow) bool { return r.Label == own.Label }
					if k := slices.IndexFunc(all, same); k >= 0 {
						spans = all[k].Spans
					}
				}
				own.Differs = spansDiffer(own.Spans, spans)
			}
		}
	}
}

// spansDiffer returns pairs of times between which two lists of spans have different states.
func spansDiffer(a, b []int64) []int64 {
	var times []int64
	for _, spans := range [][]int64{a, b} {
		for i := 0; i < len(spans); i += 4 {
			times = append(times, spans[i], spans[i+1])
		}
	}
	slices.Sort(times)
	times = slices.Compact(times)
	stateAt := func(spans []int64, t int64) int64 {
		for i := 0; i < len(spans); i += 4 {
			if spans[i] <= t && t < spans[i+1] {
				return spans[i+2]
			}
		}
		return -1
	}
	var found []int64
	for i := 1; i < len(times); i++ {
		from, to := times[i-1], times[i]
		if stateAt(a, from) == stateAt(b, from) {
			continue
		}
		if n := len(found); n > 0 && found[n-1] == from {
			found[n-1] = to
		} else {
			found = append(found, from, to)
		}
	}
	return found
}

// differences marks the entries that only one of the traces has.
func (t *twoBuilder) differences() {
	for run, r := range t.runs {
		others := make(map[string]int)
		for _, key := range t.runs[1-run].keys {
			others[key]++
		}
		for i, key := range r.keys {
			if others[key]--; others[key] >= 0 {
				continue
			}
			n := t.at[run][i]
			t.Flags[n] |= differs
			if t.First < 0 || n < t.First {
				t.First = n
			}
		}
	}
}

// blocks adds the texts of the entries.
func (t *twoBuilder) blocks() error {
	t.Blocks = []string{}
	var text strings.Builder
	var next [2]int
	for n, run := range t.Runs {
		text.WriteString(t.runs[run].lines[next[run]])
		next[run]++
		if (n+1)%pageBlock != 0 && n+1 < len(t.Runs) {
			continue
		}
		block, err := compressed([]byte(text.String()))
		if err != nil {
			return err
		}
		t.Blocks = append(t.Blocks, block)
		text.Reset()
	}
	return nil
}
