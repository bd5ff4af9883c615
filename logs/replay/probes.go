package replay

import (
	"bytes"

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
}

// observe records a probe event of a host.
func (m *member) observe(e *trace.Entry) {
	a := e.Agent
	switch a.Kind {
	case reducer.ActivationCompleted:
		for i := range m.probes {
			m.probes[i].declared, m.probes[i].result = false, 0
		}
	case reducer.ProbeTopologyDeclared:
		m.declare(e)
	case reducer.ProbeObservedFirst:
		m.probe(a.Probe, isEnforced(e))
	case reducer.ProbeResult:
		p := m.probe(a.Probe, isEnforced(e))
		p.result = -1
		if a.Passed {
			p.result = 1
		} else {
			p.failed = true
		}
		m.controls(e)
	case reducer.ProbeFailureFirst:
		p := m.probe(a.Probe, isEnforced(e))
		p.result = -1
	case reducer.DispatchAck, reducer.ActivationStarted, reducer.ActivationDeferred,
		reducer.ActivationFailed, reducer.ProbesFailed, reducer.ProbesPassed,
		reducer.RollbackComplete:
	}
}

// declare records the probes that an agent declares.
func (m *member) declare(e *trace.Entry) {
	if e.Raw == nil {
		if e.Agent.Probe != "" {
			m.probe(e.Agent.Probe, true).declared = true
		}
		return
	}
	eachProbe(e.Raw, func(name string, enforced bool) {
		m.probe(name, enforced).declared = true
	})
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

// isEnforced reports whether a probe event is about a probe whose failures count.
func isEnforced(e *trace.Entry) bool {
	if e.Raw == nil {
		return true // what the type holds has this mode
	}
	mode := ""
	eachMember(e.Raw, func(name string, value jsontext.Value) {
		if name == "mode" {
			mode = unquoted(value)
		}
	})
	return mode != "observe"
}

// eachProbe calls do for each probe of a ProbeTopologyDeclared.
func eachProbe(payload []byte, do func(name string, enforced bool)) {
	eachOf(payload, "probes", "probeName", "mode", func(name, mode string) {
		do(name, mode != "observe")
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
