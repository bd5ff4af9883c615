package fit

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"rollsim/reducer"
)

// stageKind is a stage of a host that takes time. The zero value stands for no stage.
type stageKind uint8

// The stages of scenarios, and health: from the completed switch to Converged or Failed. The latter
// has no delay of its own, only failures.
const (
	ack stageKind = 1 + iota
	activation
	reboot
	probe
	converge
	rollback
	health

	stageEnd
)

// outcome is the end of a stage.
type outcome uint8

const (
	cutOff outcome = iota // the log does not have its end
	completed
	failed
	deferred
)

// observation is the observed duration of one stage.
type observation struct {
	took    reducer.Time
	how     outcome
	channel uint32 // index into learner.named
}

// maxKept is the number of observations of a stage that are kept. If there are more, the kept ones
// are a uniform sample.
const maxKept = 1 << 16

// longest is the maximum duration of a stage, as in scenarios: ten years.
const longest = reducer.Time(10 * 365 * 24 * 3600 * 1_000_000_000)

// stage holds the observations of one stage.
type stage struct {
	kept   []observation
	seen   uint64
	busy   uint64 // not counted, because the host was busy otherwise
	resent uint64
	odd    uint64 // not counted, because the end is before the start
	made   uint64 // not counted, because the control plane has made the end itself
	random rand.PCG
}

func (s *stage) seed(n uint64) { s.random.Seed(n, 0x66697420) }

func (s *stage) add(o observation) {
	if o.took < 0 || o.took > longest {
		if o.how != cutOff {
			s.odd++
		}
		return
	}
	s.seen++
	if len(s.kept) < maxKept {
		s.kept = append(s.kept, o)
		return
	}
	if i, _ := bits.Mul64(s.random.Uint64(), s.seen); i < maxKept {
		s.kept[i] = o
	}
}

// sample holds the observations of a stage with their weights.
type sample struct {
	all     []observation // in ascending order
	weight  []float64     // parallel to all; 0 if cut off; the sum of all weights and left is 1
	left    float64       // the weight of those that were cut off after the longest one that ended
	ended   int
	cut     int
	endless int // those of cut that took more than twice as long as any that ended
}

// weigh returns a sample. It distributes the weight of each observation that was cut off over those
// that took longer; if none exist, the weight is left.
func weigh(all []observation) *sample {
	slices.SortFunc(all, func(a, b observation) int {
		// One that was cut off at the instant at which another ended would have ended later.
		return cmp.Or(
			cmp.Compare(a.took, b.took), cmp.Compare(ended(b), ended(a)), cmp.Compare(a.how, b.how),
		)
	})
	s := &sample{all: all, weight: make([]float64, len(all)), left: 1}
	last := reducer.Time(0)
	for i, o := range all {
		if o.how == cutOff {
			s.cut++
			continue
		}
		s.ended++
		last = o.took
		s.weight[i] = s.left / float64(len(all)-i)
		s.left -= s.weight[i]
	}
	for _, o := range all {
		if o.how == cutOff && o.took/2 > last {
			s.endless++
		}
	}
	return s
}

func ended(o observation) int { return min(int(o.how), 1) }

// part returns the weight of one outcome, as a part of the weight of it and some others.
func (s *sample) part(how outcome, others ...outcome) float64 {
	sum, all := 0.0, 0.0
	for i, o := range s.all {
		if o.how == how {
			sum += s.weight[i]
		}
		if o.how == how || slices.Contains(others, o.how) {
			all += s.weight[i]
		}
	}
	if all == 0 {
		return 0
	}
	return sum / all
}

func (s *sample) count(how outcome) int {
	n := 0
	for _, o := range s.all {
		if o.how == how {
			n++
		}
	}
	return n
}

// median returns the median of the delays with one outcome. There must be at least one.
func (s *sample) median(how outcome) time.Duration {
	n := s.count(how)
	for _, o := range s.all {
		if o.how != how {
			continue
		}
		if n -= 2; n <= 0 {
			return millis(float64(o.took) / 1e6)
		}
	}
	return 0
}

// known returns the number of observations for which it is clear whether they ever end. If none
// ended it is 0, because no delay is known to be long.
func (s *sample) known() int {
	if s.ended == 0 {
		return 0
	}
	return s.ended + s.endless
}

// never returns the weight of those that never end.
func (s *sample) never() float64 {
	// Those that were cut off after the longest one that ended share the weight that is left.
	trailing := 0
	for i := len(s.all) - 1; i >= 0 && s.all[i].how == cutOff; i-- {
		trailing++
	}
	if trailing == 0 || s.ended == 0 {
		return 0
	}
	return s.left * float64(s.endless) / float64(trailing)
}

// delays returns the delays that ended, in milliseconds, with weights whose sum is their number.
// The weight that is left belongs to the longest one, except for that of those that never end.
func (s *sample) delays() (x, w []float64) {
	for i, o := range s.all {
		if o.how != cutOff {
			x = append(x, float64(o.took)/1e6)
			w = append(w, s.weight[i])
		}
	}
	if len(x) == 0 {
		return nil, nil
	}
	w[len(w)-1] += max(0, s.left-s.never())
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	for i := range w {
		w[i] *= float64(len(w)) / sum
	}
	return x, w
}
