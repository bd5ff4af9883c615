package trace

import (
	"strconv"
	"unicode/utf8"

	"rollsim/reducer"
)

// AppendEvent appends a rollout event in the form of the control plane's log: flat, in camelCase,
// with the member kind.
func AppendEvent(b []byte, ev *reducer.Event) []byte {
	b = append(b, '{')
	b = appendString(b, "kind", ev.Kind.String())
	b = appendFields(b, eventFields[ev.Kind], ev, false)
	return append(b, '}')
}

// AppendTaggedEvent appends a rollout event in the form of the control plane's own types:
// externally tagged, in snake_case.
func AppendTaggedEvent(b []byte, ev *reducer.Event) []byte {
	b = appendKey(append(b, '{'), ev.Kind.String())
	b = appendFields(append(b, '{'), eventFields[ev.Kind], ev, true)
	return append(b, '}', '}')
}

// AppendEffect appends an effect in the form of the control plane's log: flat, in camelCase, with
// the member effect.
func AppendEffect(b []byte, e *reducer.Effect) []byte {
	b = append(b, '{')
	b = appendString(b, "effect", e.Kind.String())
	b = appendFields(b, effectFields[e.Kind], e, false)
	return append(b, '}')
}

// AppendTaggedEffect appends an effect in the form of the control plane's own types: externally
// tagged, in snake_case.
func AppendTaggedEffect(b []byte, e *reducer.Effect) []byte {
	b = appendKey(append(b, '{'), e.Kind.String())
	b = appendFields(append(b, '{'), effectFields[e.Kind], e, true)
	return append(b, '}', '}')
}

// AppendRecord appends a record in the form of the control plane's own types: in snake_case, with
// null for absent values.
func AppendRecord(b []byte, r *reducer.Record) []byte {
	return append(appendFields(append(b, '{'), recordFields, r, false), '}')
}

// AppendEntry appends an entry as a line of the log of a control plane, without a newline. Reading
// the line returns an equal entry.
func AppendEntry(b []byte, e *Entry) []byte { return append(appendEntry(b, e), '}') }

// appendEntry appends an entry up to its payload. A sum and the closing brace follow it.
func appendEntry(b []byte, e *Entry) []byte {
	b = append(b, '{')
	b = strconv.AppendUint(appendKey(b, "seq"), e.Seq, 10)
	b = appendQuotedTime(appendKey(b, "ts"), e.At)
	b = appendString(b, "kind", e.KindName())
	b = appendStringOrNull(b, "host", e.Host)
	b = appendStringOrNull(b, "rollout", e.Rollout)
	b = appendKey(b, "payload")
	return appendPayload(b, e)
}

func appendPayload(b []byte, e *Entry) []byte {
	switch {
	case e.Raw != nil:
		return append(b, e.Raw...)
	case e.Event != nil:
		return AppendEvent(b, e.Event)
	case e.Effect != nil:
		return AppendEffect(b, e.Effect)
	}
	switch {
	case e.HostEffect != nil:
		b = appendString(append(b, '{'), "effect", e.HostEffect.Effect)
		b = appendFields(b, fieldsOfHostEffect(e.HostEffect.Effect), e.HostEffect, false)
	case e.Agent != nil:
		b = appendString(append(b, '{'), "kind", e.Agent.Kind.String())
		b = appendFields(b, agentFields[e.Agent.Kind], e.Agent, false)
	case e.Plan != nil:
		b = appendString(append(b, '{'), "action", e.Plan.Action.String())
		b = appendFields(b, planFields[e.Plan.Action], e.Plan, false)
	case e.Gate != nil:
		b = appendFields(append(b, '{'), gateFields, e.Gate, false)
	case e.Poll != nil:
		b = appendFields(append(b, '{'), pollFields, e.Poll, false)
	case e.Fault != nil:
		b = appendFields(append(b, '{'), faultFields, e.Fault, false)
	case e.Rejection != nil:
		b = appendFields(append(b, '{'), rejectionFields, e.Rejection, false)
	case e.Header != nil:
		b = appendFields(append(b, '{'), headerFields, e.Header, false)
	case e.End != nil:
		b = appendFields(append(b, '{'), endFields, e.End, false)
	default:
		return append(b, "null"...)
	}
	return append(b, '}')
}

// appendKey appends the name of an object's member, after a comma when it is not the first.
func appendKey(b []byte, key string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

func appendString[S ~string](b []byte, key string, s S) []byte {
	return appendQuoted(appendKey(b, key), s)
}

func appendStringOrNull[S ~string](b []byte, key string, s S) []byte {
	if s == "" {
		return append(appendKey(b, key), "null"...)
	}
	return appendString(b, key, s)
}

func appendQuotedTime(b []byte, t reducer.Time) []byte {
	return append(AppendTime(append(b, '"'), t), '"')
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends s as a JSON string. It escapes only the characters that JSON requires to be
// escaped, and writes U+FFFD for each byte that is not UTF-8.
func appendQuoted[S ~string](b []byte, s S) []byte {
	b = append(b, '"')
	done := 0 // the length of the part of s that is appended
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(string(s[i:]))
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, s[done:i]...), "\ufffd"...)
				done = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(append(b, s[done:i]...), '\\')
		switch c {
		case '"', '\\':
			b = append(b, c)
		case '\b':
			b = append(b, 'b')
		case '\f':
			b = append(b, 'f')
		case '\n':
			b = append(b, 'n')
		case '\r':
			b = append(b, 'r')
		case '\t':
			b = append(b, 't')
		default:
			b = append(b, 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
		i++
		done = i
	}
	b = append(b, s[done:]...)
	return append(b, '"')
}
