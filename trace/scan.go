package trace

import (
	"encoding/binary"
	"math"
	"math/bits"

	"rollsim/reducer"
)

// scanner reads a line from left to right. Once bad is set, its results have no meaning.
type scanner struct {
	b   []byte
	i   int
	bad bool
	d   *decoder

	// Fields of the entry, which most payloads repeat.
	host    reducer.HostID
	rollout reducer.RolloutID
	at      reducer.Time
	clock   []byte // the text of at
}

// lit skips a text. It reports whether that text comes next.
func (s *scanner) lit(text string) bool {
	end := s.i + len(text)
	if end > len(s.b) || string(s.b[s.i:end]) != text {
		return false
	}
	s.i = end
	return true
}

// must skips a text, and sets bad when that text does not come next.
func (s *scanner) must(text string) {
	if !s.lit(text) {
		s.bad = true
	}
}

const (
	eachByte = 0x0101010101010101
	highBits = 0x8080808080808080
)

// bytes reads the rest of a string whose opening quote was skipped. It accepts only printable ASCII
// without escapes.
func (s *scanner) bytes() []byte {
	from := s.i
	for i := s.i; i+8 <= len(s.b); i += 8 {
		w := binary.LittleEndian.Uint64(s.b[i:])
		quote, escape := w^('"'*eachByte), w^('\\'*eachByte)
		// The lowest marked byte is one of: '"', '\\', below ' ', above '~'.
		stop := (quote-eachByte)&^quote | (escape-eachByte)&^escape | (w-' '*eachByte)&^w | w
		if stop &= highBits; stop != 0 {
			i += bits.TrailingZeros64(stop) / 8
			s.i = i + 1
			if s.b[i] != '"' {
				s.bad = true
			}
			return s.b[from:i]
		}
		s.i = i + 8
	}
	for ; s.i < len(s.b); s.i++ {
		switch c := s.b[s.i]; {
		case c == '"':
			s.i++
			return s.b[from : s.i-1]
		case c == '\\' || c < ' ' || c >= 0x80:
			s.bad = true
			return nil
		}
	}
	s.bad = true
	return nil
}

// string reads the rest of a string.
func (s *scanner) string() string { return s.d.recent(s.bytes()) }

func (s *scanner) stringOrNull() string {
	if s.lit("null") {
		return ""
	}
	s.must(`"`)
	return s.string()
}

// same skips the rest of a string if it is the known one. It reports whether it is.
func same[S ~string | ~[]byte](s *scanner, known S) bool {
	end := s.i + len(known)
	if end >= len(s.b) || s.b[end] != '"' || string(s.b[s.i:end]) != string(known) {
		return false
	}
	s.i = end + 1
	return true
}

// hostID reads the rest of a host's name, which usually is the name of the entry's host.
func (s *scanner) hostID() reducer.HostID {
	if s.host != "" && same(s, s.host) {
		return s.host
	}
	return reducer.HostID(s.string())
}

// rolloutID reads the rest of a rollout's id, which usually is the id of the entry's rollout.
func (s *scanner) rolloutID() reducer.RolloutID {
	if s.rollout != "" && same(s, s.rollout) {
		return s.rollout
	}
	return reducer.RolloutID(s.string())
}

func (s *scanner) rolloutOrNull() reducer.RolloutID {
	if s.lit("null") {
		return ""
	}
	s.must(`"`)
	return reducer.RolloutID(s.again(&s.d.lastRollout))
}

// again reads the rest of a string that is likely to equal the last one of its kind.
func (s *scanner) again(last *string) string {
	if *last == "" || !same(s, *last) {
		*last = s.string()
	}
	return *last
}

func (s *scanner) uint(most uint64) uint64 {
	from := s.i
	var n uint64
	for s.i < len(s.b) && s.b[s.i]-'0' <= 9 {
		n = n*10 + uint64(s.b[s.i]-'0')
		s.i++
	}
	digits := s.i - from
	if digits == 0 || digits > 18 || digits > 1 && s.b[from] == '0' || n > most {
		s.bad = true
	}
	return n
}

func (s *scanner) int() int64 {
	if s.lit("-") {
		n := int64(s.uint(math.MaxInt64))
		s.bad = s.bad || n == 0 // the strict decoder decides about -0
		return -n
	}
	return int64(s.uint(math.MaxInt64))
}

