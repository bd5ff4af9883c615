package sim

import (
	"testing"
	"time"
)

// TestEveryFault checks for each fault that it happens if it is certain, only within its window,
// only to its hosts, and as no other fault; and that it does not happen without probability, or to
// hosts that do not exist.
func TestEveryFault(t *testing.T) {
	const from, until = 30 * time.Second, 20 * time.Minute
	for _, kind := range FaultKinds() {
		for _, test := range []struct {
			name        string
			probability Probability
			hosts       []string
			happens     bool
		}{
			{"certain", Certain, nil, true},
			{"impossible", 0, nil, false},
			{"one host", Certain, []string{"l1"}, true},
			{"no host", Certain, []string{"nowhere*"}, false},
		} {
			ofHosts := kind != ControlPlaneCrash && kind != PollFailed && kind != PollStale
			if test.hosts != nil && !ofHosts {
				continue
			}
			sc := faulty(t, Fault{
				Kind: kind, Probability: test.probability, Hosts: test.hosts,
				For: constant(t, time.Minute),
			})
			sc.Faults[0].From, sc.Faults[0].Until = from, until
			entries, result := simulate(t, sc, Options{Seed: 1})
			happened := 0
			for _, e := range entries {
				if e.Fault == nil {
					continue
				}
				happened++
				at := time.Duration(e.At - result.Start)
				late := at >= until && kind != AgentRestart // drawn when the switch starts
				if e.Fault.Fault != kind.String() || at < from || late {
					t.Errorf("%v, %s: %s at %v", kind, test.name, e.Fault.Fault, at)
				}
				if (e.Fault.Host != "") != ofHosts || test.hosts != nil && e.Fault.Host != "l1" {
					t.Errorf("%v, %s: it happens to host %q", kind, test.name, e.Fault.Host)
				}
			}
			if (happened > 0) != test.happens {
				t.Errorf("%v, %s: it happens %d times", kind, test.name, happened)
			}
		}
	}
}

func TestFaultNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range append(FaultKinds(), ShippedFaultKinds()...) {
		seen[k.String()] = true
	}
	if len(seen) != FaultKindCount-1 || seen[""] {
		t.Errorf("%d faults have names of their own, want %d", len(seen), FaultKindCount-1)
	}
	for k, want := range map[FaultKind]string{0: "FaultKind(0)", faultEnd: "FaultKind(15)"} {
		if got := k.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
