package sim

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"

	"rollsim/reducer"
)

var none = reducer.Opt[time.Duration]{}

// phi is the cumulative distribution function of the standard normal distribution.
func phi(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// TestQuantiles compares the table of each distribution with the cumulative distribution function
// of textbooks, in seconds, and the draws with the table.
func TestQuantiles(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	bounded := func(low, high float64) func(float64) float64 {
		return func(x float64) float64 {
			return (phi((x-40)/10) - phi((low-40)/10)) / (phi((high-40)/10) - phi((low-40)/10))
		}
	}
	tests := []struct {
		name      string
		make      func() (*Distribution, error)
		cdf       func(x float64) float64
		low, high time.Duration // bounds of what is drawn
		mean      time.Duration
	}{
		{
			"uniform", func() (*Distribution, error) { return Uniform(1*s, 3*s) },
			func(x float64) float64 { return (x - 1) / 2 }, 1 * s, 3 * s, 2 * s,
		},
		{
			"exponential", func() (*Distribution, error) { return Exponential(10 * s) },
			func(x float64) float64 { return 1 - math.Exp(-x/10) }, 0, 77 * s, 10 * s,
		},
		{
			"lognormal", func() (*Distribution, error) { return LogNormal(10*s, 0.5) },
			func(x float64) float64 { return phi(math.Log(x/10) / 0.5) },
			1900 * ms, 52 * s, 11331 * ms,
		},
		{
			"lognormal by p99", func() (*Distribution, error) { return LogNormalP99(10*s, 40*s) },
			func(x float64) float64 { return phi(math.Log(x/10) / (math.Log(4) / 2.3263478740408408)) },
			1400 * time.Millisecond, 72 * s, 11943 * time.Millisecond,
		},
		{
			"normal", func() (*Distribution, error) { return Normal(100*s, 10*s, none, none) },
			func(x float64) float64 { return (phi((x-100)/10) - phi(-4)) / (phi(4) - phi(-4)) },
			60 * s, 140 * s, 100 * s,
		},
		{
			"normal near 0", func() (*Distribution, error) { return Normal(40*s, 10*s, none, none) },
			bounded(0, 80), 0, 80 * s, 40 * s,
		},
		{
			"normal with bounds", func() (*Distribution, error) {
				return Normal(40*s, 10*s, reducer.Some(35*s), reducer.Some(70*s))
			},
			bounded(35, 70), 35 * s, 70 * s, 45 * s,
		},
		{
			"normal with a bound far out", func() (*Distribution, error) {
				return Normal(40*s, 10*s, reducer.Some(79*s), reducer.Some(100*s))
			},
			bounded(79, 100), 79 * s, 100 * s, 81400 * time.Millisecond,
		},
		{
			"weibull", func() (*Distribution, error) { return Weibull(40*s, 2) },
			func(x float64) float64 { return 1 - math.Exp(-x*x/1600) }, 0, 111 * s, 35449 * time.Millisecond,
		},
		{
			"weibull of shape 1", func() (*Distribution, error) { return Weibull(10*s, 1) },
			func(x float64) float64 { return 1 - math.Exp(-x/10) }, 0, 77 * s, 10 * s,
		},
		{
			"gamma of shape 1", func() (*Distribution, error) { return Gamma(10*s, 1) },
			func(x float64) float64 { return 1 - math.Exp(-x/10) }, 0, 77 * s, 10 * s,
		},
		{
			"gamma of shape 3 by scale", func() (*Distribution, error) { return GammaByScale(20*s, 3) },
			func(x float64) float64 { x /= 20; return 1 - math.Exp(-x)*(1+x+x*x/2) }, 0, 250 * s, 60 * s,
		},
		{
			"gamma of shape 0.5", func() (*Distribution, error) { return Gamma(100*s, 0.5) },
			func(x float64) float64 { return math.Erf(math.Sqrt(x / 200)) }, 0, 1220 * s, 100 * s,
		},
		{
			"empirical", func() (*Distribution, error) {
				return Empirical([]time.Duration{10 * s, 20 * s, 20 * s, 50 * s})
			},
			func(x float64) float64 {
				if x < 20 {
					return (x - 10) / 30
				}
				return 2./3 + (x-20)/90
			},
			10 * s, 50 * s, 70 * s / 3,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := tt.make()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.IsSorted(d.quantiles) {
				t.Error("the quantiles fall")
			}
			if got := d.Mean(); !near(got, tt.mean, 0.01) {
				t.Errorf("the mean is %v; want %v", got, tt.mean)
			}
			// Each draw is the quantile of its word, which must be where the distribution function says.
			const draws = 100_000
			drawn := make([]time.Duration, draws)
			for i := range drawn {
				word := math.MaxUint64 / draws * uint64(i)
				drawn[i] = d.draw(word)
				p, x := float64(i)/draws, drawn[i]
				// both ends of a step are rounded
				below, above := tt.cdf((x - 2*tick).Seconds()), tt.cdf((x + 2*tick).Seconds())
				// within one, the table is a straight line
				const step = 1.0 / quantileSteps
				tolerance := max(0.02*min(p, 1-p), 0.0002)
				if p < step || p > 1-step {
					tolerance = step
				}
				if below > p+tolerance || above < p-tolerance {
					t.Fatalf("the quantile %v is %v, which is the quantile %v", p, x, tt.cdf(x.Seconds()))
				}
			}
			if !slices.IsSorted(drawn) {
				t.Error("greater words draw smaller delays")
			}
			if drawn[0] < tt.low || drawn[draws-1] > tt.high {
				t.Errorf(
					"draws go from %v to %v; want within %v and %v", drawn[0], drawn[draws-1], tt.low, tt.high,
				)
			}
			if top := d.draw(math.MaxUint64); top > tt.high {
				t.Errorf("the last draw is %v; want at most %v", top, tt.high)
			}
		})
	}
}

