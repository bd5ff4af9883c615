package sim

import (
	"fmt"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// BenchmarkRun simulates one rollout of a whole fleet, in waves of 1 %, 10 % and the rest, through reducer and digest.
func BenchmarkRun(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		b.Run(fmt.Sprintf("hosts=%d", n), func(b *testing.B) {
			hosts := make([]reducer.HostID, n)
			for i := range hosts {
				hosts[i] = reducer.HostID(fmt.Sprintf("host-%06d", i))
			}
			activation, err := LogNormalP99(40*time.Second, 3*time.Minute)
			if err != nil {
				b.Fatal(err)
			}
			ack, err := Uniform(time.Second, 5*time.Second)
			if err != nil {
				b.Fatal(err)
			}
			sc := &Scenario{
				Name: "bench", Horizon: 24 * time.Hour,
				Channels: []Channel{{
					ID: "stable", PollInterval: time.Minute, Policy: reducer.DefaultPolicy(),
					Waves: []Wave{
						{Hosts: hosts[:n/100], Soak: 10 * time.Minute},
						{Hosts: hosts[n/100 : n/10], Soak: 10 * time.Minute},
						{Hosts: hosts[n/10:], Soak: 10 * time.Minute},
					},
				}},
				Behaviour: Behaviour{Ack: ack, Activation: activation, Probe: ack, Converge: ack},
				Timeline:  []Action{{SetRef: &RefChange{"stable", "a1"}}},
			}
			var entries uint64
			b.ReportAllocs()
			for b.Loop() {
				var digest trace.Digest
				result, err := Run(sc, Options{Machine: reducer.RFC0008(), Seed: 1, Sink: &digest})
				if err != nil {
					b.Fatal(err)
				}
				if s := result.Fleet.Rollouts()[0].Record.State; s != reducer.Terminal {
					b.Fatalf("ended %v", s)
				}
				entries += result.Entries
			}
			b.ReportMetric(float64(entries)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
