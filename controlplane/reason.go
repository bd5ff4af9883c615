package controlplane

import (
	"fmt"

	"rollsim/trace"
)

// reason is why a gate blocks a host: what the gate found and what it names. It becomes text only
// when an entry is written, because most reasons are those that were logged last. The zero value
// blocks nothing.
type reason struct {
	kind   finding
	name   string // of a channel, a host, a budget or a closure; or the text from a log
	second string // the channel of a closure
	a, b   uint32 // waves, or the limit of a budget
}

// finding is what a gate found. The zero value is not a finding.
type finding uint8

const (
	pausedEverywhere finding = 1 + iota
	pausedChannel            // name: the channel, as for the next one
	noWindowOpen
	quarantined // name: the closure, second: the channel
	channelAwaited
	waveAwaited     // a: the wave of the host, b: the cursor
	hostAwaited     // name: the host that it waits for
	budgetExhausted // name: the budget, a: its limit
	logged          // name: the text of an entry of the log

	findingEnd
)

var gateOf = [findingEnd]string{
	pausedEverywhere: trace.GateDispatchPause,
	pausedChannel:    trace.GateDispatchPause,
	noWindowOpen:     trace.GateMaintenanceWindow,
	quarantined:      trace.GateQuarantine,
	channelAwaited:   trace.GateChannelEdges,
	waveAwaited:      trace.GateWavePromotion,
	hostAwaited:      trace.GateHostEdge,
	budgetExhausted:  trace.GateDisruptionBudget,
	logged:           "",
}

// blocks reports whether the reason is that of a gate.
func (r *reason) blocks() bool { return r.kind != 0 }

// gate returns the name of the gate, which a reason from a log does not have.
func (r *reason) gate() string { return gateOf[r.kind] }

// String returns the reason as an entry spells it.
func (r *reason) String() string {
	switch r.kind {
	case pausedEverywhere:
		return "dispatch-pause: an operator has paused all channels"
	case pausedChannel:
		return "dispatch-pause: an operator has paused channel '" + r.name + "'"
	case noWindowOpen:
		return "maintenance-window: no window of channel '" + r.name + "' is open"
	case quarantined:
		return "quarantine: closure " + r.name + " rolled back on channel " + r.second
	case channelAwaited:
		return "channel-edges: predecessor channel '" + r.name + "' not converged"
	case waveAwaited:
		return fmt.Sprintf("wave-promotion: host_wave=%d > current_wave=%d", r.a, r.b)
	case hostAwaited:
		return "host-edge: predecessor host '" + r.name + "' not ordering-eligible"
	case budgetExhausted:
		return fmt.Sprintf("disruption-budget: '%s' has %d in flight", r.name, r.a)
	case logged, findingEnd:
	}
	return r.name
}

// is reports whether two reasons have the same text.
func (r *reason) is(other *reason) bool {
	if r.kind != logged && other.kind != logged {
		return *r == *other
	}
	return r.String() == other.String()
}
