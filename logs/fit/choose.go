package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"rollsim/reducer"
	"rollsim/sim"
)

const (
	// minDelays is the number of delays from which on one formula can be distinguished from another.
	minDelays = 20
	// closeEnough is the distance below which a formula is chosen, even if there are enough delays to
	// reject it.
	closeEnough = 0.05
	// maxQuantiles is the maximum number of quantiles of an empirical distribution: every 2.5 %.
	maxQuantiles = 41
	// compared is the number of delays of a distribution from which its distance is computed.
	compared = 4096
)

// Shape is a distribution and its distance from the delays of a log.
type Shape struct {
	Name         string // such as lognormal
	Text         string // as in a scenario
	Distribution *sim.Distribution
	Distance     float64 // of Kolmogorov and Smirnov, rounded to thousandths
}

// shape returns a Shape, or nil if the parameters are not those of a distribution of scenarios.
// They must be rounded, so that the distance is that of the text.
func shape(name, parameters string, d *sim.Distribution, err error) *Shape {
	if err != nil {
		return nil
	}
	return &Shape{Name: name, Text: "{" + name + ": " + parameters + "}", Distribution: d}
}

// measure computes the distance of the distribution from delays with weights.
func (s *Shape) measure(x, w []float64) {
	drawn := make([]float64, compared)
	for i, q := range s.Distribution.Quantiles(compared) {
		drawn[i] = float64(q) / 1e6
	}
	s.Distance = math.Round(stat.KolmogorovSmirnov(rounded(x), w, drawn, nil)*1000) / 1000
}

// rounded returns delays in whole milliseconds, like those that are drawn. Otherwise a constant
// delay would have the maximum distance from the same delay with its microseconds.
func rounded(x []float64) []float64 {
	all := make([]float64, len(x))
	for i, v := range x {
		all[i] = math.Round(v)
	}
	return all
}

// choose returns the distribution that is nearest to delays in milliseconds, in ascending order,
// with weights. The remark is the reason why it is not one of the formulas.
func choose(x, w []float64) (best *Shape, remark string) {
	if first, last := math.Round(x[0]), math.Round(x[len(x)-1]); first == last {
		d, _ := sim.Constant(millis(first)) // an observed delay is valid
		best = &Shape{Name: "constant", Text: format(millis(first)), Distribution: d}
		best.measure(x, w)
		return best, ""
	}
	best = empirical(x, w)
	best.measure(x, w)
	if len(x) < minDelays {
		return best, fmt.Sprintf("too few for a formula: at least %d are needed", minDelays)
	}
	nearest := nearestOf(formulas(x, w), x, w)
	// The second bound is approximately the critical distance at a level of 5 % for a formula that was
	// fitted to the same delays (Lilliefors).
	if nearest.Distance <= max(closeEnough, 0.9/math.Sqrt(float64(len(x)))) {
		return nearest, ""
	}
	return best, fmt.Sprintf("no formula is near, the nearest is %s with D %.3f", nearest.Text,
		nearest.Distance)
}

// nearestOf returns the nearest of the formulas. The first one has the fewest parameters: it is
// chosen unless another one is nearer by more than chance explains.
func nearestOf(all []*Shape, x, w []float64) *Shape {
	var nearest *Shape
	for _, s := range all {
		if s == nil {
			continue
		}
		if s.measure(x, w); nearest == nil || s.Distance < nearest.Distance {
			nearest = s
		}
	}
	if first := all[0]; first != nil &&
		first.Distance < nearest.Distance+max(0.005, 0.3/math.Sqrt(float64(len(x)))) {
		return first
	}
	return nearest
}

// formulas fits each formula of scenarios, the exponential one first. A formula that cannot be
// fitted is nil.
func formulas(x, w []float64) []*Shape {
	logs, positive := make([]float64, len(x)), make([]float64, len(x))
	for i, v := range x {
		positive[i] = max(v, 0.5) // 0 has no logarithm
		logs[i] = math.Log(positive[i])
	}
	var exponential distuv.Exponential
	exponential.Fit(positive, w)
	var ofLogs, normal distuv.Normal
	ofLogs.Fit(logs, w)
	normal.Fit(x, w)
	mean, meanLog := stat.Mean(positive, w), ofLogs.Mu
	return []*Shape{
		makeExponential(exponential.Mean()),
		makeUniform(x[0], x[len(x)-1]),
		makeLogNormal(ofLogs.Mu, ofLogs.Sigma),
		makeGamma(mean, root(func(k float64) float64 {
			return math.Log(k) - mathext.Digamma(k) - math.Log(mean) + meanLog
		})),
		makeWeibull(logs, w, meanLog),
		makeNormal(normal.Mu, normal.Sigma),
	}
}

