package prove

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/deviation"
	"rollsim/reducer"
	"rollsim/trace"
)

// TestShippedDefects checks with how many deviations a proof finds the known defects of the shipped
// control plane, and that docs/prove.md has a row for each.
func TestShippedDefects(t *testing.T) {
	document, err := os.ReadFile("../../docs/prove.md")
	if err != nil {
		t.Fatal(err)
	}
	sc := fleet(t, "two-waves")
	sc.ControlPlane = controlplane.Shipped
	r := result(t, prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Continue = true }), 1)
	var defects []string
	for _, c := range r.Found {
		_, defect, _ := strings.Cut(c.Key, "/")
		row := fmt.Sprintf("| `%s` | %d |", defect, c.Level)
		if !bytes.Contains(document, []byte(row)) {
			t.Errorf("docs/prove.md has no row %s", row)
		}
		if !slices.Contains(defects, defect) {
			defects = append(defects, defect)
		}
	}
	if len(defects) < 8 {
		t.Errorf("it finds %q", defects)
	}
}

// TestShippedKinds checks which kinds of deviations each control plane has: the shipped one has no
// orders of operators, and the others draw nothing and have no tables.
func TestShippedKinds(t *testing.T) {
	orders := deviation.Of(OperatorAborts, OperatorPauses, HostJoins, HostLeaves)
	for plane, never := range map[controlplane.Name]Kinds{
		controlplane.Specified: deviation.ShippedOnly(), controlplane.Shipped: orders,
	} {
		sc := fleet(t, "shapes")
		sc.ControlPlane = plane
		if plane == controlplane.Shipped {
			sc = parse(t, "control_plane: shipped"+one+"  - {at: 20m, channel: stable, ref: b2}\n")
		}
		p := prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Continue = true })
		var kinds Kinds
		for _, d := range p.run(&node{}, true).children {
			kinds |= deviation.Of(d.Kind)
		}
		if kinds&never != 0 {
			t.Errorf("%s: there are deviations of %v", plane, kinds&never)
		}
		faults := deviation.Of(HostOffline, HostLost, AgentRestart, PollFailed, PollStale)
		if want := (orders | faults | deviation.ShippedOnly()) &^ never; kinds&want != want {
			t.Errorf("%s: there are no deviations of %v", plane, want&^kinds)
		}
	}
}

// TestOtherDraws checks that another seed changes a run of the shipped control plane.
func TestOtherDraws(t *testing.T) {
	sc := fleet(t, "two-waves")
	sc.ControlPlane = controlplane.Shipped
	p := prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Kinds = deviation.Of(OtherDraws) })
	all := p.run(&node{}, true).children
	if len(all) != otherSeeds {
		t.Fatalf("there are %d deviations, want %d", len(all), otherSeeds)
	}
	plain := entries(t, p.plain)
	for _, d := range all {
		run := (&node{}).with(d).scenario(p.plain)
		if other := entries(t, run); slices.EqualFunc(plain, other, func(a, b trace.Entry) bool {
			return a.At == b.At && a.Kind == b.Kind && a.Host == b.Host
		}) {
			t.Errorf("%v: the run is the same", d)
		}
	}
}

// TestMendedHolds checks that the shipped control plane without its known defects holds with up to
// one deviation, in the fleets that it can have. Each defect that is left is found, if a proof of
// two-waves finds it at all.
func TestMendedHolds(t *testing.T) {
	mended := func(name string, mended []controlplane.Defect) *Result {
		sc := fleet(t, name)
		sc.ControlPlane, sc.Mended = controlplane.Shipped, mended
		return result(t, prover(t, sc, reducer.RFC0008(), nil), 1)
	}
	for _, name := range []string{"two-waves", "rollback", "two-channels", "strays"} {
		if r := mended(name, controlplane.Defects()); !r.Holds() || r.States() < 2000 {
			t.Errorf("%s: %s: %q", name, r.Verdict(), keys(r))
		}
	}
	for _, defect := range []controlplane.Defect{
		controlplane.LateWaveSoak, controlplane.TornOpening, controlplane.LossyLog,
	} {
		all := slices.DeleteFunc(controlplane.Defects(), func(d controlplane.Defect) bool {
			return d == defect
		})
		if r := mended("two-waves", all); r.Holds() {
			t.Errorf("with %s: %s", defect, r.Verdict())
		}
	}
}

// TestPollAfterRestart checks that the first poll of a process that has restarted may fail: the
// process knows no ref, so that it drops all messages until the next one.
func TestPollAfterRestart(t *testing.T) {
	sc := parse(t, "control_plane: shipped\nphases: {poll: 0s}"+one)
	p := prover(t, sc, reducer.RFC0008(), func(o *Options) {
		o.Kinds = deviation.Of(ControlPlaneCrash, PollFailed)
	})
	plain := &node{}
	after := 0
	for _, crash := range p.run(plain, true).children {
		if crash.Kind != ControlPlaneCrash {
			continue
		}
		for _, d := range p.run(plain.with(crash), true).children {
			if d.Kind == PollFailed && d.At > crash.At {
				after++
			}
		}
	}
	if after < 10 {
		t.Errorf("only %d polls after a restart may fail", after)
	}
}

// TestTornReopening checks that the second opening of a rollout, after its row was deleted, may be
// cut short, whether it follows a poll or not, and that the first one may be.
func TestTornReopening(t *testing.T) {
	const quarter = 90 * 24 * time.Hour
	for _, phases := range []string{"ticker: 5s, poll: 10s", "ticker: 10s, poll: 5s"} {
		sc := parse(t, "control_plane: shipped\nphases: {prune: 0s, "+phases+"}"+
			strings.Replace(one, "1h", "91d", 1))
		p := prover(t, sc, reducer.RFC0008(), func(o *Options) { o.Kinds = deviation.Of(TornOpening) })
		first, second := 0, 0
		for _, d := range p.run(&node{}, true).children {
			if d.At < quarter {
				first++
			} else if o := p.run((&node{}).with(d), false); !o.void {
				second++
			}
		}
		if first != 2 || second != 2 {
			t.Errorf("with %s the first opening is cut short in %d ways, and the second one in %d",
				phases, first, second)
		}
	}
}
