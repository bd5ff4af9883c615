package redact

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/trace"
)

// value is a parsed JSON value. Redaction needs an object as a whole, because the class of a field
// may depend on a later one.
type value struct {
	kind    jsontext.Kind
	text    string   // of a string its content, of other scalars the literal
	names   []string // of an object, parallel to members
	members []*value // of an object or a list
}

// maxValues is the limit for the values in an entry. The list of hosts with the most names that a
// simulation can have is below it.
const maxValues = 1 << 21

var errManyValues = fmt.Errorf("expected at most %d values in an entry, found more", maxValues)

// parse reads one JSON value.
func parse(d *jsontext.Decoder) (*value, error) {
	left := maxValues
	return parseNext(d, &left)
}

// parseNext reads one JSON value, and subtracts the number of values in it from left.
func parseNext(d *jsontext.Decoder, left *int) (*value, error) {
	t, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	if *left--; *left < 0 {
		return nil, errManyValues
	}
	v := &value{kind: t.Kind()}
	switch v.kind {
	case '{':
		for d.PeekKind() != '}' {
			n, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			v.names = append(v.names, n.String())
			m, err := parseNext(d, left)
			if err != nil {
				return nil, err
			}
			v.members = append(v.members, m)
		}
		_, err = d.ReadToken()
	case '[':
		for d.PeekKind() != ']' {
			m, err := parseNext(d, left)
			if err != nil {
				return nil, err
			}
			v.members = append(v.members, m)
		}
		_, err = d.ReadToken()
	default:
		v.text = t.String()
	}
	return v, err
}

func (v *value) append(b []byte) []byte {
	switch v.kind {
	case '{':
		b = append(b, '{')
		for i, m := range v.members {
			if i > 0 {
				b = append(b, ',')
			}
			b, _ = jsontext.AppendQuote(b, v.names[i]) // the decoder returns valid UTF-8 only
			b = m.append(append(b, ':'))
		}
		return append(b, '}')
	case '[':
		b = append(b, '[')
		for i, m := range v.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = m.append(b)
		}
		return append(b, ']')
	case '"':
		b, _ = jsontext.AppendQuote(b, v.text)
		return b
	}
	return append(b, v.text...)
}

// member returns the member of an object with a name, or nil.
func (v *value) member(name string) *value {
	for i := range v.names {
		if v.names[i] == name {
			return v.members[i]
		}
	}
	return nil
}

// without removes a member of an object.
func (v *value) without(name string) {
	if i := slices.Index(v.names, name); i >= 0 {
		v.names = slices.Delete(v.names, i, i+1)
		v.members = slices.Delete(v.members, i, i+1)
	}
}

// entry redacts an entry.
func (r *Redactor) entry(v *value) error {
	if v.kind != '{' {
		return errors.New("expected an entry, a JSON object")
	}
	const every = 1024
	if r.entries++; r.entries%every == 0 && r.Progress != nil {
		r.Progress(r.entries)
	}
	return r.object(v)
}

// object redacts an object.
func (r *Redactor) object(v *value) error {
	for i := range v.members {
		if err := r.member(v, i); err != nil {
			return err
		}
	}
	return nil
}

// member redacts member i of an object.
func (r *Redactor) member(v *value, i int) error {
	n := v.names[i]
	c, known := fields[n]
	if !known {
		v.names[i] = r.names.whole(n)
	}
	if n == "reason" && v.member("gate") != nil {
		c = message
	}
	if err := r.field(v.members[i], c); err != nil {
		return fmt.Errorf("%s: %w", n, err)
	}
	return nil
}

// field redacts the value of a field of a class.
func (r *Redactor) field(v *value, c class) error {
	switch v.kind {
	case '{':
		return r.object(v)
	case '[':
		for _, m := range v.members {
			if err := r.field(m, c); err != nil {
				return err
			}
		}
	case '0':
		if c != number {
			v.text = strconv.Itoa(r.names.number(v.text))
		}
	case '"':
		var err error
		v.text, err = r.text(v.text, c)
		return err
	}
	return nil
}

