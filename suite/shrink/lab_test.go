package shrink

import (
	"context"
	"strings"
	"testing"
	"time"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

// searching returns a search for a key that begins with a scenario.
func searching(t *testing.T, m reducer.Machine, key, file string) *shrinker {
	t.Helper()
	f, err := scenario.Parse("case.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParseKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := &shrinker{
		lab: lab{
			ctx: context.Background(), machine: m, limit: DefaultEffort, verdicts: make(map[uint64]verdict),
		},
		opt: &Options{Scenario: &f.Scenario, Machine: m, Key: &k},
	}
	if err := s.begin(); err != nil {
		t.Fatal(err)
	}
	return s
}

const superseded = `
channels:
  - name: stable
    waves: [{hosts: 2, soak: 1h}]
fates:
  - {host: stable-02, fate: fails-probes, ref: b2}
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 5m, channel: stable, ref: b2}
`

// TestRefusedEdits checks edits that make the case simpler and must not be accepted.
func TestRefusedEdits(t *testing.T) {
	for name, test := range map[string]struct {
		machine   *reducer.Table
		key, file string
		edit      func(*sim.Scenario)
	}{
		"the key is lost": {
			machine.Canary(), "unpruned/Superseded", superseded,
			func(sc *sim.Scenario) { sc.Timeline = sc.Timeline[:1] },
		},
		"the key is another one": { // a1 ends as Terminal, and is not pruned either
			machine.Shipped(), "unpruned/Superseded", superseded,
			func(sc *sim.Scenario) { sc.Timeline = sc.Timeline[:1] },
		},
		"the end comes too early": {
			machine.Shipped(), "unpruned/Superseded", superseded,
			func(sc *sim.Scenario) { sc.Horizon = 4 * time.Minute },
		},
		"the case is larger": {
			machine.Canary(), "unpruned/Superseded", superseded,
			func(sc *sim.Scenario) { sc.Timeline[1].At += time.Second },
		},
		"it is no scenario": {
			machine.Canary(), "unpruned/Superseded", superseded,
			func(sc *sim.Scenario) { sc.Channels[0].PollInterval, sc.Fates = 0, nil },
		},
	} {
		s := searching(t, test.machine, test.key, test.file)
		before := text(s.best, test.machine.Name())
		if s.try(test.edit) || text(s.best, test.machine.Name()) != before {
			t.Errorf("%s: the edit is accepted\n%s", name, text(s.best, test.machine.Name()))
		}
	}
	s := searching(t, machine.Canary(), "unpruned/Superseded", superseded)
	if !s.try(func(sc *sim.Scenario) { sc.Fates = nil }) || len(s.best.Fates) > 0 {
		t.Error("an edit that keeps the key is refused")
	}
}

// TestTooShort checks that a rollout that is stuck only because the run ends is no case.
func TestTooShort(t *testing.T) {
	f, err := scenario.Parse("case.yaml", []byte(`
horizon: 10m
channels:
  - name: stable
    waves: [{hosts: 1, soak: 1h}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`))
	if err != nil {
		t.Fatal(err)
	}
	key := Key{Invariant: "stuck"}
	_, err = Shrink(context.Background(), Options{
		Scenario: &f.Scenario, Machine: machine.Default(), Key: &key,
	})
	if err == nil || !strings.Contains(err.Error(), "stuck") {
		t.Errorf("a run that is too short is a case of a stuck rollout: %v", err)
	}
}

// TestParseKey reads keys and writes them.
func TestParseKey(t *testing.T) {
	for _, text := range []string{
		"unpruned", "unpruned/Superseded", "unpruned/Superseded/SuccessorOpened",
		"stuck/lost-activation", "no-error", "differs:rfc0008,v0.2",
	} {
		if k, err := ParseKey(text); err != nil || k.String() != text {
			t.Errorf("%s is read as %v: %v", text, k, err)
		}
	}
	for text, want := range map[string]string{
		"":                              `"" is not an invariant`,
		"unprune":                       `did you mean "unpruned"`,
		"unpruned/Supersede":            `did you mean "Superseded"`,
		"stuck/lost-activatio":          `did you mean "lost-activation"`,
		"unpruned/Superseded/Nothing":   "expected INVARIANT/STATE/EVENT",
		"unpruned/no-halt/HostJoined":   "expected INVARIANT/STATE/EVENT",
		"unpruned/Failed/HostJoined/no": "expected INVARIANT/STATE/EVENT",
		"differs:rfc0008":               "expected two machines",
		"differs:rfc0008,v0.3":          `no machine is named "v0.3"`,
	} {
		if k, err := ParseKey(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is read as %v: %v, want %s", text, k, err, want)
		}
	}
}

// TestExplain checks what is said about the lines and values of a case.
func TestExplain(t *testing.T) {
	s := searching(t, machine.Canary(), "unpruned/Superseded", superseded)
	if err := s.toFixpoint(); err != nil {
		t.Fatal(err)
	}
	c := &Case{Key: s.key, Machine: "canary", Scenario: s.best, longest: s.longest}
	c.Violation, c.Violations = s.violations()
	e, err := Explain(context.Background(), c, machine.Canary())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range e.Without {
		if n.Happens != "holds" {
			t.Errorf("without %s: %s", n.What, n.Happens)
		}
	}
	if len(e.Without) != 3 || e.Seeds != OtherValues {
		t.Errorf("%d lines, %d seeds", len(e.Without), e.Seeds)
	}
	tried := make(map[string]string)
	for i := range e.Values {
		v := &e.Values[i]
		if len(v.Shows)+len(v.Not) < 20 {
			t.Errorf("%s: only %d others", v.What, len(v.Shows)+len(v.Not))
		}
		tried[v.What] = v.String()
	}
	if got := tried["the soak of stable"]; !strings.Contains(got, "1h: 1m") ||
		!strings.Contains(got, " and above") {
		t.Errorf("the soak: %q", got)
	}
	if got := tried["the time of stable moving to b2"]; !strings.Contains(got, "1m: ") {
		t.Errorf("the move: %q", got)
	}
	decides := 0
	for _, l := range e.Trace {
		if l.Decides {
			decides++
			if !strings.Contains(l.Text, "SuccessorOpened") {
				t.Errorf("the entry that decides is %s", l.Text)
			}
		}
	}
	if decides != 1 {
		t.Errorf("%d entries decide", decides)
	}
}

// TestTriedText checks how values are summarized.
func TestTriedText(t *testing.T) {
	const m = time.Minute
	for want, tried := range map[string]Tried{
		"x, 1m: does not matter: any of 2 others": {"x", m, []time.Duration{0, 2 * m}, nil},
		"x, 1m: none of 2 others":                 {"x", m, nil, []time.Duration{0, 2 * m}},
		"x, 1m: 1m and above, of 2 others":        {"x", m, []time.Duration{2 * m}, []time.Duration{0}},
		"x, 1m: up to 1m, of 2 others":            {"x", m, []time.Duration{0}, []time.Duration{2 * m}},
		"x, 1m: 0s, 1m, of 3 others": {
			"x", m, []time.Duration{0}, []time.Duration{time.Second, 2 * m},
		},
	} {
		if got := tried.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestMoves checks the moves that replace a part of a case with a simpler one. None of them makes a
// simple case larger.
func TestMoves(t *testing.T) {
	const odd = `
seed: 77
channels:
  - name: kiosk
    waves: [{hosts: ["kiosk-02", "kiosk-04"], soak: 1h}]
budgets:
  - {name: few, hosts: ["*[02468]"], max_in_flight: 2}
timeline:
  - {at: 0s, channel: kiosk, ref: r1}
  - {at: 1m, fault: message-delayed, host: kiosk-02, for: 1m}
  - {at: 5m, channel: kiosk, ref: r2}
`
	s := searching(t, machine.Canary(), "unpruned/Superseded", odd)
	if !tryKinds(s) || s.best.Timeline[1].Fault.Kind != sim.MessageDropped || tryKinds(s) {
		t.Errorf("the fault is %v", s.best.Timeline[1].Fault.Kind)
	}
	if !tryBudgets(s) || len(s.best.Budgets) > 0 || len(s.best.Channels[0].Waves) != 2 ||
		tryBudgets(s) {
		t.Errorf("the budget stays\n%s", text(s.best, "canary"))
	}
	if !trySeeds(s) || s.best.Seed != 1 || oddNames(s.best) > 0 || trySeeds(s) {
		t.Errorf("seed %d\n%s", s.best.Seed, text(s.best, "canary"))
	}
	if got := matched(s.best, []string{"*-01"}); len(got) != 1 || got[0] != "stable-01" {
		t.Errorf("*-01 matches %v", got)
	}
}
