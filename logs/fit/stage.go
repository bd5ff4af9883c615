package fit

import (
	"cmp"
	"math/bits"
	"math/rand/v2"
	"slices"
	"time"

	"rollsim/reducer"
)

// stageKind says what a host does that takes time. The zero value is nothing.
type stageKind uint8

// The stages, as scenarios have them, and one that only tells failures: from the completed switch
// to Converged or Failed.
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

// outcome says how a stage ended.
type outcome uint8

const (
	cutOff outcome = iota // it was not seen to end
	completed
	failed
	deferred
)

// observation is how long one stage was seen to take.
type observation struct {
	took    reducer.Time
	how     outcome
	channel uint32 // index into Learner.named
}

// mostKept is how many observations of a stage are kept; which, where there are more, is drawn
// evenly.
const mostKept = 1 << 16

// longest is how long a stage may take at most, as in scenarios: ten years.
const longest = reducer.Time(10 * 365 * 24 * 3600 * 1_000_000_000)

// stage is what was observed of one.
type stage struct {
	kept   []observation
	seen   uint64
	busy   uint64 // not counted, because something else held it up
	resent uint64
	odd    uint64 // not counted, because it ended before it began
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
	if len(s.kept) < mostKept {
		s.kept = append(s.kept, o)
		return
	}
	if i, _ := bits.Mul64(s.random.Uint64(), s.seen); i < mostKept {
		s.kept[i] = o
	}
}

// sample is a stage's observations with what each counts for.
type sample struct {
	all    []observation // the shortest first
	weight []float64     // beside all, 0 for those that were cut off; together 1 without left
	left   float64       // the part that was seen to take longer than any that was seen to end
	ended  int
	cut    int
	over   int // of cut, those that were seen for more than twice as long as any that ended
}

// weigh lets those that were cut off count as the ones that took longer, as likely for each. left
// is the part for which there are none.
func weigh(all []observation) *sample {
	slices.SortFunc(all, func(a, b observation) int {
		// One that was cut off in the instant in which another ended would have ended later.
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
			s.over++
		}
	}
	return s
}

func ended(o observation) int { return min(int(o.how), 1) }

// part is the part of those that end in one way, among them and those that end in some others.
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

// median is that of the delays that ended in one way, of which there must be some.
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

// known is of how many it is clear whether they ever end. None is where not one has ended: nothing
// tells for how long one has to wait.
func (s *sample) known() int {
	if s.ended == 0 {
		return 0
	}
	return s.ended + s.over
}

// never is the part that never ends: those that were seen for much longer than any took that ended.
func (s *sample) never() float64 {
	// those that were cut off after the last one that ended; what is left is theirs, in equal parts
	trailing := 0
	for i := len(s.all) - 1; i >= 0 && s.all[i].how == cutOff; i-- {
		trailing++
	}
	if trailing == 0 || s.ended == 0 {
		return 0
	}
	return s.left * float64(s.over) / float64(trailing)
}

// delays gives the delays that ended, in milliseconds, with their weights, which come to their
// number. What is left counts with the longest one, but for those that never end.
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
