package replay

import (
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestDeclaredProbes: an event about a probe that the host has not declared, or has declared in
// another mode, contradicts the declaration. Each contradiction is reported once, and a completed
// activation begins from nothing.
func TestDeclaredProbes(t *testing.T) {
	const (
		two    = `declare [{"probeName":"p","mode":"enforce"},{"probeName":"q","mode":"observe"}]`
		one    = `declare [{"probeName":"p","mode":"enforce"}]`
		weaker = `declare [{"probeName":"p","mode":"observe"},{"probeName":"q","mode":"observe"}]`
	)
	for _, c := range []struct {
		events string // one a line
		want   string // the contradictions, each before a semicolon
	}{
		{"p enforce", ""}, // nothing is declared
		{two + "\np enforce\nq observe\n" + two, ""},
		{two + "\np observe\np observe\np enforce", "the host has declared probe p in another mode; "},
		{two + "\nr enforce\nr enforce", "the host has not declared probe r; "},
		{two + "\np warn", "probe p has mode warn, which has no meaning; "},
		{two + "\nq ", "the host has declared probe q in another mode; "}, // no mode is enforced
		{two + "\n" + one + "\nq observe\n" + one, "the host declares other probes than before; "},
		{two + "\n" + weaker + "\np enforce", "the host declares other probes than before; "},
		{two + "\ncompleted\n" + one + "\np enforce\nq observe", "the host has not declared probe q; "},
	} {
		var m member
		got := ""
		for line := range strings.SplitSeq(c.events, "\n") {
			what, rest, _ := strings.Cut(line, " ")
			e := &trace.Entry{Agent: &trace.AgentEvent{Kind: reducer.ProbeObservedFirst}}
			switch what {
			case "declare":
				e.Agent.Kind, e.Raw = reducer.ProbeTopologyDeclared, []byte(`{"probes":`+rest+`}`)
			case "completed":
				e.Agent.Kind = reducer.ActivationCompleted
			default:
				e.Agent.Probe, e.Raw = what, []byte(`{"mode":"`+rest+`"}`)
			}
			if odd := m.observe(e); odd != "" {
				got += odd + "; "
			}
		}
		if got != c.want {
			t.Errorf("%s:\n%s\nwant %s", c.events, got, c.want)
		}
	}
}

// TestReopenedUnseen: a RolloutOpened that became an entry of an unknown kind is missing, also if
// its id was open before or is opened again later.
func TestReopenedUnseen(t *testing.T) {
	log := strings.SplitAfter(string(shippedLog(t, "shipped-12")), "\n")
	opened := 0
	for i, line := range log {
		if !strings.Contains(line, `"kind":"RolloutOpened"`) || !strings.Contains(line, "2f7e248") {
			continue
		}
		opened++
		log[i] = strings.Replace(line, `"kind":"RolloutOpened"`, `"kind":"nowhere"`, 1)
		got, err := runSequential(strings.Join(log, ""), Options{})
		log[i] = line
		if err != nil {
			t.Fatal(err)
		}
		titles := make(map[string]int)
		for n := range got.Findings {
			f := &got.Findings[n]
			if titles[f.Title()]++; f.Title() == "missing RolloutOpened" && f.Seq > uint64(i)+10 {
				t.Errorf("entry %d: found at entry %d", i+1, f.Seq)
			}
		}
		if titles["missing RolloutOpened"] != 1 || titles["repeated OpenRollout"] > 0 ||
			titles["refused agent event"] > 0 {
			t.Errorf("entry %d: %v", i+1, titles)
		}
	}
	if opened != 6 {
		t.Errorf("%d openings, want 6", opened)
	}
}
