package sim

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// fleetOf returns a scenario of one channel, with n hosts in waves of 1 %, 9 % and 90 %, and a new
// ref at each interval.
func fleetOf(b *testing.B, n int, horizon, every time.Duration) *Scenario {
	b.Helper()
	must := func(d *Distribution, err error) *Distribution {
		if err != nil {
			b.Fatal(err)
		}
		return d
	}
	hosts := make([]reducer.HostID, n)
	for i := range hosts {
		hosts[i] = reducer.HostID(fmt.Sprintf("host-%06d", i))
	}
	ack := must(Uniform(time.Second, 5*time.Second))
	sc := &Scenario{
		Name: "bench", Horizon: horizon,
		Channels: []Channel{{
			ID: "stable", PollInterval: time.Minute, Policy: reducer.DefaultPolicy(),
			Waves: []Wave{
				{Hosts: hosts[:n/100], Soak: 10 * time.Minute},
				{Hosts: hosts[n/100 : n/10], Soak: 10 * time.Minute},
				{Hosts: hosts[n/10:], Soak: 10 * time.Minute},
			},
		}},
		Behaviour: Behaviour{
			Ack:        ack,
			Activation: must(LogNormalP99(40*time.Second, 3*time.Minute)),
			Probe:      ack,
			Converge:   ack,
		},
	}
	for at := time.Duration(0); at < horizon; at += every {
		ref := reducer.ChannelRef(fmt.Sprintf("r%d", len(sc.Timeline)+1))
		sc.Timeline = append(sc.Timeline, Action{At: at, SetRef: &RefChange{Channel: "stable", Ref: ref}})
	}
	return sc
}

// run simulates through reducer, invariants and digest, and counts entries.
func run(b *testing.B, sc *Scenario) {
	var entries uint64
	b.ReportAllocs()
	for b.Loop() {
		var digest trace.Digest
		result, err := Run(sc, Options{Machine: reducer.RFC0008(), Seed: 1, Sink: &digest})
		if err != nil {
			b.Fatal(err)
		}
		if len(result.Violations) > 0 {
			b.Fatal(result.Violations)
		}
		entries += result.Entries
	}
	b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkRun simulates one rollout of a whole fleet. A million hosts take about ten seconds.
func BenchmarkRun(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		b.Run(
			fmt.Sprintf("hosts=%d", n),
			func(b *testing.B) { run(b, fleetOf(b, n, 23*time.Hour, 24*time.Hour)) },
		)
	}
}

// BenchmarkMonth simulates 1,000 hosts for thirty days, with a new ref every day.
func BenchmarkMonth(b *testing.B) {
	run(b, fleetOf(b, 1000, 30*24*time.Hour-time.Minute, 24*time.Hour))
}

// BenchmarkMemory measures the live memory per host in the middle of a rollout, without the memory
// of the scenario.
func BenchmarkMemory(b *testing.B) {
	const n = 1_000_000
	sc := fleetOf(b, n, 25*time.Minute, 24*time.Hour)
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		before := live()
		w, err := newWorld(sc, Options{Machine: reducer.RFC0008(), Seed: 1})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := w.run(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(live()-before)/n, "B/host")
		runtime.KeepAlive(w)
	}
}
