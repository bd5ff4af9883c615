package trace

import (
	"math"

	"rollsim/reducer"
)

// The members of agent events.
const (
	agentKind members = 1 << iota
	agentSeq
	agentReceivedAt
	agentStartedAt
	agentCompletedAt
	agentDeferredAt
	agentFailedAt
	agentDeclaredAt
	agentObservedAt
	agentFirstFailedAt
	agentConvergedAt
	agentClosureAtDispatch
	agentObservedClosure
	agentCurrentClosure
	agentRevertedTo
	agentExitCode
	agentSwitchMethod
	agentComponent
	agentStderrTail
	agentProbes
	agentProbeName
	agentMode
	agentStatus
	agentFailureReason
	agentSubResults
	agentSustained
	agentFailingProbes
	agentPolicy
)

// agentMembers are the members of each agent event.
var agentMembers = [reducer.AgentEventKindCount]members{
	reducer.DispatchAck:       agentKind | agentSeq | agentClosureAtDispatch | agentReceivedAt,
	reducer.ActivationStarted: agentKind | agentSeq | agentStartedAt | agentSwitchMethod,
	reducer.ActivationCompleted: agentKind | agentSeq | agentObservedClosure | agentExitCode |
		agentCompletedAt,
	reducer.ActivationDeferred: agentKind | agentSeq | agentComponent | agentDeferredAt,
	reducer.ActivationFailed: agentKind | agentSeq | agentExitCode | agentStderrTail |
		agentFailedAt,
	reducer.ProbeTopologyDeclared: agentKind | agentSeq | agentProbes | agentDeclaredAt,
	reducer.ProbeObservedFirst:    agentKind | agentSeq | agentProbeName | agentMode | agentObservedAt,
	reducer.ProbeResult: agentKind | agentSeq | agentProbeName | agentMode | agentStatus |
		agentObservedAt | agentFailureReason | agentSubResults,
	reducer.ProbeFailureFirst: agentKind | agentSeq | agentProbeName | agentMode |
		agentFirstFailedAt,
	reducer.ProbesFailed: agentKind | agentSeq | agentFailedAt | agentSustained |
		agentFailingProbes | agentPolicy,
	reducer.RollbackComplete: agentKind | agentSeq | agentRevertedTo | agentExitCode |
		agentCompletedAt,
	reducer.ProbesPassed: agentKind | agentSeq | agentConvergedAt | agentCurrentClosure,
}

func (s *scanner) agent(a *AgentEvent) {
	all := s.object(func(name []byte) members {
		m := s.agentTime(a, name)
		if m == 0 {
			m = s.agentMember(a, name)
		}
		if m == 0 {
			m = s.probeMember(a, name)
		}
		return m
	})
	s.bad = s.bad || all != agentMembers[a.Kind]
}

// agentTime reads the member with the time of an agent event.
func (s *scanner) agentTime(a *AgentEvent, name []byte) members {
	var m members
	switch string(name) {
	case "receivedAt":
		m = agentReceivedAt
	case "startedAt":
		m = agentStartedAt
	case "completedAt":
		m = agentCompletedAt
	case "deferredAt":
		m = agentDeferredAt
	case "failedAt":
		m = agentFailedAt
	case "declaredAt":
		m = agentDeclaredAt
	case "observedAt":
		m = agentObservedAt
	case "firstFailedAt":
		m = agentFirstFailedAt
	case "convergedAt":
		m = agentConvergedAt
	default:
		return 0
	}
	a.At = s.moment()
	return m
}

// agentMember reads a member of an agent event that is about a switch, or that all events have.
func (s *scanner) agentMember(a *AgentEvent, name []byte) members {
	switch string(name) {
	case "kind":
		a.Kind = word(s, reducer.ParseAgentEventKind)
		return agentKind
	case "seq":
		a.Seq = s.uint(math.MaxUint64)
		return agentSeq
	case "currentClosureAtDispatch":
		a.Closure = reducer.ClosureHash(s.stringOrNull())
		return agentClosureAtDispatch
	case "observedCurrentClosure":
		a.Closure = reducer.ClosureHash(s.text())
		return agentObservedClosure
	case "currentClosure":
		a.Closure = reducer.ClosureHash(s.text())
		return agentCurrentClosure
	case "revertedToClosure":
		a.Closure = reducer.ClosureHash(s.text())
		return agentRevertedTo
	case "exitCode":
		a.ExitCode = s.int()
		return agentExitCode
	case "switchMethod":
		s.must(`"` + switchMethod + `"`)
		return agentSwitchMethod
	case "component":
		a.Component = s.text()
		return agentComponent
	case "stderrTail":
		a.Message = s.text()
		return agentStderrTail
	}
	return 0
}

// probeMember reads a member of an agent event that is about probes.
func (s *scanner) probeMember(a *AgentEvent, name []byte) members {
	switch string(name) {
	case "probeName":
		a.Probe = s.text()
		return agentProbeName
	case "mode":
		s.must(`"` + probeMode + `"`)
		return agentMode
	case "status":
		if a.Passed = s.lit(`"` + statusPass + `"`); !a.Passed {
			s.must(`"` + statusFail + `"`)
		}
		return agentStatus
	case "failureReason":
		a.Message = s.stringOrNull()
		return agentFailureReason
	case "subResults":
		s.must(`null`)
		return agentSubResults
	case "probes":
		s.must(`[`)
		a.Probe = s.probe()
		s.must(`]`)
		return agentProbes
	case "sustainedDurationSecs":
		s.bad = s.bad || s.uint(math.MaxUint64) != reducer.SustainedFailureSeconds
		return agentSustained
	case "failingProbes":
		s.must(`[`)
		a.Probe = s.text()
		s.must(`]`)
		return agentFailingProbes
	case "policyApplied":
		a.Policy = word(s, reducer.ParseHealthPolicy)
		return agentPolicy
	}
	return 0
}

// probe reads a declared probe, and returns its name.
func (s *scanner) probe() (probe string) {
	const (
		probeName members = 1 << iota
		kind
		mode
	)
	all := s.object(func(name []byte) members {
		switch string(name) {
		case "probeName":
			probe = s.text()
			return probeName
		case "kind":
			s.must(`"` + probeKind + `"`)
			return kind
		case "mode":
			s.must(`"` + probeMode + `"`)
			return mode
		}
		return 0
	})
	s.bad = s.bad || all != probeName|kind|mode
	return probe
}
