package scenario

import (
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// leastPause is the shortest mean time between two changes of a ref: the shortest poll interval.
const leastPause = time.Second

// defaultPrefix precedes the numbers in the refs of traffic.
const defaultPrefix = "r"

// prefix returns the text before the numbers in the names of the refs.
func (t *traffic) prefix() string {
	if t.Prefix != nil {
		return *t.Prefix
	}
	return defaultPrefix
}

func (b *builder) buildTraffic() []sim.Traffic {
	var made []sim.Traffic
	type stream struct {
		channel reducer.ChannelID
		prefix  string
	}
	seen := make(map[stream]bool)
	for i := range b.doc.Traffic {
		if b.tooMany("traffic", i) {
			return made
		}
		t := &b.doc.Traffic[i]
		if b.channelNamed(t.Channel) < 0 {
			b.reject(
				at("traffic", i, "channel"), "%v", unknownName{"channel", string(t.Channel), b.channels},
			)
		}
		one := sim.Traffic{
			Channel: t.Channel,
			From:    time.Duration(t.From),
			Until:   b.checkWindow(t.From, t.Until, "traffic", i),
		}
		kinds := 0
		if t.Arrivals != nil {
			kinds++
			one.Kind, one.Every = sim.Arrivals, t.Arrivals.distribution
			b.checkPause(one.Every, at("traffic", i, "arrivals"))
		}
		if t.Periodic != nil {
			kinds++
			one.Kind, one.Every = sim.Arrivals, b.constant(*t.Periodic, at("traffic", i, "periodic"))
			b.checkPause(one.Every, at("traffic", i, "periodic"))
		}
		if t.Flapping != nil {
			kinds++
			one.Kind, one.Between = sim.Flapping, t.Flapping.Between
			one.Every = t.Flapping.Every.distribution
			b.checkPause(one.Every, at("traffic", i, "flapping", "every"))
			b.checkFlapping(i)
		}
		if kinds != 1 {
			b.reject(
				at("traffic", i), "expected one of arrivals, periodic and flapping, found %d of them", kinds,
			)
			continue
		}
		if one.Kind == sim.Arrivals {
			one.Prefix = t.prefix()
			b.checkName("the prefix", one.Prefix, "", at("traffic", i, "prefix"))
			if seen[stream{t.Channel, one.Prefix}] {
				b.reject(at("traffic", i), "channel %s already has traffic with prefix %s: set another one",
					t.Channel, quote(one.Prefix))
			}
			seen[stream{t.Channel, one.Prefix}] = true
		} else if t.Prefix != nil {
			b.reject(at("traffic", i, "prefix"), "prefix: not used by flapping, which lists its refs")
		}
		made = append(made, one)
	}
	return made
}

// checkFlapping checks the refs between which traffic alternates.
func (b *builder) checkFlapping(i int) {
	between := b.doc.Traffic[i].Flapping.Between
	if len(between) < 2 {
		b.reject(at("traffic", i, "flapping", "between"), "between: at least two refs are needed")
	}
	for j, ref := range between {
		if b.enough() {
			return
		}
		b.checkName("the ref", string(ref), "", at("traffic", i, "flapping", "between", j))
	}
}

// checkPause rejects traffic so dense that a run would take very long.
func (b *builder) checkPause(every *sim.Distribution, where []any) {
	if every != nil && every.Mean() < leastPause {
		b.reject(where, "ref changes must be at least %v apart on average", leastPause)
	}
}

// constant returns the distribution of a fixed interval.
func (b *builder) constant(d duration, where []any) *sim.Distribution {
	made, err := (&distribution{Constant: &d}).make()
	if err != nil {
		b.reject(where, "%v", err)
	}
	return made
}

// checkWindow checks from and until of a rule and returns until, which is 0 for the end of the run.
func (b *builder) checkWindow(from duration, until *duration, field string, i int) time.Duration {
	if !b.anyFleet && from > b.doc.Horizon {
		b.reject(at(field, i, "from"), "from: %s is after the horizon, which is %s",
			FormatDuration(time.Duration(from)), FormatDuration(time.Duration(b.doc.Horizon)))
	}
	if until == nil {
		return 0
	}
	if *until <= from {
		b.reject(at(field, i, "until"), "until: must be after from, which is %s",
			FormatDuration(time.Duration(from)))
	}
	return time.Duration(*until)
}
