package prove

import (
	"testing"

	"rollsim/reducer"
	"rollsim/sim"
)

// BenchmarkWalk measures the parts of a search: the instants of a run, a copy and a hash.
func BenchmarkWalk(b *testing.B) {
	all, err := Fleets()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range all {
		plain := Plain(&f.Scenario)
		start := func() *sim.Walk {
			k, err := sim.NewWalk(plain, sim.Options{Machine: reducer.RFC0008()})
			if err != nil {
				b.Fatal(err)
			}
			return k
		}
		instants := 0
		for k := start(); k.Next(); {
			instants++
		}
		half := start()
		for range instants / 2 {
			half.Next()
		}
		b.Run(plain.Name+"/instant", func(b *testing.B) {
			k := half.Fork(true)
			for range b.N {
				if !k.Next() {
					k = half.Fork(true)
				}
			}
		})
		b.Run(plain.Name+"/copy", func(b *testing.B) {
			b.ReportAllocs()
			k := half.Fork(true)
			for range b.N {
				half.ForkInto(k, true)
			}
		})
		b.Run(plain.Name+"/copy-and-hash", func(b *testing.B) { // a Walk remembers its hash
			k := half.Fork(true)
			for range b.N {
				half.ForkInto(k, true).Hash()
			}
		})
	}
}

// BenchmarkAll tries any number of failures and deferrals with one crash, one lost and one doubled
// message. It takes minutes.
func BenchmarkAll(b *testing.B) {
	for range b.N {
		p, err := New(Options{Scenario: anyFate(b), Machine: reducer.RFC0008()})
		if err != nil {
			b.Fatal(err)
		}
		r, err := p.Run(b.Context(), All, nil)
		if err != nil {
			b.Fatal(err)
		}
		b.Log(r.Verdict())
		b.ReportMetric(float64(r.States())/b.Elapsed().Seconds(), "states/s")
	}
}

// BenchmarkProve measures a search with up to two deviations.
func BenchmarkProve(b *testing.B) {
	all, err := Fleets()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range all {
		b.Run(f.Scenario.Name, func(b *testing.B) {
			var runs, states uint64
			for range b.N {
				p, err := New(Options{Scenario: &f.Scenario, Machine: reducer.RFC0008()})
				if err != nil {
					b.Fatal(err)
				}
				r, err := p.Run(b.Context(), 2, nil)
				if err != nil {
					b.Fatal(err)
				}
				runs, states = runs+r.Runs(), states+r.States()
			}
			b.ReportMetric(float64(runs)/b.Elapsed().Seconds(), "runs/s")
			b.ReportMetric(float64(states)/b.Elapsed().Seconds(), "states/s")
		})
	}
}