// text returns the replacement of a string in a field of a class.
func (r *Redactor) text(s string, c class) (string, error) {
	switch c {
	case name:
		r.remember(s)
		return r.names.compound(s), nil
	case moment, unknown:
		shifted, isTime, err := r.time(s)
		if isTime {
			return shifted, err
		}
	case word:
		if vocabulary[s] || plainNumber(s) {
			return s, nil
		}
	case message:
		return r.message(s), nil
	case end:
		if plainNumber(s) || duration.MatchString(s) {
			return s, nil
		}
	case free, number, nested:
	}
	return r.names.whole(s), nil
}

// message replaces every word of a text but those of the format.
func (r *Redactor) message(s string) string {
	for _, special := range r.specials {
		if i := strings.Index(s, special); i >= 0 {
			return r.message(s[:i]) + r.names.compound(special) + r.message(s[i+len(special):])
		}
	}
	return token.ReplaceAllStringFunc(s, func(t string) string {
		if !r.ordinary[t] && (messageWords[t] || vocabulary[t] || plainNumber(t)) {
			return t
		}
		return r.names.compound(t)
	})
}

// remember records a name that message would not recognize as one: a word of the format, a number,
// or several tokens.
func (r *Redactor) remember(s string) {
	switch {
	case s == "":
	case messageWords[s], vocabulary[s], plainNumber(s):
		r.ordinary[s] = true
	case token.FindString(s) != s && !r.special[s]:
		r.special[s] = true
		i, _ := slices.BinarySearchFunc(
			r.specials, s, func(a, b string) int { return cmp.Compare(len(b), len(a)) },
		)
		r.specials = slices.Insert(r.specials, i, s)
	}
}

// time shifts a time and keeps its spelling: the offset and the number of decimals. isTime reports
// whether the text is a time.
func (r *Redactor) time(s string) (shifted string, isTime bool, err error) {
	t, err := trace.ParseTime(s)
	if err != nil {
		return "", false, nil
	}
	if r.shift == 0 {
		return s, true, nil
	}
	moved := int64(t) + int64(r.shift)
	if (moved > int64(t)) != (r.shift > 0) {
		return "", true, fmt.Errorf("%s shifted by %v is out of range: times in a log are from "+
			"1677-09-21 to 2262-04-11", s, r.shift)
	}
	layout := "2006-01-02T15:04:05"
	rest := s[len(layout):]
	if decimals := len(rest) - len(strings.TrimLeft(rest, ".0123456789")); decimals > 0 {
		layout += "." + strings.Repeat("0", decimals-1)
		rest = rest[decimals:]
	}
	offset := 0
	if len(rest) == len("+00:00") {
		at, err := time.Parse("-07:00", rest)
		if err != nil {
			return "", true, err
		}
		_, offset = at.Zone()
	}
	return time.Unix(0, moved).In(time.FixedZone("", offset)).Format(layout) + rest, true, nil
}

// parseLine parses a line that holds exactly one JSON object.
func parseLine(line []byte) (*value, error) {
	d := jsontext.NewDecoder(bytes.NewReader(line))
	v, err := parse(d)
	if err != nil {
		return nil, problem(err)
	}
	if _, err := d.ReadToken(); err == nil {
		return nil, errors.New("expected one JSON object, found more after it")
	} else if !errors.Is(err, io.EOF) {
		return nil, problem(err)
	}
	if v.kind != '{' {
		return nil, errors.New("expected a JSON object")
	}
	return v, nil
}

// syntaxError is a mistake in the JSON of the input.
type syntaxError string

func (e syntaxError) Error() string { return string(e) }

// problem returns an error of the JSON decoder as a syntaxError.
func problem(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return syntaxError("expected a JSON object: it ends early")
	}
	for _, limit := range []error{errManyValues, trace.ErrLongValue} {
		if errors.Is(err, limit) {
			return limit
		}
	}
	return syntaxError("expected a JSON object: " + strings.TrimPrefix(err.Error(), "jsontext: "))
}
