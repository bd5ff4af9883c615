// Package longlog makes long logs of a control plane out of a short one, for tests and benchmarks.
// It repeats the short log, each time a day later and with other refs and closures. The first
// rollouts of each day supersede the last ones of the day before. A short log that replays without
// findings makes a long one without findings. The same input makes the same bytes.
package longlog

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"rollsim/reducer"
	"rollsim/trace"
)

// copyStep is the distance between the numbers of a host's copies. It is more than the highest
// number of a host in the short log.
const copyStep = 16

// variables matches what changes from one day to the next: instants, refs, closures and hosts.
var variables = regexp.MustCompile(
	`\d{4}-\d\d-\d\dT[\d:.]+\+00:00|\b[0-9a-f]{40}\b|\b[0-9a-f]{32}\b|\b[a-z]+-\d{4}\b`,
)

// line is a line of the short log, without its seq.
type line struct {
	parts   []part
	follows bool // it records a transition that the line before it causes
	opens   reducer.ChannelID
	ofHost  bool
	list    bool // it lists hosts
}

// part is some text and the variable after it.
type part struct {
	text   []byte
	value  []byte       // without the number, for a host
	at     reducer.Time // of an instant
	number int          // of a host
	kind   variable
}

// variable is the kind of a variable part.
type variable uint8

const (
	noVariable variable = iota // the end of a line
	instant
	hash // a ref or a closure
	host
)

// ending is the last rollout of a channel in the short log.
type ending struct {
	ref   []byte
	state reducer.State
}

// Write writes a long log with at least the given number of entries, and returns their number. It
// replaces each host with the given number of copies, which all do the same. The short log is
// NDJSON as the control plane writes it, and opens at least one rollout on each channel.
func Write(to io.Writer, short []byte, entries, copies int) (int, error) {
	lines, endings, err := parse(short)
	if err != nil {
		return 0, err
	}
	w := &writer{out: bufio.NewWriterSize(to, 1<<20), copies: copies}
	for ; w.seq < entries; w.day++ {
		w.writeDay(lines, endings)
	}
	return w.seq, w.out.Flush()
}

// parse splits the lines of the short log, and returns them with the last rollout of each channel.
func parse(short []byte) ([]line, map[reducer.ChannelID]ending, error) {
	r, err := trace.NewReader("the short log", bytes.NewReader(short))
	if err != nil {
		return nil, nil, err
	}
	var lines []line
	endings := make(map[reducer.ChannelID]ending)
	for text := range bytes.Lines(short) {
		e, err := r.Read()
		if err != nil {
			return nil, nil, err
		}
		_, rest, _ := bytes.Cut(text, []byte(`,`)) // begin writes another seq
		l := split(rest)
		switch {
		case e.Event != nil && e.Event.Kind == reducer.RolloutOpened:
			l.opens = e.Event.Channel
			endings[l.opens] = ending{ref: []byte(e.Event.TargetRef)}
		case e.Effect != nil:
			l.follows = true
			for c, s := range endings {
				if e.Effect.Rollout == reducer.NewRolloutID(c, reducer.ChannelRef(s.ref)) {
					s.state = e.Effect.To
					endings[c] = s
				}
			}
		case e.Plan != nil && e.Plan.Action == trace.OpenRollout:
			l.ofHost, l.list = false, true
		}
		lines = append(lines, l)
	}
	return lines, endings, nil
}

// split splits a line at its variables.
func split(text []byte) line {
	var l line
	from := 0
	for _, at := range variables.FindAllIndex(text, -1) {
		p := part{text: text[from:at[0]], value: text[at[0]:at[1]], kind: hash}
		if t, err := trace.ParseTime(p.value); err == nil {
			p.kind, p.at = instant, t
		} else if i := bytes.LastIndexByte(p.value, '-'); i >= 0 {
			p.kind = host
			p.number, _ = strconv.Atoi(string(p.value[i+1:])) // variables matches four digits
			p.value = p.value[:i+1]
			l.ofHost = true
		}
		l.parts = append(l.parts, p)
		from = at[1]
	}
	l.parts = append(l.parts, part{text: text[from:]})
	return l
}

