package replay

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"rollsim/reducer"
	"rollsim/trace"
)

// probe is a probe of a host under a rollout since its last activation.
type probe struct {
	name     string
	enforced bool
	declared bool
	result   int8 // of the last result: 1 for a pass, -1 for a failure, 0 without one
	failed   bool // it has failed once under the rollout
	mode     bool // as enforced, when it was declared
	odd      bool // an event has contradicted its declaration
}

// observe records a probe event of a host. It returns how the event contradicts the probes that the
// host has declared since its last activation, or "".
func (m *member) observe(e *trace.Entry) (odd string) {
	a := e.Agent
	switch a.Kind {
	case reducer.ActivationCompleted:
		for i := range m.probes {
			p := &m.probes[i]
			p.declared, p.odd, p.result = false, false, 0
		}
	case reducer.ProbeTopologyDeclared:
		odd = m.declare(e)
	case reducer.ProbeObservedFirst:
		_, odd = m.seen(a.Probe, modeOf(e))
	case reducer.ProbeResult:
		var p *probe
		p, odd = m.seen(a.Probe, modeOf(e))
		p.result = -1
		if a.Passed {
			p.result = 1
		} else {
			p.failed = true
		}
		m.controls(e)
	case reducer.ProbeFailureFirst:
		var p *probe
		p, odd = m.seen(a.Probe, modeOf(e))
		p.result = -1
	case reducer.DispatchAck, reducer.ActivationStarted, reducer.ActivationDeferred,
		reducer.ActivationFailed, reducer.ProbesFailed, reducer.ProbesPassed,
		reducer.RollbackComplete:
	}
	return odd
}

// seen returns the probe that an event is about, and how that contradicts the declared probes. It
// says so once for each probe and declaration.
func (m *member) seen(name, mode string) (p *probe, odd string) {
	enforced := mode != observeMode
	declares := slices.ContainsFunc(m.probes, func(p probe) bool { return p.declared })
	p = m.probe(name, enforced)
	switch {
	case p.odd:
		return p, ""
	case mode != observeMode && mode != enforceMode && mode != "":
		odd = fmt.Sprintf("probe %s has mode %s, which has no meaning", name, mode)
	case !declares || p.declared && p.mode == enforced:
		return p, ""
	case p.declared:
		odd = fmt.Sprintf("the host has declared probe %s in another mode", name)
	default:
		odd = fmt.Sprintf("the host has not declared probe %s", name)
	}
	p.odd = true
	return p, odd
}

// declare records the probes that an agent declares. It ignores a declaration of other probes than
// before, and reports the first one.
func (m *member) declare(e *trace.Entry) (odd string) {
	if e.Raw == nil {
		if e.Agent.Probe != "" {
			m.probe(e.Agent.Probe, true).declare(true)
		}
		return ""
	}
	if !m.redeclares(e.Raw) {
		if m.oddProbes {
			return ""
		}
		m.oddProbes = true
		return "the host declares other probes than before"
	}
	eachProbe(e.Raw, func(name string, enforced bool) {
		m.probe(name, enforced).declare(enforced)
	})
	return ""
}

// declare records that the probe was declared.
func (p *probe) declare(enforced bool) { p.declared, p.mode, p.odd = true, enforced, false }

// redeclares reports whether a declaration has the same probes as the one before it, if there is
// one.
func (m *member) redeclares(payload []byte) bool {
	declared, same, n := 0, true, 0
	for _, p := range m.probes {
		if p.declared {
			declared++
		}
	}
	eachProbe(payload, func(name string, enforced bool) {
		n++
		same = same && slices.ContainsFunc(m.probes, func(p probe) bool {
			return p.name == name && p.declared && p.mode == enforced
		})
	})
	return declared == 0 || same && n == declared
}

// controls records the results of a probe's controls, as probes whose names are those of both.
func (m *member) controls(e *trace.Entry) {
	if e.Raw == nil {
		return
	}
	eachOf(e.Raw, "subResults", "controlId", "status", func(control, status string) {
		p := m.probe(e.Agent.Probe+"/"+control, false)
		p.result = 1
		if status == "fail" {
			p.result, p.failed = -1, true
		}
	})
}

// probe returns the probe of a name, a new one if it is not known.
func (m *member) probe(name string, enforced bool) *probe {
	for i := range m.probes {
		if m.probes[i].name == name {
			m.probes[i].enforced = enforced
			return &m.probes[i]
		}
	}
	m.probes = append(m.probes, probe{name: name, enforced: enforced})
	return &m.probes[len(m.probes)-1]
}

// failing returns the name of an enforced probe whose last result is a failure, or "".
func (m *member) failing() string {
	for _, p := range m.probes {
		if p.enforced && p.result < 0 {
			return p.name
		}
	}
	return ""
}

// The modes of probes. Only failures of an enforced one count.
const (
	observeMode = "observe"
	enforceMode = "enforce"
)

// modeOf returns the mode of a probe event, or "" if it has none.
func modeOf(e *trace.Entry) string {
	if e.Raw == nil {
		return enforceMode // what the type holds has this mode
	}
	mode := ""
	eachMember(e.Raw, func(name string, value jsontext.Value) {
		if name == "mode" {
			mode = unquoted(value)
		}
	})
	return mode
}

// eachProbe calls do for each probe of a ProbeTopologyDeclared.
func eachProbe(payload []byte, do func(name string, enforced bool)) {
	eachOf(payload, "probes", "probeName", "mode", func(name, mode string) {
		do(name, mode != observeMode)
	})
}

// eachOf calls do with two strings of each object in a list of a payload. A string that an object
// lacks is empty.
func eachOf(payload []byte, list, first, second string, do func(first, second string)) {
	eachMember(payload, func(member string, value jsontext.Value) {
		if member != list {
			return
		}
		eachObject(value, func(object jsontext.Value) {
			var found [2]string
			eachMember(object, func(member string, value jsontext.Value) {
				switch member {
				case first:
					found[0] = unquoted(value)
				case second:
					found[1] = unquoted(value)
				}
			})
			do(found[0], found[1])
		})
	})
}

// eachObject calls do for each object in a JSON array.
func eachObject(list []byte, do func(jsontext.Value)) {
	d := jsontext.NewDecoder(bytes.NewReader(list))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '[' {
		return
	}
	for d.PeekKind() == '{' {
		object, err := d.ReadValue()
		if err != nil {
			return
		}
		do(object)
	}
}

// eachMember calls do for each member of a JSON object.
func eachMember(object []byte, do func(name string, value jsontext.Value)) {
	d := jsontext.NewDecoder(bytes.NewReader(object))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return
		}
		name := t.String()
		value, err := d.ReadValue()
		if err != nil {
			return
		}
		do(name, value)
	}
}

// unquoted returns the text of a JSON string, or "".
func unquoted(value jsontext.Value) string {
	if value.Kind() != '"' {
		return ""
	}
	b, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return ""
	}
	return string(b)
}
