package reducer_test

import (
	"fmt"
	"strings"
	"testing"

	"rollsim/reducer"
)

// TestEnumerations checks that every value of an enumeration has a name and a place in the tables
// over it. A failure names the file to extend.
func TestEnumerations(t *testing.T) {
	named(t, reducer.States(), reducer.StateCount)
	named(t, reducer.HostStates(), reducer.HostStateCount)
	named(t, reducer.EventKinds(), reducer.EventKindCount)
	named(t, reducer.EffectKinds(), reducer.EffectKindCount)
	named(t, reducer.AgentEventKinds(), reducer.AgentEventKindCount)
	named(t, reducer.HealthPolicies(), reducer.HealthPolicyCount)

	for _, m := range []*reducer.Table{reducer.V02(), reducer.RFC0008()} {
		for _, s := range reducer.States() {
			for _, k := range reducer.EventKinds() {
				if rules := m.Cell(s, k).Rules(); len(rules) == 0 ||
					rules[len(rules)-1].If != reducer.Always {
					t.Errorf("%s has no cell for %v + %v: tables.go", m.Name(), s, k)
				}
			}
		}
	}
	for _, k := range reducer.EffectKinds() {
		if !reducer.RFC0008().Emits(k) {
			t.Errorf("rfc0008 never emits %v: Rule and Step in machine.go, Emits in capability.go", k)
		}
	}
	for _, s := range reducer.HostStates() {
		reached := s == reducer.HostPending
		for _, from := range reducer.HostStates() {
			reached = reached || reducer.LegalHostMove(from, s)
		}
		if !reached {
			t.Errorf("no agent event moves a host to %v: hostMoves in host.go", s)
		}
	}
	for _, k := range reducer.AgentEventKinds() {
		moves := false
		for _, s := range reducer.HostStates() {
			to, err := reducer.StepHost(s, k, reducer.RollbackAndHalt)
			moves = moves || err == nil && to != s
		}
		if moves != k.Moves() {
			t.Errorf("%v moves a host: %v, Moves says %v: hostMoves and Moves in host.go", k, moves,
				k.Moves())
		}
	}
}

// named checks that all values are listed, and that each has a name.
func named[T interface {
	~uint8
	fmt.Stringer
}](t *testing.T, all []T, count int) {
	t.Helper()
	if len(all) != count-1 {
		t.Errorf("%T has %d values, but its count is %d", all[0], len(all), count)
	}
	for _, v := range all {
		if strings.ContainsAny(v.String(), "()") {
			t.Errorf("%v has no name", v)
		}
	}
}
