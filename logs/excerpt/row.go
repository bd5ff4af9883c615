package excerpt

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
	"rollsim/trace"
)

// span is a part of a text. The zero value is no part.
type span struct{ begin, end int }

// row is an entry of the log.
type row struct {
	text string // one JSON object

	kind          string // of the entry, or of its payload
	host, rollout string
	channel       string
	closure       string

	seq, agentSeq     int64 // -1 for none
	seqAt, agentSeqAt span
	hosts             []string // of an OpenRollout
	hostsAt           span     // the list, without its brackets

	// A row of a derived table, or nil. Its text is an object with its names.
	record     *reducer.Record
	quarantine *trace.QuarantineRow
	bad        *trace.BadRow // of table
	table      string
}

// isDerived reports whether the row is one of a derived table.
func (r *row) isDerived() bool {
	return r.record != nil || r.quarantine != nil || r.bad != nil
}

// parseRow reads a line of a log.
func parseRow(line string) (*row, error) {
	r := &row{text: line, seq: -1, agentSeq: -1}
	d := jsontext.NewDecoder(strings.NewReader(line))
	for {
		token, err := d.ReadToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := r.token(d, token); err != nil {
			return nil, err
		}
	}
	if r.channel == "" {
		r.channel, _, _ = strings.Cut(r.rollout, "@")
	}
	return r, nil
}

// token takes what the row needs from a token, which is the last one that the decoder has read.
func (r *row) token(d *jsontext.Decoder, token jsontext.Token) error {
	place := string(d.StackPointer())
	end := int(d.InputOffset())
	switch token.Kind() {
	case '0':
		text := token.String()
		at := span{end - len(text), end}
		switch place {
		case "/seq":
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return fmt.Errorf("seq: expected a number, found %s", text)
			}
			r.seq, r.seqAt = n, at
		case "/payload/seq":
			if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
				r.agentSeq, r.agentSeqAt = n, at
			}
		}
	case '[':
		if place == "/payload/hosts" {
			r.hostsAt.begin = end
		}
	case ']':
		if place == "/payload/hosts" {
			r.hostsAt.end = end - 1
		}
	case '"':
		if !isName(d) {
			r.word(place, token.String())
		}
	}
	return nil
}

// isName reports whether the last token is the name of a member.
func isName(d *jsontext.Decoder) bool {
	kind, length := d.StackIndex(d.StackDepth())
	return kind == '{' && length%2 == 1
}

// word takes a string.
func (r *row) word(place, text string) {
	switch place {
	case "/kind":
		r.kind = text
	case "/host":
		r.host = text
	case "/rollout":
		r.rollout = text
	case "/payload/kind", "/payload/effect", "/payload/action", "/payload/gate":
		r.kind = text
	case "/payload/hostId", "/payload/host":
		if r.host == "" {
			r.host = text
		}
	case "/payload/rolloutId", "/payload/rollout", "/payload/rollout_id",
		"/payload/supersededRolloutId":
		if r.rollout == "" {
			r.rollout = text
		}
	case "/payload/channel":
		r.channel = text
	case "/payload/closure":
		r.closure = text
	}
	if strings.HasPrefix(place, "/payload/hosts/") {
		r.hosts = append(r.hosts, text)
	}
}

// numbers says how far numbers move down.
type numbers []int64 // those that are gone, in ascending order

func (n numbers) of(seq int64) int64 {
	below, _ := slices.BinarySearch(n, seq)
	return seq - int64(below)
}

// gone returns the numbers that the removed rows have and the kept ones do not.
func gone(removed, kept map[int64]bool) numbers {
	var all numbers
	for seq := range removed {
		if !kept[seq] {
			all = append(all, seq)
		}
	}
	slices.Sort(all)
	return all
}

// append appends the row with other numbers, and without some hosts in its list.
func (r *row) append(b []byte, seq, agentSeq int64, without map[string]bool) []byte {
	type edit struct {
		at   span
		text string
	}
	var edits []edit
	if r.seq >= 0 && seq != r.seq {
		edits = append(edits, edit{r.seqAt, strconv.FormatInt(seq, 10)})
	}
	if r.agentSeq >= 0 && agentSeq != r.agentSeq {
		edits = append(edits, edit{r.agentSeqAt, strconv.FormatInt(agentSeq, 10)})
	}
	if slices.ContainsFunc(r.hosts, func(h string) bool { return without[h] }) {
		var list []string
		for _, h := range r.hosts {
			if !without[h] {
				quoted, _ := jsontext.AppendQuote(nil, h) // never fails: it was read
				list = append(list, string(quoted))
			}
		}
		edits = append(edits, edit{r.hostsAt, strings.Join(list, ",")})
	}
	slices.SortFunc(edits, func(a, c edit) int { return a.at.begin - c.at.begin })
	from := 0
	for _, e := range edits {
		b = append(append(b, r.text[from:e.at.begin]...), e.text...)
		from = e.at.end
	}
	return append(append(b, r.text[from:]...), '\n')
}
