package sim

import (
	"testing"

	"rollsim/reducer"
)

func TestProfiles(t *testing.T) {
	always, never := Certain, Probability(0)
	sc := &Scenario{
		Behaviour: Behaviour{Deferral: &never},
		Groups: []Group{
			{Hosts: []string{"web-*"}, Behaviour: Behaviour{Deferral: &always, NoAnswer: &always}},
			{Hosts: []string{"web-2"}, Behaviour: Behaviour{NoAnswer: &never}},
		},
	}
	ps := newProfiles(sc, &Channel{Policy: reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt}})
	of := func(id reducer.HostID) *profile {
		p, err := ps.of(id)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := of("db-1"); *p.Deferral != never || p.NoAnswer != nil {
		t.Errorf("a host of no group: %+v", p)
	}
	if p := of("web-1"); *p.Deferral != always || *p.NoAnswer != always ||
		p.policy != reducer.RollbackAndHalt {
		t.Errorf("a host of one group: %+v", p)
	}
	if p := of("web-2"); *p.Deferral != always || *p.NoAnswer != never {
		t.Errorf("a host of two groups: %+v", p)
	}
	if of("web-1") != of("web-3") || of("web-1") == of("web-2") {
		t.Error("hosts share a profile when they belong to the same groups, and only then")
	}

	shared := of("web-1")
	own := shared.withFate(Fate{Kind: Defers}).withFate(Fate{Kind: FailsProbes, Ref: "r2"})
	if own.fate(0, "r1", Defers) == nil || own.fate(1, "r2", FailsProbes) == nil {
		t.Error("a fate is lost")
	}
	if own.fate(0, "r1", FailsProbes) != nil || shared.fate(0, "r1", Defers) != nil {
		t.Error("a fate is found under another ref, or of another host")
	}

	sc.Groups[0].Hosts = []string{"["}
	if _, err := newProfiles(sc, &Channel{}).of("web-1"); err == nil {
		t.Error("a malformed pattern was accepted")
	}
}