func makeExponential(mean float64) *Shape {
	m := millis(mean)
	d, err := sim.Exponential(m)
	return shape("exponential", fmt.Sprintf("{mean: %s}", format(m)), d, err)
}

func makeUniform(low, high float64) *Shape {
	from, to := millis(low), millis(high)
	d, err := sim.Uniform(from, to)
	return shape("uniform", fmt.Sprintf("{min: %s, max: %s}", format(from), format(to)), d, err)
}

func makeLogNormal(mu, sigma float64) *Shape {
	median := millis(math.Exp(mu))
	p99 := millis(math.Exp(mu + float64(sigma*distuv.UnitNormal.Quantile(0.99))))
	d, err := sim.LogNormalP99(median, p99)
	return shape(
		"lognormal", fmt.Sprintf("{median: %s, p99: %s}", format(median), format(p99)), d, err,
	)
}

func makeGamma(mean, k float64) *Shape {
	m, k := millis(mean), thousandths(k)
	d, err := sim.Gamma(m, k)
	return shape("gamma", fmt.Sprintf("{shape: %v, mean: %s}", k, format(m)), d, err)
}

// makeWeibull solves for the most likely shape from the logarithms of the delays. It computes
// powers of their ratios to the longest delay, so that none overflows.
func makeWeibull(logs, w []float64, meanLog float64) *Shape {
	longest := logs[len(logs)-1]
	moments := func(k float64) (sum, sumLogs float64) {
		for i, v := range logs {
			p := w[i] * math.Exp(k*(v-longest))
			sum += p
			sumLogs += float64(p * v)
		}
		return sum, sumLogs
	}
	k := thousandths(root(func(k float64) float64 {
		sum, sumLogs := moments(k)
		return 1/k + meanLog - sumLogs/sum
	}))
	sum, _ := moments(k)
	scale := millis(math.Exp(longest + math.Log(sum/float64(len(logs)))/k))
	d, err := sim.Weibull(scale, k)
	return shape("weibull", fmt.Sprintf("{scale: %s, shape: %v}", format(scale), k), d, err)
}

func makeNormal(mean, stddev float64) *Shape {
	m, s := millis(mean), millis(stddev)
	none := reducer.Opt[time.Duration]{}
	d, err := sim.Normal(m, s, none, none)
	return shape("normal", fmt.Sprintf("{mean: %s, stddev: %s}", format(m), format(s)), d, err)
}

// root returns the zero of a falling function of a shape, within the range of valid shapes.
func root(f func(float64) float64) float64 {
	low, high := 0.01, 10_000.0
	for range 50 {
		middle := math.Sqrt(low * high)
		if f(middle) > 0 {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// empirical returns the distribution of evenly spaced quantiles, from the shortest delay to the
// longest.
func empirical(x, w []float64) *Shape {
	n := max(2, min(len(x), maxQuantiles))
	quantiles := make([]time.Duration, n)
	texts := make([]string, n)
	for i := range quantiles {
		quantiles[i] = millis(quantile(float64(i)/float64(n-1), x, w))
		if i > 0 {
			quantiles[i] = max(quantiles[i], quantiles[i-1]) // shorter delays are rounded less
		}
		texts[i] = format(quantiles[i])
	}
	d, err := sim.Empirical(quantiles)
	return shape("empirical", "["+strings.Join(texts, ", ")+"]", d, err)
}

// quantile interpolates between the two delays whose positions are nearest to p. The position of
// the first delay is 0, that of the last 1.
func quantile(p float64, x, w []float64) float64 {
	place := make([]float64, len(x))
	sum := 0.0
	for i := range x {
		place[i] = sum + w[i]/2
		sum += w[i]
	}
	at := place[0] + float64(p*(place[len(x)-1]-place[0]))
	i, exact := slices.BinarySearch(place, at)
	switch {
	case exact || i == 0:
		return x[i]
	case i == len(x):
		return x[i-1]
	}
	part := (at - place[i-1]) / (place[i] - place[i-1])
	return x[i-1] + float64(part*(x[i]-x[i-1]))
}

// millis returns a delay of milliseconds, rounded to four significant digits and to whole
// milliseconds.
func millis(ms float64) time.Duration {
	if !(ms < float64(longest)/1e6) {
		return -1 // invalid for every distribution
	}
	unit := math.Pow(10, max(0, math.Floor(math.Log10(max(ms, 1)))-3))
	return min(time.Duration(math.Round(ms/unit)*unit)*time.Millisecond, time.Duration(longest))
}

func thousandths(f float64) float64 { return math.Round(f*1000) / 1000 }

// format returns a delay as scenarios have it: 1h30m, not 1h30m0s.
func format(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-len(zero)+1]
		}
	}
	return text
}
