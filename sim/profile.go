package sim

import "rollsim/reducer"

// profile is the behaviour of an agent. Hosts of a channel share one if they belong to the same
// groups. A host with fates or delays has its own.
type profile struct {
	Behaviour
	policy reducer.HealthPolicy
	own    bool // it is that of one host alone
	fates  []Fate
	met    []uint32 // by fate that happens once: the rollout under which it does; else noRollout
	delays []Delay
}

// fate returns the last fate of a kind under a rollout with a ref, or nil if none exists. A fate
// that happens once happens under the first rollout that it is asked for.
func (p *profile) fate(rollout uint32, ref reducer.ChannelRef, kind FateKind) *Fate {
	for i := len(p.fates) - 1; i >= 0; i-- {
		f := &p.fates[i]
		if f.Kind != kind || f.Ref != "" && f.Ref != ref {
			continue
		}
		if f.Once && p.met[i] == noRollout {
			p.met[i] = rollout
		}
		if !f.Once || p.met[i] == rollout {
			return f
		}
	}
	return nil
}

// withFate returns the profile of one host with one more fate.
func (p *profile) withFate(f Fate) *profile {
	p = p.ofOneHost()
	p.fates, p.met = append(p.fates, f), append(p.met, noRollout)
	return p
}

// ofOneHost returns a profile that belongs to one host alone: a copy, if hosts may share it.
func (p *profile) ofOneHost() *profile {
	if p.own {
		return p
	}
	own := *p
	own.own = true
	return &own
}

// profiles creates the profiles of a channel's hosts.
type profiles struct {
	base   profile
	groups []Group
	made   map[string]*profile // by the groups that matched
}

func newProfiles(sc *Scenario, ch *Channel) *profiles {
	return &profiles{
		base:   profile{Behaviour: sc.Behaviour, policy: ch.Policy.OnHealthFailure},
		groups: sc.Groups,
		made:   make(map[string]*profile),
	}
}

// of returns the profile of a host.
func (p *profiles) of(id reducer.HostID) (*profile, error) {
	matched := make([]byte, len(p.groups))
	for i := range p.groups {
		hit, err := matchesAny(p.groups[i].Hosts, id)
		if err != nil {
			return nil, err
		}
		if hit {
			matched[i] = 1
		}
	}
	if made := p.made[string(matched)]; made != nil {
		return made, nil
	}
	merged := p.base
	for i, hit := range matched {
		if hit == 1 {
			merged.override(&p.groups[i].Behaviour)
		}
	}
	p.made[string(matched)] = &merged
	return &merged, nil
}

// override replaces the values that other sets.
func (b *Behaviour) override(other *Behaviour) {
	override(&b.Ack, other.Ack)
	override(&b.Activation, other.Activation)
	override(&b.Reboot, other.Reboot)
	override(&b.Probe, other.Probe)
	override(&b.Converge, other.Converge)
	override(&b.Rollback, other.Rollback)
	override(&b.ActivationFailure, other.ActivationFailure)
	override(&b.Deferral, other.Deferral)
	override(&b.ProbeFailure, other.ProbeFailure)
	override(&b.RollbackFailure, other.RollbackFailure)
	override(&b.NoAnswer, other.NoAnswer)
}

func override[T any](value **T, other *T) {
	if other != nil {
		*value = other
	}
}
