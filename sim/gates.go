package sim

import (
	"errors"
	"fmt"
	"path"

	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"

	"rollsim/reducer"
	"rollsim/trace"
)

// gateHalt is asked before the gates, and not logged.
const gateHalt = "halt"

// budget is a Budget with how much of it is used.
type budget struct {
	conf *Budget
	used int
}

// setUpGates checks what the gates are configured by, and gives each host what applies to it.
func (w *world) setUpGates() error {
	if err := checkChannelGraph(w.sc.Channels); err != nil {
		return err
	}
	w.waits = make([][]reducer.HostID, 1)
	for i := range w.sc.Channels {
		for _, edge := range w.sc.Channels[i].HostEdges {
			for _, id := range []reducer.HostID{edge.Host, edge.After} {
				if n, ok := w.find(id); !ok || w.hosts[n].channel != uint32(i) {
					return fmt.Errorf("channel %s: a host edge names host %s, which is not one of its "+
						"hosts", w.sc.Channels[i].ID, id)
				}
			}
			n, _ := w.find(edge.Host)
			h := &w.hosts[n]
			if h.waits == 0 {
				h.waits = uint32(len(w.waits))
				w.waits = append(w.waits, nil)
			}
			w.waits[h.waits] = append(w.waits[h.waits], edge.After)
		}
	}
	w.limits = make([][]uint32, 1)
	if len(w.sc.Budgets) == 0 {
		return nil
	}
	for i := range w.sc.Budgets {
		if b := &w.sc.Budgets[i]; b.MaxInFlight < 1 {
			return fmt.Errorf("budget %s: max_in_flight %d is not above 0", b.Name, b.MaxInFlight)
		}
		w.budgets = append(w.budgets, budget{conf: &w.sc.Budgets[i]})
	}
	made := map[string]uint32{}
	for i := range w.hosts {
		limits, err := w.limitsOf(w.hosts[i].id)
		if err != nil {
			return err
		}
		if len(limits) == 0 {
			continue
		}
		key := fmt.Sprint(limits)
		n, ok := made[key]
		if !ok {
			n = uint32(len(w.limits))
			made[key] = n
			w.limits = append(w.limits, limits)
		}
		w.hosts[i].limits = n
	}
	return nil
}

// limitsOf lists the budgets that count a host.
func (w *world) limitsOf(id reducer.HostID) ([]uint32, error) {
	var limits []uint32
	for i := range w.sc.Budgets {
		hit, err := matchesAny(w.sc.Budgets[i].Hosts, id)
		if err != nil {
			return nil, fmt.Errorf("budget %s: %w", w.sc.Budgets[i].Name, err)
		}
		if hit {
			limits = append(limits, uint32(i))
		}
	}
	return limits, nil
}

func matchesAny(patterns []string, id reducer.HostID) (bool, error) {
	for _, pattern := range patterns {
		hit, err := path.Match(pattern, string(id))
		if err != nil {
			return false, fmt.Errorf("host pattern %q: %w", pattern, err)
		}
		if hit {
			return true, nil
		}
	}
	return false, nil
}

// checkChannelGraph refuses channels that wait for themselves, through whatever others.
func checkChannelGraph(channels []Channel) error {
	number := make(map[reducer.ChannelID]int)
	for i := range channels {
		number[channels[i].ID] = i
	}
	waits := make([][]int, len(channels))
	for i := range channels {
		for _, after := range channels[i].After {
			n, ok := number[after]
			if !ok {
				return fmt.Errorf("channel %s waits for channel %s, which is not "+
					"declared", channels[i].ID, after)
			}
			waits[i] = append(waits[i], n)
		}
	}
	circle := Circle(waits)
	if circle == nil {
		return nil
	}
	var names []reducer.ChannelID
	for _, n := range circle {
		names = append(names, channels[n].ID)
	}
	return fmt.Errorf("channels wait for each other in a circle: %v", names)
}

