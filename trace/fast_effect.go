package trace

import (
	"math"

	"rollsim/reducer"
)

// The members of effects.
const (
	effectName members = 1 << iota
	effectHost
	effectRollout   // of an effect of the host machine
	effectRolloutID // of one of the rollout machine
	effectFrom
	effectTo
	effectAt
	effectChannel
	effectClosure
	effectClosureHash
	effectWave
	effectDelay
)

// effectMembers are the members of each effect of the rollout machine.
var effectMembers = [reducer.EffectKindCount]members{
	reducer.RecordRolloutTransition: effectName | effectRolloutID | effectFrom | effectTo | effectAt,
	reducer.UpdateCurrentWave:       effectName | effectRolloutID | effectWave,
	reducer.InsertQuarantineFromRollout: effectName | effectChannel |
		effectClosureHash,
	reducer.SchedulePruning: effectName | effectRolloutID | effectDelay,
}

// hostEffectMembers returns the members of an effect of the host machine, or 0 if the name is not
// that of one.
func hostEffectMembers(name string) members {
	switch name {
	case RecordTransition:
		return effectName | effectHost | effectRollout | effectFrom | effectTo | effectAt
	case RemoteInsertQuarantine, RemoteRemoveQuarantine:
		return effectName | effectChannel | effectClosure
	case RemotePauseDispatch, RemoteResumeDispatch:
		return effectName | effectChannel
	case RemoteAbortRollout:
		return effectName | effectRollout
	case RemoteAddHost, RemoteRemoveHost:
		return effectName | effectHost | effectChannel
	}
	return 0
}

// effect reads an effect of either machine. Which one it is may show after its other members.
func (s *scanner) effect(e *Entry) {
	var h HostEffect
	var f reducer.Effect
	var from, to string
	all := s.object(func(name []byte) members {
		switch string(name) {
		case "effect":
			h.Effect = s.text()
			return effectName
		case "host":
			s.must(`"`)
			h.Host = s.hostID()
			return effectHost
		case "rollout_id":
			s.must(`"`)
			h.Rollout = s.rolloutID()
			return effectRollout
		case "rolloutId":
			s.must(`"`)
			f.Rollout = s.rolloutID()
			return effectRolloutID
		case "from":
			from = s.text()
			return effectFrom
		case "to":
			to = s.text()
			return effectTo
		case "at":
			h.At = s.moment()
			return effectAt
		case "channel":
			h.Channel = reducer.ChannelID(s.text())
			return effectChannel
		case "closure":
			h.Closure = reducer.ClosureHash(s.text())
			return effectClosure
		case "closureHash":
			f.Closure = reducer.ClosureHash(s.text())
			return effectClosureHash
		case "wave":
			f.Wave = uint32(s.uint(math.MaxUint32))
			return effectWave
		case "delaySeconds":
			f.DelaySeconds = int64(s.uint(math.MaxInt64))
			return effectDelay
		}
		return 0
	})
	states := all&effectFrom != 0
	if want := hostEffectMembers(h.Effect); want != 0 {
		s.bad = s.bad || all != want
		if states {
			h.From, h.To = valued(s, reducer.ParseHostState, from), valued(s, reducer.ParseHostState, to)
		}
		e.HostEffect = place(&s.d.store.hostEffects)
		*e.HostEffect = h
		return
	}
	f.Kind = valued(s, reducer.ParseEffectKind, h.Effect)
	s.bad = s.bad || all != effectMembers[f.Kind]
	if states {
		f.From, f.To = valued(s, reducer.ParseState, from), valued(s, reducer.ParseState, to)
	}
	f.Channel, f.At = h.Channel, h.At
	e.Effect = place(&s.d.store.effects)
	*e.Effect = f
}