func near(got, want time.Duration, part float64) bool {
	return math.Abs(float64(got-want)) <= part*float64(want)
}

// TestStreamsFillTables draws from streams, as a run does, and compares the shares with the table.
func TestStreamsFillTables(t *testing.T) {
	d, err := LogNormalP99(10*time.Second, 40*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	const draws = 100_000
	var aboveMedian, aboveP99 int
	for i := range uint64(draws) {
		x := d.draw(draw(1, i, 3, drawAck))
		if x > 10*time.Second {
			aboveMedian++
		}
		if x > 40*time.Second {
			aboveP99++
		}
	}
	if aboveMedian < 49_500 || aboveMedian > 50_500 || aboveP99 < 900 || aboveP99 > 1100 {
		t.Errorf(
			"of %d draws %d are above the median and %d above the 99th percentile",
			draws, aboveMedian, aboveP99,
		)
	}
}

// TestConstants checks distributions whose parameters leave one delay only.
func TestConstants(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for name, c := range map[string]constantCase{
		"constant":                    constantly(1500 * ms)(Constant(1500 * ms)),
		"constant, rounded":           constantly(2 * ms)(Constant(1500 * time.Microsecond)),
		"uniform of one point":        constantly(s)(Uniform(s, s)),
		"exponential of no mean":      constantly(0)(Exponential(0)),
		"lognormal of no sigma":       constantly(s)(LogNormal(s, 0)),
		"lognormal whose p99 is near": constantly(s)(LogNormalP99(s, s)),
		"normal of no deviation":      constantly(s)(Normal(s, 0, none, none)),
		"weibull of no scale":         constantly(0)(Weibull(0, 2)),
		"gamma of no mean":            constantly(0)(Gamma(0, 2)),
		"gamma of no scale":           constantly(0)(GammaByScale(0, 2)),
		"empirical of one delay":      constantly(s)(Empirical([]time.Duration{s, s})),
	} {
		if c.err != nil {
			t.Errorf("%s: %v", name, c.err)
			continue
		}
		for _, word := range []uint64{0, 1 << 63, math.MaxUint64} {
			if got := c.d.draw(word); got != c.want {
				t.Errorf("%s: drew %v; want %v", name, got, c.want)
			}
		}
		if got := c.d.Mean(); got != c.want {
			t.Errorf("%s: the mean is %v; want %v", name, got, c.want)
		}
	}
}

type constantCase struct {
	d    *Distribution
	err  error
	want time.Duration
}

func constantly(want time.Duration) func(*Distribution, error) constantCase {
	return func(d *Distribution, err error) constantCase { return constantCase{d, err, want} }
}

func TestDistributionsRefuse(t *testing.T) {
	const s, eleven = time.Second, 11 * 365 * 24 * time.Hour
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"negative constant", errOf(Constant(-1)), "the delay -1ns is not between 0 and ten years"},
		{
			"long exponential", errOf(Exponential(eleven)),
			"the mean 96360h0m0s is not between 0 and ten years",
		},
		{"uniform upside down", errOf(Uniform(2*s, s)), "the upper end 1s is below the lower end 2s"},
		{"uniform below 0", errOf(Uniform(-s, s)), "the lower end -1s"},
		{"uniform too long", errOf(Uniform(s, eleven)), "the upper end 96360h0m0s"},
		{"lognormal, sigma NaN", errOf(LogNormal(s, math.NaN())), "sigma NaN is not between 0 and 10"},
		{"lognormal, huge sigma", errOf(LogNormal(s, 1e9)), "sigma 1e+09 is not between 0 and 10"},
		{"lognormal, long median", errOf(LogNormal(eleven, 1)), "the median 96360h0m0s"},
		{
			"lognormal, p99 below the median", errOf(LogNormalP99(time.Minute, s)),
			"p99 1s is below the median 1m0s",
		},
		{"lognormal, no median", errOf(LogNormalP99(0, s)), "the median is not above 0"},
		{"normal, negative mean", errOf(Normal(-s, s, none, none)), "the mean -1s"},
		{"normal, negative deviation", errOf(Normal(s, -s, none, none)), "the standard deviation -1s"},
		{"normal, negative bound", errOf(Normal(s, s, reducer.Some(-s), none)), "the lower bound -1s"},
		{
			"normal, long bound", errOf(Normal(s, s, none, reducer.Some(eleven))),
			"the upper bound 96360h0m0s",
		},
		{
			"normal upside down", errOf(Normal(5*s, s, reducer.Some(6*s), reducer.Some(5*s))),
			"the bounds 6s and 5s leave nothing within four standard deviations of the mean, from 1s to 9s",
		},
		{
			"normal, all above", errOf(Normal(5*s, s, reducer.Some(10*s), reducer.Some(11*s))),
			"the bounds 10s and 11s leave nothing",
		},
		{
			"normal, all below", errOf(Normal(50*s, s, none, reducer.Some(11*s))),
			"the bounds 46s and 11s leave nothing",
		},
		{
			"normal, constant outside", errOf(Normal(5*s, 0, reducer.Some(6*s), none)),
			"the bounds 6s and 5s leave nothing",
		},
		{"weibull, no shape", errOf(Weibull(s, 0)), "the shape 0 is not between 0.1 and 1000"},
		{
			"weibull, shape NaN", errOf(Weibull(s, math.NaN())),
			"the shape NaN is not between 0.1 and 1000",
		},
		{"weibull, long", errOf(Weibull(eleven, 1)), "the scale 96360h0m0s"},
		{"gamma, small shape", errOf(Gamma(s, 0.4)), "the shape 0.4 is not between 0.5 and 1000"},
		{
			"gamma, infinite shape", errOf(Gamma(s, math.Inf(1))),
			"the shape +Inf is not between 0.5 and 1000",
		},
		{"gamma, long", errOf(Gamma(eleven, 1)), "the mean 96360h0m0s"},
		{
			"gamma by scale, long", errOf(GammaByScale(240*time.Hour, 999)),
			"the mean, scale 240h0m0s times shape 999, is above ten years",
		},
		{"gamma by scale, shape NaN", errOf(GammaByScale(s, math.NaN())), "the shape NaN"},
		{"gamma by scale, negative", errOf(GammaByScale(-s, 1)), "the scale -1s"},
		{"empirical, one", errOf(Empirical([]time.Duration{s})), "1 quantiles are too few"},
		{
			"empirical, falling", errOf(Empirical([]time.Duration{s, 3 * s, 2 * s})),
			"the quantiles fall from 3s to 2s",
		},
		{
			"empirical, falling at once", errOf(Empirical([]time.Duration{2 * s, s})),
			"the quantiles fall from 2s to 1s",
		},
		{"empirical, long", errOf(Empirical([]time.Duration{s, eleven})), "the quantile 96360h0m0s"},
		{"probability above 1", errOf(NewProbability(1.01)), "1.01 is not a probability from 0 to 1"},
		{"probability NaN", errOf(NewProbability(math.NaN())), "NaN is not a probability from 0 to 1"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: got %v; want %s", c.name, c.err, c.want)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

// TestTablesAreTheSameEverywhere pins the tables of many parameters, so that a test run on another
// architecture, or with GODEBUG=cpu.fma=off, finds a quantile that depends on the last bits of its
// floats.
func TestTablesAreTheSameEverywhere(t *testing.T) {
	digest := xxhash.New()
	tables := 0
	add := func(d *Distribution, err error) {
		if err != nil {
			t.Fatal(err)
		}
		tables++
		for _, q := range d.quantiles {
			_ = binary.Write(digest, binary.LittleEndian, q)
		}
	}
	const s = time.Second
	for _, scale := range []time.Duration{
		0, 7 * time.Millisecond, s, 40 * s, 10 * time.Minute, 7 * time.Hour, 30 * 24 * time.Hour,
	} {
		add(Uniform(scale/3, scale))
		add(Exponential(scale))
		for _, shape := range []float64{0.5, 0.7, 1, 1.5, 2, 3.3, 10, 100} {
			add(LogNormal(scale, shape/10))
			add(LogNormalP99(scale+s, scale+time.Duration(shape*float64(10*s))))
			add(Normal(scale, time.Duration(float64(scale)/shape/2), none, none))
			add(Normal(
				scale, time.Duration(float64(scale)/shape), reducer.Some(scale/2), reducer.Some(2*scale),
			))
			add(Weibull(scale, shape))
			add(Gamma(scale, shape))
		}
	}
	const want = "350 tables a096ab68177cf971"
	if got := fmt.Sprintf("%d tables %016x", tables, digest.Sum64()); got != want {
		t.Errorf("got %s; want %s", got, want)
	}
}

func TestProbability(t *testing.T) {
	for _, p := range []float64{0, 0.02, 0.5, 1} {
		chance, err := NewProbability(p)
		if err != nil {
			t.Fatal(err)
		}
		hits := 0
		for i := range uint64(100_000) {
			if chance.comesTrue(draw(9, i, 1, drawDeferral)) {
				hits++
			}
		}
		if got := float64(hits) / 100_000; math.Abs(got-p) > 0.005 {
			t.Errorf("probability %v came true %v of the time", p, got)
		}
	}
}
