package sim

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"rollsim/reducer"
)

// tick is the resolution of drawn delays.
const tick = time.Millisecond

// quantileSteps is the number of steps of a table that is computed from a formula.
const quantileSteps = 1 << 10

// maxDelay limits a quantile to ten years, so that a hostile or mistyped parameter cannot overflow
// virtual time.
const maxDelay = 10 * 365 * 24 * time.Hour

// Distribution is a distribution of delays: a table of quantiles in ticks, which is computed once.
// A draw uses integers only, because the last bits of floating point differ between architectures.
//
// A table that is computed from a formula cuts the tails at the middle of its first and last step,
// so at the quantiles 0.05 % and 99.95 %.
type Distribution struct {
	// at evenly spaced probabilities from 0 to 1, never falling; a single one is a constant
	quantiles []int64
}

// Constant returns the distribution that is always d. Like every delay it is rounded to ticks.
func Constant(d time.Duration) (*Distribution, error) {
	if err := checkDelay("the delay", d); err != nil {
		return nil, err
	}
	return &Distribution{quantiles: []int64{rounded(d)}}, nil
}

// Uniform returns the uniform distribution from low to high.
func Uniform(low, high time.Duration) (*Distribution, error) {
	if err := checkDelay("the lower end", low); err != nil {
		return nil, err
	}
	if err := checkDelay("the upper end", high); err != nil {
		return nil, err
	}
	if high < low {
		return nil, fmt.Errorf("the upper end %v is below the lower end %v", high, low)
	}
	if high == low {
		return Constant(low)
	}
	return tabulate(distuv.Uniform{Min: ticks(low), Max: ticks(high)}.Quantile), nil
}

// Exponential returns the exponential distribution of a mean.
func Exponential(mean time.Duration) (*Distribution, error) {
	if err := checkDelay("the mean", mean); err != nil {
		return nil, err
	}
	if mean == 0 {
		return Constant(0)
	}
	return tabulate(distuv.Exponential{Rate: 1 / ticks(mean)}.Quantile), nil
}

// LogNormal returns the log-normal distribution of a median. sigma is the standard deviation of the
// logarithm, from 0 to 10.
func LogNormal(median time.Duration, sigma float64) (*Distribution, error) {
	if err := checkDelay("the median", median); err != nil {
		return nil, err
	}
	if !(sigma >= 0 && sigma <= 10) {
		return nil, fmt.Errorf("sigma %v is not between 0 and 10", sigma)
	}
	if median == 0 || sigma == 0 {
		return Constant(median)
	}
	return tabulate(distuv.LogNormal{Mu: math.Log(ticks(median)), Sigma: sigma}.Quantile), nil
}

// LogNormalP99 returns the log-normal distribution of a median whose 99th percentile is p99.
func LogNormalP99(median, p99 time.Duration) (*Distribution, error) {
	if median <= 0 || p99 < median {
		return nil, fmt.Errorf("p99 %v is below the median %v, or the median is not above 0", p99, median)
	}
	if err := checkDelay("the p99", p99); err != nil {
		return nil, err
	}
	return LogNormal(median, math.Log(ticks(p99)/ticks(median))/distuv.UnitNormal.Quantile(0.99))
}

// normalReach is the number of standard deviations at which a normal distribution without bounds is
// truncated.
const normalReach = 4

// Normal returns the normal distribution of a mean and a standard deviation, truncated at low and
// high. A bound that is not set is four standard deviations from the mean, but not below 0.
func Normal(
	mean, stddev time.Duration, low, high reducer.Opt[time.Duration],
) (*Distribution, error) {
	if err := checkDelay("the mean", mean); err != nil {
		return nil, err
	}
	if err := checkDelay("the standard deviation", stddev); err != nil {
		return nil, err
	}
	lowest, highest := mean-normalReach*stddev, mean+normalReach*stddev
	from, to := max(0, lowest), min(highest, maxDelay)
	if low.Set {
		from = low.Value
	}
	if high.Set {
		to = high.Value
	}
	if err := checkDelay("the lower bound", from); err != nil {
		return nil, err
	}
	if err := checkDelay("the upper bound", to); err != nil {
		return nil, err
	}
	// Beyond four standard deviations the probabilities are too small to draw with any precision.
	if from > to || from > highest || to < lowest {
		return nil, fmt.Errorf(
			"the bounds %v and %v leave nothing within four standard deviations of the mean, from %v to %v",
			from, to, max(0, lowest), highest,
		)
	}
	if stddev == 0 {
		return Constant(mean)
	}
	normal := distuv.Normal{Mu: ticks(mean), Sigma: ticks(stddev)}
	first, last := normal.CDF(ticks(from)), normal.CDF(ticks(to))
	return tabulate(func(p float64) float64 {
		x := normal.Quantile(min(first+float64(p*(last-first)), 1))
		return min(max(x, ticks(from)), ticks(to))
	}), nil
}

// Weibull returns the Weibull distribution of a scale (the quantile 63.2 %) and a shape. The shape
// is from 0.1 to 1000. Below 1 early ends are likely, above 1 late ones, and 1 is exponential.
func Weibull(scale time.Duration, shape float64) (*Distribution, error) {
	if err := checkDelay("the scale", scale); err != nil {
		return nil, err
	}
	if err := checkShape(shape, 0.1, 1000); err != nil {
		return nil, err
	}
	if scale == 0 {
		return Constant(0)
	}
	return tabulate(distuv.Weibull{Lambda: ticks(scale), K: shape}.Quantile), nil
}

