package picture

import (
	"cmp"
	"fmt"
	"slices"

	"rollsim/internal/plural"
	"rollsim/reducer"
	"rollsim/timeline"
)

// flags adds a mark for each violation and finding: to its host, else to its rollout, else to the
// picture as a whole.
func (m *modeler) flags() {
	for i, k := range m.x.Marks() {
		at := m.to
		if k.N < m.x.Len() {
			at = max(m.from, m.x.At(k.N))
		}
		f := mark{at: at, shape: flag, text: k.Title, label: i + 1}
		if i >= maxFlags {
			f.label = 0
		}
		l := m.lineOf(k.Host)
		b := m.bandOf(k.Rollout, at)
		switch {
		case l != nil:
			l.marks = append(l.marks, f)
		case b != nil:
			b.marks = append(b.marks, f)
		case m.of[reducer.ChannelID(k.Rollout)] != nil: // a violation may be about a channel
			ch := m.of[reducer.ChannelID(k.Rollout)]
			ch.marks = append(ch.marks, f)
		default:
			m.crashes = append(m.crashes, f)
		}
	}
}

func (m *modeler) lineOf(id reducer.HostID) *line {
	for h, l := range m.lines {
		if _, joined := m.current[h]; l.id == id && joined {
			return l
		}
	}
	return nil
}

// bandOf returns the band of a rollout at a time: its id may have been opened several times.
func (m *modeler) bandOf(id reducer.RolloutID, at reducer.Time) *band {
	var first *band
	for _, b := range slices.Backward(m.bands) {
		if b.r.Record.RolloutID != id {
			continue
		}
		if first = b; len(b.spans) > 0 && b.spans[0].from <= at {
			return b
		}
	}
	return first
}

// allBands is how many bands there may be in all, for each that one channel may have.
const allBands = 5

// limit leaves out hosts and rollouts if there are too many to show, those first about which there
// is the least to say. It notes what it leaves out.
func (m *modeler) limit(maxLines, maxBands int) {
	left := 0
	var bands []*band
	for _, ch := range m.channels {
		left += m.drop(leastBands(ch.bands, maxBands))
		bands = append(bands, ch.bands...)
	}
	left += m.drop(leastBands(bands, allBands*maxBands))
	if left > 0 {
		m.notes = append(m.notes, fmt.Sprintf(
			"%s; those that stand or failed come first", plural.Count(left, "rollout"),
		))
	}
	m.limitLines(maxLines)
	m.channels = slices.DeleteFunc(m.channels, func(ch *channel) bool {
		return len(ch.bands) == 0 && len(ch.lines) == 0
	})
}

// leastBands returns the bands to leave out so that most remain.
func leastBands(all []*band, most int) []*band {
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b *band) int {
		if d := cmp.Compare(a.interest(), b.interest()); d != 0 {
			return d
		}
		return cmp.Compare(a.r.Number, b.r.Number)
	})
	return order[:max(0, len(order)-most)]
}

// drop removes bands from their channels and returns their number.
func (m *modeler) drop(bands []*band) int {
	out := make(map[*band]bool)
	for _, b := range bands {
		out[b] = true
	}
	for _, ch := range m.channels {
		ch.bands = slices.DeleteFunc(ch.bands, func(b *band) bool { return out[b] })
	}
	return len(bands)
}

// limitLines leaves out lines so that most remain.
func (m *modeler) limitLines(most int) {
	var all []*line
	for _, ch := range m.channels {
		all = append(all, ch.lines...)
	}
	left := max(0, len(all)-most)
	if left == 0 {
		return
	}
	slices.SortStableFunc(all, func(a, b *line) int {
		if d := cmp.Compare(a.interest(), b.interest()); d != 0 {
			return d
		}
		return cmp.Compare(b.number, a.number)
	})
	out := make(map[*line]bool)
	for _, l := range all[:left] {
		out[l] = true
	}
	for _, ch := range m.channels {
		ch.lines = slices.DeleteFunc(ch.lines, func(l *line) bool { return out[l] })
	}
	m.notes = append(m.notes, fmt.Sprintf(
		"%s; those with findings, failures and faults come first", plural.Count(left, "host"),
	))
}

// interest ranks the lines: higher ones are shown first.
func (l *line) interest() int {
	n := 0
	for _, k := range l.marks {
		switch k.shape {
		case flag:
			n |= 8
		case failed:
			n |= 4
		case fault:
			n |= 1
		case dispatched, again, crash, refusal, shapeEnd:
		}
	}
	if l.last.State != reducer.HostConverged {
		n |= 2
	}
	for i := range l.spans {
		if l.spans[i].state == reducer.HostDeferred {
			n |= 1
		}
	}
	return n
}

// interest ranks the bands: higher ones are shown first.
func (b *band) interest() int {
	n := 0
	for _, k := range b.marks {
		if k.shape == flag || k.shape == failed {
			n |= 2
		}
	}
	if b.r.Record.State.Standing() {
		n |= 4
	}
	return n
}

// findings returns the numbered lines about the marks, below the picture.
func (m *model) findings() []string {
	all := m.x.Marks()
	var lines []string
	for i, k := range all[:min(len(all), maxFlags)] {
		where := ""
		if k.Seq > 0 {
			where = fmt.Sprintf(" at entry %d", k.Seq)
		}
		about := string(k.Host)
		if about == "" {
			about = string(timeline.ShortID(k.Rollout))
		}
		if about != "" {
			about = ", " + about
		}
		lines = append(lines, fmt.Sprintf(
			"%d  %v %s%s%s: %s", i+1, k.Kind, k.Title, where, about, k.Detail,
		))
	}
	if more := len(all) - maxFlags; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}