// hourText is the length of a time up to its hour.
const hourText = len("2026-05-16T01:")

// time reads the rest of a time.
func (s *scanner) time() reducer.Time {
	if s.clock != nil && same(s, s.clock) {
		return s.at
	}
	from := s.i
	t, ok := s.usualTime()
	if ok = ok && s.lit(`"`); !ok {
		s.i = from
		text := s.bytes()
		if s.bad {
			return 0
		}
		parsed, err := ParseTime(text)
		if err != nil {
			s.bad = true
			return 0
		}
		s.d.rememberHour(text, parsed)
		t = parsed
	}
	if s.clock == nil {
		s.at, s.clock = t, s.b[from:s.i-1]
	}
	return t
}

// column reads a column that holds one time. It reports whether the time has the usual form.
func (s *scanner) column() (reducer.Time, bool) {
	t, ok := s.usualTime()
	return t, ok && s.i == len(s.b)
}

// usualTime reads a time in UTC within the hour of the last one; false if the text has another
// form.
func (s *scanner) usualTime() (reducer.Time, bool) {
	b := s.b[s.i:]
	if len(b) < len(`2026-05-16T01:00:00Z`) || string(b[:hourText]) != string(s.d.hour[:]) ||
		b[16] != ':' {
		return 0, false
	}
	m1, m2, s1, s2 := b[14]-'0', b[15]-'0', b[17]-'0', b[18]-'0'
	if m1 > 5 || m2 > 9 || s1 > 5 || s2 > 9 {
		return 0, false
	}
	nanos := int64((int(m1)*10+int(m2))*60+int(s1)*10+int(s2)) * nanosPerSecond
	i := 19
	if b[i] == '.' {
		i++
		digits, fraction := 0, int64(0)
		for digits < 9 && i < len(b) && b[i]-'0' <= 9 {
			fraction = fraction*10 + int64(b[i]-'0')
			digits++
			i++
		}
		if digits == 0 {
			return 0, false
		}
		nanos += fraction * tenTo[9-digits]
	}
	switch rest := b[i:]; {
	case len(rest) > 0 && rest[0] == 'Z':
		i++
	case len(rest) >= 6 && string(rest[:6]) == "+00:00":
		i += 6
	default:
		return 0, false
	}
	s.i += i
	return s.d.hourStart + reducer.Time(nanos), true
}

var tenTo = [...]int64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}

// rememberHour records the hour of a time for usualTime, if no time within that hour is out of
// range or has a leap second.
func (d *decoder) rememberHour(text []byte, t reducer.Time) {
	const hour = 3600 * nanosPerSecond
	utc := text[len(text)-1] == 'Z' || string(text[len(text)-6:]) == "+00:00"
	if utc && t >= 0 && t < math.MaxInt64-hour && string(text[17:19]) != "60" {
		d.hourStart = t - t%hour
		copy(d.hour[:], text)
	}
}

// recent returns b as a string. Strings of a log recur, so recent first searches a small hash table
// of recent strings.
func (d *decoder) recent(b []byte) string {
	if len(b) > internLongest {
		return string(b)
	}
	if d.latest == nil {
		d.latest = new([1 << latestBits]string)
	}
	latest := &d.latest[slot(b)]
	if *latest != string(b) {
		*latest = d.p.intern(b)
	}
	return *latest
}

// latestBits is the logarithm of the number of slots in tables of recent values.
const latestBits = 11

// slot returns the slot of a text in a table of recent values. Texts that differ in their first or
// last bytes rarely share one.
func slot[S ~string | ~[]byte](b S) uint64 {
	h := uint64(len(b)) * 0x9e3779b97f4a7c15
	if len(b) >= 8 {
		first, last := []byte(b[:8]), []byte(b[len(b)-8:])
		h ^= binary.LittleEndian.Uint64(first) ^ bits.RotateLeft64(binary.LittleEndian.Uint64(last), 29)
	} else {
		for i := range len(b) {
			h = h<<8 ^ uint64(b[i])
		}
	}
	return h * 0x9e3779b97f4a7c15 >> (64 - latestBits)
}
