// Package longlog makes long logs of a control plane out of a short one, for tests and benchmarks:
// the short one again and again, a day later each time, with other refs and closures, so that its
// last rollouts are superseded by its first ones. A log that replays without findings stays such a
// log. The same input gives the same bytes.
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

// perHost is how far the numbers of a host's copies are apart: above all numbers of hosts in the
// log that is made longer.
const perHost = 16

// words are what changes from one time to the next: instants, refs, closures and hosts.
var words = regexp.MustCompile(
	`\d{4}-\d\d-\d\dT[\d:.]+\+00:00|\b[0-9a-f]{40}\b|\b[0-9a-f]{32}\b|\b[a-z]+-\d{4}\b`,
)

// line is a line of the short log, taken apart.
type line struct {
	parts  []part
	follow bool // it records a transition that the line before it has led to
	opens  reducer.ChannelID
	ofHost bool
	list   bool // it lists hosts
}

// part is some text and the word after it.
type part struct {
	text   []byte
	word   []byte
	at     reducer.Time // of an instant
	number int          // of a host
	kind   byte         // of the word: t, r (a ref or a closure) or h; 0 for none
}

// stand is the rollout with which a channel ends.
type stand struct {
	ref   []byte
	state reducer.State
}

// Write writes at least so many entries. Of each host there are so many copies, which all do the
// same; 1 leaves them as they are. It gives how many entries were written. The short log is NDJSON
// as the control plane writes it, and opens at least one rollout on each channel.
func Write(to io.Writer, short []byte, entries, copies int) (int, error) {
	lines, last, err := parse(short)
	if err != nil {
		return 0, err
	}
	w := &writer{out: bufio.NewWriterSize(to, 1<<20), copies: copies}
	for ; w.seq < entries; w.day++ {
		opened := make(map[reducer.ChannelID]bool)
		for i := 0; i < len(lines); i++ {
			l := &lines[i]
			for c := range copies {
				if c == 0 || l.ofHost {
					w.write(l, c)
				}
				if c == 0 && l.ofHost && i+1 < len(lines) && lines[i+1].follow {
					w.write(&lines[i+1], 0)
				}
			}
			if l.ofHost && i+1 < len(lines) && lines[i+1].follow {
				i++
			}
			if c := l.opens; c != "" && !opened[c] {
				opened[c] = true
				w.supersede(l, c, last[c])
			}
		}
	}
	return w.seq, w.out.Flush()
}

// parse takes the short log apart, and tells with which rollout each channel ends.
func parse(short []byte) ([]line, map[reducer.ChannelID]stand, error) {
	r, err := trace.NewReader("the short log", bytes.NewReader(short))
	if err != nil {
		return nil, nil, err
	}
	var lines []line
	last := make(map[reducer.ChannelID]stand)
	for text := range bytes.Lines(short) {
		e, err := r.Read()
		if err != nil {
			return nil, nil, err
		}
		_, rest, _ := bytes.Cut(text, []byte(`,`)) // seq is counted anew
		l := split(rest)
		switch {
		case e.Event != nil && e.Event.Kind == reducer.RolloutOpened:
			l.opens = e.Event.Channel
			last[l.opens] = stand{ref: []byte(e.Event.TargetRef)}
		case e.Effect != nil:
			l.follow = true
			for c, s := range last {
				if e.Effect.Rollout == reducer.NewRolloutID(c, reducer.ChannelRef(s.ref)) {
					s.state = e.Effect.To
					last[c] = s
				}
			}
		case e.Plan != nil && e.Plan.Action == trace.OpenRollout:
			l.ofHost, l.list = false, true
		}
		lines = append(lines, l)
	}
	return lines, last, nil
}

func split(text []byte) line {
	var l line
	from := 0
	for _, at := range words.FindAllIndex(text, -1) {
		p := part{text: text[from:at[0]], word: text[at[0]:at[1]], kind: 'r'}
		if t, err := trace.ParseTime(p.word); err == nil {
			p.kind, p.at = 't', t
		} else if i := bytes.LastIndexByte(p.word, '-'); i >= 0 {
			p.kind = 'h'
			p.number, _ = strconv.Atoi(string(p.word[i+1:]))
			p.word = p.word[:i+1]
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

// write writes a line, of the hosts' copies that one.
func (w *writer) write(l *line, which int) {
	w.begin()
	for i := range l.parts {
		p := &l.parts[i]
		w.b = append(w.b, p.text...)
		switch p.kind {
		case 't':
			w.time(p)
		case 'r':
			w.b = renamed(w.b, p.word, w.day)
		case 'h':
			w.host(p, which)
			for c := 1; l.list && c < w.copies; c++ {
				w.b = append(w.b, `","`...)
				w.host(p, c)
			}
		}
	}
	_, _ = w.out.Write(w.b) // an error stays, and Flush gives it
}

// begin starts a line.
func (w *writer) begin() {
	w.seq++
	w.b = append(strconv.AppendInt(append(w.b[:0], `{"seq":`...), int64(w.seq), 10), ',')
}

const day = 24 * 3600 * reducer.Time(1e9)

func (w *writer) time(p *part) {
	t := trace.AppendTime(w.b, p.at+reducer.Time(w.day)*day)
	w.b = append(t[:len(t)-1], "+00:00"...) // as the control plane spells it
}

func (w *writer) host(p *part, which int) {
	w.b = append(w.b, p.word...)
	w.b = fmt.Appendf(w.b, "%04d", p.number+which*perHost)
}

// renamed gives a ref or closure its name of that day.
func renamed(b, name []byte, day int) []byte {
	const digits = 8
	n, _ := strconv.ParseUint(string(name[:digits]), 16, 32) // words takes nothing else
	b = fmt.Appendf(b, "%08x", uint32(n)+uint32(day)*0x9e3779b1)
	return append(b, name[digits:]...)
}

// supersede ends the rollout with which a channel has ended the day before. l opens the one that
// follows it.
func (w *writer) supersede(l *line, c reducer.ChannelID, old stand) {
	if w.day == 0 {
		return
	}
	var at, ref *part
	for i := range l.parts {
		switch p := &l.parts[i]; p.kind {
		case 't':
			at = p
		case 'r':
			ref = p
		}
	}
	id := func(name []byte, day int) { w.b = renamed(append(append(w.b, c...), '@'), name, day) }
	entry := func(kind, payload string) {
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
		_, _ = w.out.Write(w.b)
	}
	entry("rollout_event", `","payload":{"kind":"SuccessorOpened","supersededRolloutId":"`)
	w.b = append(w.b, `","successorRolloutId":"`...)
	id(ref.word, w.day)
	end()
	entry("effect", `","payload":{"effect":"RecordRolloutTransition","rolloutId":"`)
	w.b = fmt.Appendf(w.b, `","from":"%v","to":"Superseded`, old.state)
	end()
}