// Gamma returns the gamma distribution of a mean and a shape, from 0.5 to 1000. The shape is the
// number of exponential stages that follow each other. Below 0.5 gonum's quantiles are wrong: at
// 0.2 they are off by a tenth, at 0.1 they fall.
func Gamma(mean time.Duration, shape float64) (*Distribution, error) {
	if err := checkDelay("the mean", mean); err != nil {
		return nil, err
	}
	if err := checkShape(shape, 0.5, 1000); err != nil {
		return nil, err
	}
	if mean == 0 {
		return Constant(0)
	}
	return tabulate(distuv.Gamma{Alpha: shape, Beta: shape / ticks(mean)}.Quantile), nil
}

// GammaByScale returns the gamma distribution of a shape whose stages take scale each, on average.
func GammaByScale(scale time.Duration, shape float64) (*Distribution, error) {
	if err := checkDelay("the scale", scale); err != nil {
		return nil, err
	}
	if err := checkShape(shape, 0.5, 1000); err != nil {
		return nil, err
	}
	mean := float64(scale) * shape
	if mean > float64(maxDelay) {
		return nil, fmt.Errorf("the mean, scale %v times shape %v, is above ten years", scale, shape)
	}
	return Gamma(time.Duration(mean), shape)
}

// Empirical returns the distribution of measured delays. quantiles are at evenly spaced
// probabilities, from the shortest delay to the longest: at least two, none below the one before
// it. All delays between two neighbours are equally likely.
func Empirical(quantiles []time.Duration) (*Distribution, error) {
	if len(quantiles) < 2 {
		return nil, fmt.Errorf(
			"%d quantiles are too few: at least the shortest and the longest delay", len(quantiles),
		)
	}
	table := make([]int64, len(quantiles))
	for i, q := range quantiles {
		if err := checkDelay("the quantile", q); err != nil {
			return nil, err
		}
		if i > 0 && q < quantiles[i-1] {
			return nil, fmt.Errorf(
				"the quantiles fall from %v to %v: they go from the shortest delay to the longest",
				quantiles[i-1], q,
			)
		}
		table[i] = rounded(q)
	}
	return &Distribution{quantiles: table}, nil
}

// Mean returns the mean of the delays.
func (d *Distribution) Mean() time.Duration {
	if len(d.quantiles) == 1 {
		return time.Duration(d.quantiles[0]) * tick
	}
	twice := int64(0)
	for i, q := range d.quantiles[1:] {
		twice += d.quantiles[i] + q
	}
	return time.Duration(twice/int64(2*(len(d.quantiles)-1))) * tick
}

// Fixed returns the delay of a constant distribution. It reports false for any other one.
func (d *Distribution) Fixed() (time.Duration, bool) {
	return d.Longest(), len(d.quantiles) == 1
}

// Equal reports whether two distributions draw the same delays.
func (d *Distribution) Equal(other *Distribution) bool {
	return d == other || slices.Equal(d.quantiles, other.quantiles)
}

// Table returns the quantiles of the distribution: the shortest delay, the longest, and those at
// evenly spaced probabilities between them.
func (d *Distribution) Table() []time.Duration {
	all := make([]time.Duration, len(d.quantiles))
	for i, q := range d.quantiles {
		all[i] = time.Duration(q) * tick
	}
	return all
}

// Longest returns the longest delay that can be drawn.
func (d *Distribution) Longest() time.Duration {
	return time.Duration(d.quantiles[len(d.quantiles)-1]) * tick
}

// Quantiles returns n equally likely delays, the shortest first: the middles of n equal parts of
// the distribution. n is at least 1.
func (d *Distribution) Quantiles(n int) []time.Duration {
	all := make([]time.Duration, n)
	half := math.MaxUint64 / (2 * uint64(n))
	for i := range all {
		all[i] = d.draw((2*uint64(i) + 1) * half)
	}
	return all
}

// NewProbability returns the integer form of a chance from 0 to 1.
func NewProbability(p float64) (Probability, error) {
	if !(p >= 0 && p <= 1) {
		return 0, fmt.Errorf("%v is not a probability from 0 to 1", p)
	}
	return Probability(p * float64(Certain)), nil
}

func checkDelay(what string, d time.Duration) error {
	if d < 0 || d > maxDelay {
		return fmt.Errorf("%s %v is not between 0 and ten years", what, d)
	}
	return nil
}

func checkShape(shape, low, high float64) error {
	if !(shape >= low && shape <= high) {
		return fmt.Errorf("the shape %v is not between %v and %v", shape, low, high)
	}
	return nil
}

func ticks(d time.Duration) float64 { return float64(d) / float64(tick) }

func rounded(d time.Duration) int64 { return int64((d + tick/2) / tick) }

func tabulate(quantile func(p float64) float64) *Distribution {
	q := make([]int64, quantileSteps+1)
	for i := range q {
		p := float64(i) / quantileSteps
		p = min(max(p, 0.5/quantileSteps), 1-0.5/quantileSteps)
		q[i] = int64(math.Round(min(max(quantile(p), 0), float64(maxDelay/tick))))
	}
	return &Distribution{quantiles: q}
}

// draw returns the delay at a uniform random word. The integer part of word times steps selects a
// step of the table, the fraction a place within the step.
func (d *Distribution) draw(word uint64) time.Duration {
	if len(d.quantiles) == 1 {
		return time.Duration(d.quantiles[0]) * tick
	}
	i, rest := bits.Mul64(word, uint64(len(d.quantiles)-1))
	low, high := d.quantiles[i], d.quantiles[i+1]
	within, _ := bits.Mul64(uint64(high-low), rest)
	return time.Duration(low+int64(within)) * tick
}

// comesTrue reports whether a uniform random word falls within the probability.
func (p Probability) comesTrue(word uint64) bool { return word>>32 < uint64(p) }
