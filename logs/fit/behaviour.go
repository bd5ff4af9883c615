package fit

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"rollsim/reducer"
)

// Behaviour is the behaviour of the hosts of a log.
type Behaviour struct {
	Entries     uint64 // of the log
	Hosts       int
	First, Last reducer.Time // the times of the first and the last entry
	Delays      []Delay      // in the order of scenarios
	Chances     []Chance     // in the order of scenarios
	Arrivals    []Delay      // the time between new refs, by channel
	Channels    []string     // all channels of the log
}

// Delay is the duration of a stage, or the time between new refs.
type Delay struct {
	Name    string // as in a scenario; for arrivals the channel
	Meaning string
	Shape   *Shape // nil if it was not learned
	Ended   int    // the number of observations with an end
	Remarks []string
}

// Chance is the probability of a failure or a deferral.
type Chance struct {
	Name    string // as in a scenario
	Meaning string
	Learned bool
	Value   float64 // from 0 to 1
	Came    int     // the number of times that it occurred
	Of      int     // the number of times that it could occur
	Remarks []string
}

var stageNames = [stageEnd]string{
	ack:        "ack",
	activation: "activation",
	reboot:     "reboot",
	probe:      "probe",
	converge:   "converge",
	rollback:   "rollback",
	health:     "", // no delay of a scenario
}

var stageMeanings = [stageEnd]string{
	ack:        "from the dispatch to its ack",
	activation: "from the ack to the end of the switch",
	reboot:     "from a deferred switch to the reboot that completes it",
	probe:      "from the completed switch to the first probe result",
	converge:   "from the end of soak and probes to convergence",
	rollback:   "from the failure to the completed rollback",
	health:     "",
}

// Anything reports whether anything was learned.
func (b *Behaviour) Anything() bool {
	learned := func(d Delay) bool { return d.Shape != nil }
	return slices.ContainsFunc(b.Delays, learned) || slices.ContainsFunc(b.Arrivals, learned) ||
		slices.ContainsFunc(b.Chances, func(c Chance) bool { return c.Learned })
}

// finish returns the behaviour at the end of the log. The learner must not be used afterwards.
func (l *learner) finish() *Behaviour {
	for _, h := range l.order {
		l.cutWaiting(h, l.last)
		l.cut(&h.working, l.last)
	}
	// If a channel does not roll back, a missing rollback is no observation.
	s := &l.stages[rollback]
	s.kept = slices.DeleteFunc(
		s.kept, func(o observation) bool { return !l.named[o.channel].rollsBack },
	)

	b := &Behaviour{Entries: l.entries, Hosts: len(l.order), First: l.first, Last: l.last}
	var samples [stageEnd]*sample
	for k := ack; k < stageEnd; k++ {
		samples[k] = weigh(l.stages[k].kept)
		if k != health {
			b.Delays = append(b.Delays, l.delay(k, samples[k]))
		}
	}
	b.Chances = chances(&samples)
	for _, c := range l.named {
		b.Channels = append(b.Channels, string(c.id))
		if c.polled.count+c.opened.count > 0 && l.wants(c.id) {
			b.Arrivals = append(b.Arrivals, c.arrivals(l.last))
		}
	}
	return b
}

func (l *learner) delay(k stageKind, of *sample) Delay {
	d := Delay{Name: stageNames[k], Meaning: stageMeanings[k], Ended: of.ended}
	s := &l.stages[k]
	if of.ended == 0 {
		if of.cut > 0 {
			d.remark("not learned: the log has the end of none of the %d that started", of.cut)
		} else {
			d.remark("not learned: the log has none")
		}
	} else {
		if k == ack || k == rollback {
			d.fit(of, of.cut-of.endless) // that one never ends is a chance of its own
		} else {
			d.fit(of, of.cut)
		}
	}
	d.remarkIf(s.busy, "%d not counted, because the host was busy with another switch, or its "+
		"agent restarted or could not report the start")
	d.remarkIf(s.resent, "%d only ended after the dispatch was sent again; they count from the first "+
		"dispatch")
	d.remarkIf(s.made, "%d not counted, because the control plane has moved the host itself, after a "+
		"heartbeat")
	d.remarkIf(s.odd, "%d not counted, because in the log they end before they start")
	if s.seen > maxKept {
		d.remark("sampled evenly from %d", s.seen)
	}
	return d
}

