package sim

import (
	"fmt"
	"math"
	"math/bits"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// tick is the resolution of drawn delays.
const tick = time.Millisecond

// quantileBits sets the size of a quantile table: 2^quantileBits steps.
const quantileBits = 10

// maxDelay bounds a quantile, so that a hostile or mistyped parameter cannot overflow virtual time: ten years.
const maxDelay = 10 * 365 * 24 * time.Hour

// Distribution is where delays are drawn from: a table of quantiles in ticks, made once. Floating point ends here, because
// its last bits differ between architectures: a draw is made of integers only.
//
// The tails are cut at the middle of the first and last step of the table, so at the quantiles 0.05 % and 99.95 %.
type Distribution struct {
	quantiles []int64 // 2^quantileBits+1 of them, rising; a single one is a constant
}

// Constant is always d. Like every delay it is rounded to ticks.
func Constant(d time.Duration) (*Distribution, error) {
	if err := checkDelay("the delay", d); err != nil {
		return nil, err
	}
	return &Distribution{quantiles: []int64{int64((d + tick/2) / tick)}}, nil
}

// Uniform lies between low and high.
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

// Exponential has the given mean.
func Exponential(mean time.Duration) (*Distribution, error) {
	if err := checkDelay("the mean", mean); err != nil {
		return nil, err
	}
	if mean == 0 {
		return Constant(0)
	}
	return tabulate(distuv.Exponential{Rate: 1 / ticks(mean)}.Quantile), nil
}

// LogNormal has the given median; sigma is the standard deviation of the logarithm, from 0 to 10.
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

// LogNormalP99 is the LogNormal of that median whose 99th percentile is p99.
func LogNormalP99(median, p99 time.Duration) (*Distribution, error) {
	if median <= 0 || p99 < median {
		return nil, fmt.Errorf("p99 %v is below the median %v, or the median is not above 0", p99, median)
	}
	if err := checkDelay("the p99", p99); err != nil {
		return nil, err
	}
	return LogNormal(median, math.Log(ticks(p99)/ticks(median))/distuv.UnitNormal.Quantile(0.99))
}

// NewProbability turns a chance from 0 to 1 into its integer form.
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

func ticks(d time.Duration) float64 { return float64(d) / float64(tick) }

func tabulate(quantile func(p float64) float64) *Distribution {
	const steps = 1 << quantileBits
	q := make([]int64, steps+1)
	for i := range q {
		p := float64(i) / steps
		p = min(max(p, 0.5/steps), 1-0.5/steps)
		q[i] = int64(math.Round(min(max(quantile(p), 0), float64(maxDelay/tick))))
	}
	return &Distribution{quantiles: q}
}

// draw gives the delay at a uniform random word: its top bits choose a step of the table, the next ones a place within.
func (d *Distribution) draw(word uint64) time.Duration {
	if len(d.quantiles) == 1 {
		return time.Duration(d.quantiles[0]) * tick
	}
	i := word >> (64 - quantileBits)
	low, high := d.quantiles[i], d.quantiles[i+1]
	within, _ := bits.Mul64(uint64(high-low), word<<quantileBits)
	return time.Duration(low+int64(within)) * tick
}

// comesTrue decides by a uniform random word.
func (p Probability) comesTrue(word uint64) bool { return word>>32 < uint64(p) }
