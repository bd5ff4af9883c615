package sim

import "rollsim/reducer"

// profile is the behaviour of an agent. Hosts of a channel share one if they belong to the same
// groups. A host with fates has its own.
type profile struct {
	Behaviour
	policy reducer.HealthPolicy
	fates  []Fate
}

// fate returns the last fate of a kind under a ref, or nil if none exists.
func (p *profile) fate(ref reducer.ChannelRef, kind FateKind) *Fate {
	for i := len(p.fates) - 1; i >= 0; i-- {
		if f := &p.fates[i]; f.Kind == kind && (f.Ref == "" || f.Ref == ref) {
			return f
		}
	}
	return nil
}

// withFate returns the profile of one host with one more fate. It copies a profile without fates,
// because hosts may share it.
func (p *profile) withFate(f Fate) *profile {
	if len(p.fates) == 0 {
		own := *p
		p = &own
	}
	p.fates = append(p.fates, f)
	return p
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