// fit chooses the distribution of the observations that ended. cut is the number of those that did
// not.
func (d *Delay) fit(of *sample, cut int) {
	x, w := of.delays()
	remark := ""
	d.Shape, remark = choose(x, w)
	if cut > 0 {
		d.remark("%d cut off, counted as longer than observed", cut)
	}
	if remark != "" {
		d.remark("%s", remark)
	}
}

func (d *Delay) remark(format string, args ...any) {
	d.Remarks = append(d.Remarks, fmt.Sprintf(format, args...))
}

func (d *Delay) remarkIf(n uint64, format string) {
	if n > 0 {
		d.remark(format, n)
	}
}

// chances returns the chances in the order of scenarios.
func chances(samples *[stageEnd]*sample) []Chance {
	switches, reboots, healths := samples[activation], samples[reboot], samples[health]
	one := func(name, meaning string, came, of int, value float64) Chance {
		c := Chance{Name: name, Meaning: meaning, Learned: of > 0, Came: came, Of: of}
		if c.Learned {
			c.Value = min(max(value, 0), 1)
		} else {
			c.remark("not learned: the log has no case of it")
		}
		return c
	}
	failure := func(s *sample) float64 {
		return s.part(failed, completed) * float64(s.count(failed)+s.count(completed))
	}
	finished := switches.count(failed) + switches.count(completed) + reboots.ended
	all := []Chance{
		one("activation_failure", "a switch fails",
			switches.count(failed)+reboots.count(failed), finished,
			(failure(switches)+failure(reboots))/float64(finished)),
		one("deferral", "a switch is deferred until a reboot",
			switches.count(deferred), switches.ended, switches.part(deferred, failed, completed)),
		one("probe_failure", "probes fail",
			healths.count(failed), healths.ended, healths.part(failed, completed)),
		one("rollback_failure", "a rollback never completes",
			samples[rollback].endless, samples[rollback].known(), samples[rollback].never()),
		one("no_answer", "a dispatch is never acknowledged",
			samples[ack].endless, samples[ack].known(), samples[ack].never()),
	}
	all[2].remarkLate(healths, samples[probe])
	return all
}

func (c *Chance) remark(format string, args ...any) {
	c.Remarks = append(c.Remarks, fmt.Sprintf(format, args...))
}

// remarkLate adds a remark if the failures of the log occur at another time after the switch than
// simulated ones, whose time is fixed.
func (c *Chance) remarkLate(healths, probes *sample) {
	if healths.count(failed) == 0 || probes.ended == 0 {
		return
	}
	recorded, first := healths.median(failed), probes.median(completed)
	simulated := first + reducer.SustainedFailureSeconds*time.Second
	if (recorded - simulated).Abs() > simulated/10 {
		c.remark("recorded failures occur %s after the switch, simulated ones %s (medians)",
			format(recorded), format(simulated))
	}
}

// level is the number of standard deviations that enclose 95 % of a normal distribution.
const level = 1.96

// Interval returns the confidence interval of the chance at 95 % (Wilson).
func (c *Chance) Interval() (low, high float64) {
	n := float64(c.Of)
	middle := (c.Value + level*level/(2*n)) / (1 + level*level/n)
	half := level * math.Sqrt(c.Value*(1-c.Value)/n+level*level/(4*n*n)) / (1 + level*level/n)
	return max(0, middle-half), min(1, middle+half)
}

// percent returns a chance as scenarios have it.
func percent(p float64) string {
	if p < 5e-7 {
		return "0"
	}
	return strconv.FormatFloat(100*p, 'g', 3, 64) + "%"
}

// minPause is the minimum of the average time between new refs in scenarios.
const minPause = time.Second

// arrivals returns the time between new refs of the channel, by its polls or, if there are fewer,
// by the rollouts that it opened.
func (c *channel) arrivals(end reducer.Time) Delay {
	d := Delay{Name: string(c.id), Meaning: "from one new ref to the next, as polls saw them"}
	a := &c.polled
	if a.count < c.opened.count {
		a = &c.opened
		d.Meaning = "from one new ref to the next, as their rollouts were opened"
	}
	if a.gaps.seen == 0 {
		d.remark("not learned: the log has only one ref")
		return d
	}
	a.gaps.add(observation{took: end - a.last, how: cutOff})
	of := weigh(a.gaps.kept)
	if d.Ended = of.ended; of.ended > 0 {
		d.fit(of, of.cut)
		if d.Shape.Distribution.Mean() < minPause {
			d.Shape = nil
			d.remark("not learned: the average is below %v, the minimum of scenarios", minPause)
		}
	}
	if a.returned > 0 {
		d.remark("%d changes back to an earlier ref are left out", a.returned)
	}
	return d
}
