package invariant

import (
	"slices"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

func TestInvariants(t *testing.T) {
	seen := make(map[Name]bool)
	for _, c := range slices.Concat(recordCases, dispatchCases, historyCases, evidenceCases) {
		want, err := Parse(c.want)
		if err != nil {
			t.Fatal(err)
		}
		seen[want.Invariant] = true
		broken := newRun(t)
		c.breaks(broken)
		i := slices.IndexFunc(broken.checker.Found(), want.Is)
		if i < 0 {
			t.Errorf("%s: not found; found %v", c.want, broken.checker.Found())
			continue
		}
		if v := broken.checker.Found()[i]; v.Detail == "" || v.Seq == 0 || v.At == 0 || v.State == 0 ||
			v.Event == 0 {
			t.Errorf("%s: the violation does not say what and where: %+v", c.want, v)
		}
		sound := newRun(t)
		c.keeps(sound)
		if found := sound.checker.Found(); slices.ContainsFunc(found, want.Is) {
			t.Errorf("%s: found in a run that keeps it: %v", c.want, found)
		}
	}
	elsewhere := []Name{FoldIsLive, SameBytes, Stuck, Unpruned, Stranded} // see the package comment
	for _, name := range Names() {
		if seen[name] == slices.Contains(elsewhere, name) {
			t.Errorf("%s: tested %v", name, seen[name])
		}
	}
}

// TestSoundRun checks that a run without faults violates nothing.
func TestSoundRun(t *testing.T) {
	r := newRun(t)
	r.active()
	for _, host := range []reducer.HostID{"web-1", "web-2"} {
		r.dispatched(r1, host, "a1")
		r.converged(r1, host)
	}
	r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
	r.dispatched(r1, "db", "a1")
	r.converged(r1, "db")
	r.now += reducer.Time(retention)
	r.apply(reducer.Event{Kind: reducer.RetentionExpired, Rollout: r1})
	if found := r.checker.Found(); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if s := r.fleet.Rollout(r1).Record.State; s != reducer.Pruned {
		t.Errorf("the rollout ended %v", s)
	}
}

// TestOnceOrEach checks which violations are reported again.
func TestOnceOrEach(t *testing.T) {
	for _, c := range []struct {
		each       bool
		bad, waves int
	}{{false, 1, 1}, {true, 3, 1}} {
		r := newRun(t)
		if c.each {
			r.checker.ReportEach()
		}
		r.active()
		for range 3 {
			r.dispatched(r1, "web-1", "bad")
			r.dispatched(r1, "db", "a1") // no cursor has moved: it is reported once
		}
		count := func(name Name) (n int) {
			for _, v := range r.checker.Found() {
				if v.Invariant == name {
					n++
				}
			}
			return n
		}
		if bad, waves := count(QuarantineKept), count(WaveKept); bad != c.bad || waves != c.waves {
			t.Errorf("each %v: %d and %d reports, want %d and %d", c.each, bad, waves, c.bad, c.waves)
		}
	}
}

// TestRepeatedDispatch checks that a dispatch that is sent again may break the gates that it passed
// the first time, but neither a halt nor a quarantine.
func TestRepeatedDispatch(t *testing.T) {
	r := newRun(t)
	r.active()
	again := func(host reducer.HostID, closure reducer.ClosureHash) {
		r.entry(trace.Entry{Plan: &trace.PlanAction{
			Action: trace.QueueDispatch, Rollout: r1, Host: host, Closure: closure, Attempt: 2,
		}})
	}
	again("db", "a1") // the first one, whatever it says of itself
	if found := r.checker.Drain(); len(found) != 1 || found[0].String() != "wave-kept stable@a1" {
		t.Errorf("of a first dispatch: %v", found)
	}
	r.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 0})
	again("db", "a1")
	if found := r.checker.Drain(); len(found) > 0 {
		t.Errorf("of a dispatch sent again: %v", found)
	}
	again("db", "bad")
	if found := r.checker.Drain(); len(found) != 1 || found[0].String() != "quarantine-kept "+
		"stable@a1" {
		t.Errorf("of a dispatch sent again to a quarantined closure: %v", found)
	}
	if found := r.checker.Drain(); len(found) > 0 {
		t.Errorf("drained twice: %v", found)
	}
}

// TestForget checks that violations by a rollout are reported again once it was forgotten, and
// that its state survives.
func TestForget(t *testing.T) {
	r := newRun(t)
	r.terminal()
	rollout := r.fleet.Rollout(r1)
	wrong := func() int {
		r.claimed(reducer.Active, reducer.Terminal)
		return len(r.checker.Drain())
	}
	if first, second := wrong(), wrong(); first != 1 || second != 0 {
		t.Errorf("%d, then %d violations", first, second)
	}
	r.checker.Forget(rollout)
	r.checker.Resume(rollout)
	r.checker.Step(rollout)
	if found := r.checker.Drain(); len(found) > 0 {
		t.Errorf("after Resume: %v", found)
	}
	if again := wrong(); again != 1 {
		t.Errorf("%d violations after Forget", again)
	}
	r.checker.Report(Violation{Invariant: Stuck, Subject: "x"})
	r.checker.Report(Violation{Invariant: Stuck, Subject: "x"})
	if found := r.checker.Found(); len(found) != 1 {
		t.Errorf("reported from outside: %v", found)
	}
}

// TestWatch checks that a Checker continues with the fleet of a restarted control plane.
func TestWatch(t *testing.T) {
	r := newRun(t)
	r.active()
	for _, host := range []reducer.HostID{"web-1", "web-2"} {
		r.moved(r1, host, reducer.HostActivating, reducer.HostDeferred)
	}
	r.joined(r1, "db-2", 1)
	other := newRun(t)
	other.active()
	other.joined(r1, "db-2", 1)
	other.apply(reducer.Event{Kind: reducer.WaveAdvanced, Rollout: r1, FromWave: 0, ToWave: 1})
	r.checker.Watch(other.fleet)
	r.dispatched(r1, "db", "a1")
	if found := r.checker.Found(); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	r.checker.Watch(r.fleet)
	r.dispatched(r1, "db-2", "a1")
	if found := r.checker.Found(); len(found) != 1 || found[0].String() != "wave-kept stable@a1" {
		t.Errorf("found %v", found)
	}
}

func TestCompare(t *testing.T) {
	live := func() *run {
		r := newRun(t)
		r.active()
		return r
	}
	same, record, hosts, more := live(), live(), live(), live()
	record.fleet.Rollout(r1).Record.CurrentWave = 7
	hosts.fleet.Rollout(r1).Hosts()[1].State = reducer.HostFailed
	more.opened("edge@e2", "edge", "e2")
	for _, c := range []struct {
		name         string
		live, folded *run
		want         string
	}{
		{"same", live(), same, ""},
		{"record", live(), record, "fold-is-live stable@a1"},
		{"hosts", live(), hosts, "fold-is-live stable@a1"},
		{"missing in the fold", more, live(), "fold-is-live edge@e2"},
		{"only in the fold", live(), more, "fold-is-live edge@e2"},
	} {
		found := Compare(c.live.fleet, c.folded.fleet, 9, 10)
		got := ""
		if len(found) > 0 {
			got = found[0].String()
		}
		if got != c.want || len(found) > 1 {
			t.Errorf("%s: found %v, want %s", c.name, found, c.want)
		}
		for _, v := range found {
			if v.Seq != 9 || v.At != 10 || v.Detail == "" || v.State == 0 {
				t.Errorf("%s: %+v", c.name, v)
			}
		}
	}
}
