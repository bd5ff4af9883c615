package explore

import (
	"strconv"
	"time"

	"rollsim/sim"
)

// delay is a distribution that can also be written down.
type delay struct {
	yaml string        // as it stands in a scenario file
	most time.Duration // no draw is longer
	dist *sim.Distribution
}

// menu holds the distributions that a swarm draws from. They are made once, because a table of
// quantiles takes longer to make than a small fleet to simulate.
type menu struct {
	ack, activation, reboot, probe, converge, rollback []delay
	between                                            []delay // from one ref to the next
	length                                             []delay // of faults
	skew                                               []delay
}

func newMenu() *menu {
	return &menu{
		ack: []delay{
			constant(time.Second),
			uniform(time.Second, 5*time.Second),
			exponential(10 * time.Second),
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
			constant(
				time.Second,
			), constant(2 * time.Minute), uniform(time.Second, 5*time.Minute), exponential(time.Minute),
			lognormal(time.Minute, 30*time.Minute),
		},
		skew: []delay{
			constant(time.Second),
			uniform(time.Second, time.Hour),
			exponential(5 * time.Minute),
		},
	}
}

// yamlOf gives every distribution of the menu as it is written down.
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
	return delay{spell(d), d, must(sim.Constant(d))}
}

func uniform(low, high time.Duration) delay {
	return delay{
		"{uniform: {min: " + spell(low) + ", max: " + spell(high) + "}}",
		high,
		must(sim.Uniform(low, high)),
	}
}

// The tails are cut at the quantile 99.95 %: of an exponential that is 7.7 means, of a lognormal
// within the square of what p99 is to the median.
func exponential(mean time.Duration) delay {
	return delay{"{exponential: {mean: " + spell(mean) + "}}", 8 * mean, must(sim.Exponential(mean))}
}

func lognormal(median, p99 time.Duration) delay {
	return delay{
		"{lognormal: {median: " + spell(
			median,
		) + ", p99: " + spell(
			p99,
		) + "}}", p99 * (p99 / median), must(sim.LogNormalP99(median, p99)),
	}
}

func must(d *sim.Distribution, err error) *sim.Distribution {
	if err != nil {
		panic("explore: " + err.Error())
	}
	return d
}

// spell writes a duration as short as scenario files allow.
func spell(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var s string
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{
		{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond},
		{"us", time.Microsecond}, {"ns", 1},
	} {
		if n := d / unit.length; n > 0 {
			s += strconv.FormatInt(int64(n), 10) + unit.name
			d -= n * unit.length
		}
	}
	return s
}
