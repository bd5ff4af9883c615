package explore

import (
	"time"

	"rollsim/scenario"
	"rollsim/sim"
)

// delay is a distribution with its text in scenario files.
type delay struct {
	yaml string        // as scenario files spell it
	most time.Duration // the longest draw
	dist *sim.Distribution
}

// menu holds the distributions that a swarm chooses from. They are built once: building a table of
// quantiles takes longer than simulating a small fleet.
type menu struct {
	ack, activation, reboot, probe, converge, rollback []delay
	between                                            []delay // from one ref to the next
	length                                             []delay // of faults
	skew                                               []delay
}

func newMenu() *menu {
	return &menu{
		ack: []delay{
			constant(time.Second), uniform(time.Second, 5*time.Second), exponential(10 * time.Second),
		},
		activation: []delay{
			constant(30 * time.Second),
			lognormal(40*time.Second, 3*time.Minute),
			uniform(0, 10*time.Minute),
		},
		reboot: []delay{
			constant(5 * time.Minute),
			exponential(10 * time.Minute),
			uniform(time.Second, 2*time.Hour),
		},
		probe:    []delay{constant(20 * time.Second), constant(0), uniform(time.Second, 2*time.Minute)},
		converge: []delay{constant(time.Second), constant(0), exponential(30 * time.Second)},
		rollback: []delay{
			lognormal(30*time.Second, 2*time.Minute),
			constant(time.Minute),
			uniform(0, 20*time.Minute),
		},
		between: []delay{
			constant(20 * time.Minute), uniform(time.Minute, time.Hour), exponential(15 * time.Minute),
			lognormal(10*time.Minute, 2*time.Hour), constant(2 * time.Minute),
		},
		length: []delay{
			constant(time.Second), constant(2 * time.Minute), uniform(time.Second, 5*time.Minute),
			exponential(time.Minute), lognormal(time.Minute, 30*time.Minute),
		},
		skew: []delay{
			constant(time.Second), uniform(time.Second, time.Hour), exponential(5 * time.Minute),
		},
	}
}

// yamlOf returns the text of every distribution of the menu.
func (m *menu) yamlOf() map[*sim.Distribution]string {
	all := make(map[*sim.Distribution]string)
	for _, list := range [][]delay{
		m.ack, m.activation, m.reboot, m.probe, m.converge, m.rollback, m.between, m.length, m.skew,
	} {
		for _, d := range list {
			all[d.dist] = d.yaml
		}
	}
	return all
}

func constant(d time.Duration) delay {
	return delay{scenario.FormatDuration(d), d, must(sim.Constant(d))}
}

func uniform(low, high time.Duration) delay {
	return delay{
		"{uniform: {min: " + scenario.FormatDuration(low) +
			", max: " + scenario.FormatDuration(high) + "}}",
		high, must(sim.Uniform(low, high)),
	}
}

// The simulator cuts the tail of a distribution at the quantile 99.95 %. For an exponential one
// that is 7.7 means, for a lognormal one at most p99 times the ratio of p99 and the median.
func exponential(mean time.Duration) delay {
	return delay{
		"{exponential: {mean: " + scenario.FormatDuration(mean) + "}}",
		8 * mean, must(sim.Exponential(mean)),
	}
}

func lognormal(median, p99 time.Duration) delay {
	return delay{
		"{lognormal: {median: " + scenario.FormatDuration(median) +
			", p99: " + scenario.FormatDuration(p99) + "}}",
		p99 * (p99 / median), must(sim.LogNormalP99(median, p99)),
	}
}

func must(d *sim.Distribution, err error) *sim.Distribution {
	if err != nil {
		panic("explore: " + err.Error())
	}
	return d
}
