package trace

import (
	"bytes"
	"slices"

	"rollsim/reducer"
)

// ShippedControlPlane is the name of the production control plane in Header.ControlPlane. A Writer
// spells its rows as production does.
const ShippedControlPlane = "shipped"

// AppendProductionTime appends a time as production logs spell it: with the offset +00:00.
func AppendProductionTime(b []byte, t reducer.Time) []byte {
	b = AppendTime(b, t)
	return append(b[:len(b)-1], "+00:00"...)
}

// appendProduction appends an entry up to its payload as production spells it: the members of
// payloads are in alphabetical order, and times have the offset +00:00.
func appendProduction(b []byte, e *Entry) []byte {
	if e.Fault != nil || e.Rejection != nil || e.Header != nil || e.End != nil {
		return appendEntry(b, e) // production has no such rows
	}
	plain := appendEntry(nil, e)
	payload := plain[bytes.Index(plain, []byte(`"payload":`))+len(`"payload":`):]
	b = append(b, plain[:len(plain)-len(payload)]...)
	if at := bytes.LastIndex(b, []byte(`Z","kind":`)); at >= 0 {
		b = append(b[:at], append([]byte("+00:00"), b[at+1:]...)...)
	}
	if e.Raw != nil {
		return append(b, payload...)
	}
	return appendSorted(b, payload)
}

// appendSorted appends a value of JSON as production spells it.
func appendSorted(b, value []byte) []byte {
	switch value[0] {
	case '{':
		members := split(value)
		slices.SortFunc(members, bytes.Compare)
		b = append(b, '{')
		for i, m := range members {
			if i > 0 {
				b = append(b, ',')
			}
			name := m[:bytes.IndexByte(m, ':')+1]
			b = append(b, name...)
			if string(m) == `"currentClosureAtDispatch":null` {
				b = append(b, `""`...)
			} else {
				b = appendSorted(b, m[len(name):])
			}
		}
		return append(b, '}')
	case '[':
		b = append(b, '[')
		for i, v := range split(value) {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendSorted(b, v)
		}
		return append(b, ']')
	}
	const shape = `"2006-01-02T15:04:05Z"`
	if n := len(value); n >= len(shape) && value[5] == '-' && value[11] == 'T' &&
		value[14] == ':' && value[n-2] == 'Z' {
		return append(append(b, value[:n-2]...), `+00:00"`...)
	}
	return append(b, value...)
}

// split returns the members of an object, or the values of a list, as this package writes them:
// without spaces.
func split(value []byte) [][]byte {
	var parts [][]byte
	depth, quoted, from := 0, false, 1
	for i := 1; i < len(value)-1; i++ {
		switch c := value[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, value[from:i])
			from = i + 1
		}
	}
	if from < len(value)-1 {
		parts = append(parts, value[from:len(value)-1])
	}
	return parts
}