type writer struct {
	out    *bufio.Writer
	b      []byte
	seq    int
	day    int
	copies int
}

// writeDay writes the lines of the short log once. Each line about a host is written for every copy
// of the host, with the transition that follows it.
func (w *writer) writeDay(lines []line, endings map[reducer.ChannelID]ending) {
	opened := make(map[reducer.ChannelID]bool)
	for i := 0; i < len(lines); i++ {
		l := &lines[i]
		w.write(l, 0)
		if l.ofHost {
			if i+1 < len(lines) && lines[i+1].follows {
				i++
				w.write(&lines[i], 0)
			}
			for which := 1; which < w.copies; which++ {
				w.write(l, which)
			}
		}
		if c := l.opens; c != "" && !opened[c] {
			opened[c] = true
			if w.day > 0 {
				w.supersede(l, c, endings[c])
			}
		}
	}
}

// write writes a line for one copy of its host.
func (w *writer) write(l *line, which int) {
	w.begin()
	for i := range l.parts {
		p := &l.parts[i]
		w.b = append(w.b, p.text...)
		switch p.kind {
		case noVariable:
		case instant:
			w.time(p)
		case hash:
			w.b = appendHash(w.b, p.value, w.day)
		case host:
			w.host(p, which)
			for c := 1; l.list && c < w.copies; c++ {
				w.b = append(w.b, `","`...)
				w.host(p, c)
			}
		}
	}
	_, _ = w.out.Write(w.b) // Flush returns the error
}

// begin begins a line with the next seq.
func (w *writer) begin() {
	w.seq++
	w.b = append(strconv.AppendInt(append(w.b[:0], `{"seq":`...), int64(w.seq), 10), ',')
}

const day = 24 * 3600 * reducer.Time(1e9)

// time appends an instant as the control plane spells it.
func (w *writer) time(p *part) {
	t := trace.AppendTime(w.b, p.at+reducer.Time(w.day)*day)
	w.b = append(t[:len(t)-1], "+00:00"...)
}

func (w *writer) host(p *part, which int) {
	w.b = append(w.b, p.value...)
	w.b = fmt.Appendf(w.b, "%04d", p.number+which*copyStep)
}

// appendHash appends the name of a ref or closure on a day.
func appendHash(b, name []byte, day int) []byte {
	const digits = 8
	n, _ := strconv.ParseUint(string(name[:digits]), 16, 32) // variables matches hexadecimal digits
	b = fmt.Appendf(b, "%08x", uint32(n)+uint32(day)*0x9e3779b1)
	return append(b, name[digits:]...)
}

// supersede writes that the rollout which l opens supersedes the channel's last one of the day
// before.
func (w *writer) supersede(l *line, c reducer.ChannelID, old ending) {
	var at, ref *part
	for i := range l.parts {
		switch p := &l.parts[i]; p.kind {
		case instant:
			at = p
		case hash:
			ref = p
		case noVariable, host:
		}
	}
	id := func(name []byte, day int) {
		w.b = appendHash(append(append(w.b, c...), '@'), name, day)
	}
	begin := func(kind, payload string) {
		w.begin()
		w.b = append(w.b, `"ts":"`...)
		w.time(at)
		w.b = fmt.Appendf(w.b, `","kind":"%s","host":null,"rollout":"`, kind)
		id(old.ref, w.day-1)
		w.b = append(w.b, payload...)
		id(old.ref, w.day-1)
	}
	end := func() {
		w.b = append(w.b, `","at":"`...)
		w.time(at)
		w.b = append(w.b, "\"}}\n"...)
		_, _ = w.out.Write(w.b) // Flush returns the error
	}
	begin("rollout_event", `","payload":{"kind":"SuccessorOpened","supersededRolloutId":"`)
	w.b = append(w.b, `","successorRolloutId":"`...)
	id(ref.value, w.day)
	end()
	begin("effect", `","payload":{"effect":"RecordRolloutTransition","rolloutId":"`)
	w.b = fmt.Appendf(w.b, `","from":"%v","to":"Superseded`, old.state)
	end()
}
