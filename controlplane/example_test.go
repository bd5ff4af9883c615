package controlplane_test

import (
	"fmt"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/trace"
)

// Example drives a control plane by hand: a poll, a plan, the messages of one agent, and a plan.
func Example() {
	inv, err := controlplane.NewInventory(&controlplane.Config{
		Channels: []controlplane.Channel{{
			ID: "stable", Policy: reducer.DefaultPolicy(),
			Waves: []controlplane.Wave{
				{Hosts: []reducer.HostID{"web-1"}, Soak: 10 * time.Minute},
				{Hosts: []reducer.HostID{"web-2"}},
			},
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	build, err := controlplane.ByName(controlplane.Specified)
	if err != nil {
		fmt.Println(err)
		return
	}
	c := build(inv, reducer.RFC0008())
	var log controlplane.Log
	check := func(err error) {
		if err != nil {
			fmt.Println(err)
		}
	}

	var now reducer.Time
	check(c.Poll(now, 0, "a1", &log))
	check(c.Plan(controlplane.Tick{Now: now}, &log))
	for i, kind := range []reducer.AgentEventKind{
		reducer.DispatchAck, reducer.ActivationCompleted, reducer.ProbesPassed,
	} {
		now += reducer.Time(5 * time.Minute)
		_, err := c.Receive(now, controlplane.Message{
			Host: 0, Rollout: "stable@a1",
			Event: &trace.AgentEvent{Kind: kind, Seq: uint64(i + 1), At: now},
		}, &log)
		check(err)
		check(c.Plan(controlplane.Tick{Now: now}, &log))
	}

	var lines trace.Lines
	for i := range log.Entries {
		line := lines.Append(nil, &log.Entries[i])
		fmt.Println(strings.Join(strings.Fields(string(line)), " "))
	}
	for _, d := range log.Dispatches {
		fmt.Println("dispatched", inv.HostID(d.Host), "to", d.Closure)
	}

	// Output:
	// 0d 00:00:00.000 poll 200 - - stable → a1
	// 0d 00:00:00.000 event RolloutOpened stable@a1 - ref a1 on stable
	// 0d 00:00:00.000 event HostJoined stable@a1 web-1 wave 0
	// 0d 00:00:00.000 effect RecordRolloutTransition stable@a1 - Opening → Active
	// 0d 00:00:00.000 event HostJoined stable@a1 web-2 wave 1
	// 0d 00:00:00.000 open OpenRollout stable@a1 - 2 hosts
	// 0d 00:00:00.000 dispatch QueueDispatch stable@a1 web-1 closure a1, soak due 0d 00:10:00.000
	// 0d 00:00:00.000 gate wave-promotion stable@a1 web-2 wave-promotion: host_wave=1 > current_wave=0
	// 0d 00:05:00.000 agent DispatchAck stable@a1 web-1 seq 1
	// 0d 00:05:00.000 event HostStateChanged stable@a1 web-1 Pending → Activating
	// 0d 00:10:00.000 agent ActivationCompleted stable@a1 web-1 seq 2
	// 0d 00:10:00.000 event HostStateChanged stable@a1 web-1 Activating → Soaking
	// 0d 00:10:00.000 event WaveAdvanced stable@a1 - wave 0 → 0
	// 0d 00:10:00.000 effect RecordRolloutTransition stable@a1 - Active → Converging
	// 0d 00:15:00.000 agent Converged stable@a1 web-1 seq 3
	// 0d 00:15:00.000 event HostStateChanged stable@a1 web-1 Soaking → Converged
	// 0d 00:15:00.000 event WaveAdvanced stable@a1 - wave 0 → 1
	// 0d 00:15:00.000 effect RecordRolloutTransition stable@a1 - Converging → Active
	// 0d 00:15:00.000 effect UpdateCurrentWave stable@a1 - wave 1
	// 0d 00:15:00.000 dispatch QueueDispatch stable@a1 web-2 closure a1, soak due 0d 00:15:00.000
	// dispatched web-1 to a1
	// dispatched web-2 to a1
}