// Circle finds things that wait for each other, so that none of them can ever go: waits holds, for
// each, the numbers of those that it waits for. It gives the numbers of one such group in rising
// order, a single one for a thing that waits for itself, and nil when there are none. Its cost
// grows with the number of edges only.
func Circle(waits [][]int) []int {
	g := simple.NewDirectedGraph()
	for i, others := range waits {
		for _, n := range others {
			if n == i {
				return []int{i}
			}
			g.SetEdge(g.NewEdge(simple.Node(i), simple.Node(n)))
		}
	}
	_, err := topo.SortStabilized(g, nil)
	var groups topo.Unorderable
	if !errors.As(err, &groups) {
		return nil
	}
	var circle []int
	for _, node := range groups[0] {
		circle = append(circle, int(node.ID()))
	}
	return circle
}

// waveGate tells which gate blocks every pending host of a wave alike, and why; empty when none
// does.
func (w *world) waveGate(r *rollout, v *wave) (gate, reason string) {
	if w.ignores != trace.GateQuarantine &&
		w.quarantine[QuarantineEntry{Channel: r.channel, Closure: r.closure}] {
		return trace.GateQuarantine, fmt.Sprintf(
			"quarantine: closure %s rolled back on channel %s", r.closure, r.channel,
		)
	}
	if awaited := w.awaitedChannel(r); awaited != "" && w.ignores != trace.GateChannelEdges {
		return trace.GateChannelEdges, fmt.Sprintf("channel-edges: predecessor channel '%s' not "+
			"converged", awaited)
	}
	if cursor := w.cursor(r); v.number > cursor && w.ignores != trace.GateWavePromotion {
		return trace.GateWavePromotion, fmt.Sprintf("wave-promotion: host_wave=%d > "+
			"current_wave=%d", v.number, cursor)
	}
	return "", ""
}

// awaitedChannel gives the first channel that the rollout's channel still waits for; empty for
// none. A channel that is waited for lets others go once the rollout of its declared ref was
// Terminal or is Superseded.
func (w *world) awaitedChannel(r *rollout) reducer.ChannelID {
	n, ok := w.channelN[r.channel]
	if !ok {
		return ""
	}
	for _, id := range w.sc.Channels[n].After {
		awaited := w.fleet.Rollout(reducer.NewRolloutID(id, w.channels[w.channelN[id]].seen))
		if awaited == nil || !awaited.Record.TerminalAt.Set && !awaited.Record.SupersededAt.Set {
			return id
		}
	}
	return ""
}

// hostGate tells which gate blocks a host whose wave may go, and why.
func (w *world) hostGate(r *rollout, h *host) (gate, reason string) {
	for _, id := range w.waits[h.waits] {
		if a, joined := r.fold.Host(id); joined && !a.State.OrderingEligible() {
			return trace.GateHostEdges, fmt.Sprintf("host-edges: predecessor host '%s' not ordering-eligible", id)
		}
	}
	for _, n := range w.limits[h.limits] {
		if b := &w.budgets[n]; b.used >= b.conf.MaxInFlight && w.ignores != trace.GateDisruptionBudget {
			return trace.GateDisruptionBudget, fmt.Sprintf("disruption-budget: '%s' has %d in "+
				"flight", b.conf.Name, b.conf.MaxInFlight)
		}
	}
	return "", ""
}

// recount keeps a host's budgets: it counts from its dispatch, until under that rollout it is
// neither waiting for the ack nor in flight. What becomes of it under an older rollout counts
// towards nothing, nor under one that is pruned. Once the rollout has ended no dispatch is sent
// again, so that an ack which is missing then may never come: it is not waited for.
func (w *world) recount(h *host) {
	uses := false
	if h.current != noRollout {
		r := w.rollouts[h.current]
		state := r.fold.Hosts()[h.slot].State
		uses = state == reducer.HostPending && w.worksOn(r) ||
			state.InFlight() && r.state() != reducer.Pruned
	}
	if uses == h.counted {
		return
	}
	h.counted = uses
	for _, n := range w.limits[h.limits] {
		if uses {
			w.budgets[n].used++
		} else {
			w.budgets[n].used--
		}
	}
}
