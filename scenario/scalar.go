package scenario

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
)

// quote quotes a text of the file for a message and cuts it if it is long.
func quote(s string) string {
	const longest = 60
	if r := []rune(s); len(r) > longest {
		return strconv.Quote(string(r[:longest])) + "…"
	}
	return strconv.Quote(s)
}

// duration is a length of time in the notation of Go, with days: 30s, 1h30m, 7d, 1d12h.
type duration time.Duration

const (
	lengthPattern   = `([0-9]+(\.[0-9]+)?(d|h|m|s|ms|us|µs|ns))+$`
	durationPattern = `^` + lengthPattern
	offsetPattern   = `^-?` + lengthPattern
)

var (
	durationForm = regexp.MustCompile(durationPattern)
	durationPart = regexp.MustCompile(`([0-9.]+)([a-zµ]+)`)
)

// maxDuration bounds every duration in a scenario. The simulator has the same bound for delays.
const maxDuration = 10 * 365 * 24 * time.Hour

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *duration) UnmarshalText(text []byte) error {
	s := string(text)
	if !durationForm.MatchString(s) {
		if _, err := strconv.ParseFloat(s, 64); err == nil {
			return fmt.Errorf(
				"%s is a duration without a unit: write %ss, %sm, %sh or %sd", quote(s), s, s, s, s,
			)
		}
		return fmt.Errorf("%s is not a duration such as 30s, 1h30m, 7d or 1d12h", quote(s))
	}
	var sum time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(s, -1) {
		number, unit, times := part[1], part[2], time.Duration(1)
		if unit == "d" {
			unit, times = "h", 24
		}
		// The form was checked, so an error means that the number is too large.
		n, err := time.ParseDuration(number + unit)
		if err != nil || n > maxDuration/times {
			return fmt.Errorf("%s is longer than ten years", quote(s))
		}
		if sum += n * times; sum > maxDuration {
			return fmt.Errorf("%s is longer than ten years", quote(s))
		}
	}
	*d = duration(sum)
	return nil
}

// ParseDuration reads a length of time of at most ten years as scenario files spell it: 30s, 1h30m,
// 7d, 1d12h.
func ParseDuration(s string) (time.Duration, error) {
	var d duration
	err := d.UnmarshalText([]byte(s))
	return time.Duration(d), err
}

// FormatDuration returns a duration of at least 0 as ParseDuration reads it, without units that are
// 0.
func FormatDuration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []struct {
		name   string
		length time.Duration
	}{
		{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second},
		{"ms", time.Millisecond}, {"us", time.Microsecond}, {"ns", 1},
	} {
		if n := d / unit.length; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + unit.name)
			d -= n * unit.length
		}
	}
	return b.String()
}

// offset is a time counted from the start of the run, which may be before it: 1h, -2h30m.
type offset time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *offset) UnmarshalText(text []byte) error {
	if err := (*signed)(o).UnmarshalText(text); err != nil {
		return fmt.Errorf("%w; a time before the start is written -2h", err)
	}
	return nil
}

// signed is a length of time, or how far a clock is ahead: behind, if it is negative: -5m.
type signed time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *signed) UnmarshalText(text []byte) error {
	s, behind := strings.CutPrefix(string(text), "-")
	var length duration
	err := length.UnmarshalText([]byte(s))
	*d = signed(length)
	if behind {
		*d = -*d
	}
	return err
}

// FormatOffset returns a time counted from the start of a run as scenario files spell it. It may be
// before the start: -2h30m.
func FormatOffset(d time.Duration) string {
	if d < 0 {
		return "-" + FormatDuration(-d)
	}
	return FormatDuration(d)
}

// timestamp is an instant in RFC 3339.
type timestamp reducer.Time

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *timestamp) UnmarshalText(text []byte) error {
	var when time.Time
	if when.UnmarshalText(text) != nil {
		return fmt.Errorf("%s is not a time in RFC 3339 such as 2026-05-16T01:00:00Z",
			quote(string(text)))
	}
	if when.Before(time.Unix(0, math.MinInt64)) || when.After(time.Unix(0, math.MaxInt64)) {
		return fmt.Errorf("%s is not between the years 1678 and 2262", quote(string(text)))
	}
	*t = timestamp(when.UnixNano())
	return nil
}

// probability is a chance: a percentage such as 2%, or a number from 0 to 1.
type probability sim.Probability

const percentPattern = `^[0-9]+(\.[0-9]+)?%$`

var probabilityForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?%?$`)

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *probability) UnmarshalText(text []byte) error {
	s := string(text)
	number, percent := strings.CutSuffix(s, "%")
	if !probabilityForm.MatchString(s) {
		return fmt.Errorf("%s is not a probability such as 2%% or 0.02", quote(s))
	}
	f, err := strconv.ParseFloat(number, 64)
	if percent {
		f /= 100
	}
	chance, badChance := sim.NewProbability(f)
	if err != nil || badChance != nil {
		if percent {
			return fmt.Errorf("%s is not a probability: it is above 100%%", quote(s))
		}
		return fmt.Errorf(
			"%s is not a probability: it is above 1; a percentage is written %s%%", quote(s), s,
		)
	}
	*p = probability(chance)
	return nil
}

// machineName is the name of a machine.
type machineName string

// orNever is the time after which something happens, or never.
type orNever struct {
	never bool
	after duration
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *orNever) UnmarshalText(text []byte) error {
	if r.never = string(text) == "never"; r.never {
		return nil
	}
	if err := r.after.UnmarshalText(text); err != nil {
		return fmt.Errorf("%w; expected a duration or never", err)
	}
	return nil
}

// option returns the time as the simulator has it: never is negative.
func (r *orNever) option() reducer.Opt[time.Duration] {
	if r.never {
		return reducer.Some(time.Duration(-1))
	}
	return reducer.Some(time.Duration(r.after))
}

// violation is an invariant and its subject, such as "stuck stable@r1".
type violation invariant.Violation

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *violation) UnmarshalText(text []byte) error {
	parsed, err := invariant.Parse(string(text))
	if err == nil {
		*v = violation(parsed)
		return nil
	}
	name, _, _ := strings.Cut(string(text), " ")
	if names := invariantNames(); !slices.Contains(names, name) {
		return unknownName{"invariant", name, names}
	}
	return err
}

func invariantNames() []string {
	var names []string
	for _, i := range invariant.Names() {
		names = append(names, string(i))
	}
	return names
}

// limit is the limit of a budget: a number of hosts, or a percentage of them.
type limit struct{ count, percent uint32 }

const limitPattern = `^([1-9][0-9]?|100)%$`

var limitForm = regexp.MustCompile(limitPattern)

func (l *limit) decodeNode(d *decoder, n ast.Node, field string) {
	text, single := scalarText(n)
	number, percent := strings.CutSuffix(text, "%")
	switch {
	case !single || !percent:
		decodeInto(d, n, &l.count, field)
	case limitForm.MatchString(text):
		n, _ := strconv.ParseUint(number, 10, 32) // the form was checked
		l.percent = uint32(n)
	default:
		d.problems.add(nodePosition(n), "%s: %s is not a whole percentage from 1%% to 100%%", field,
			quote(text))
	}
}

// planner is a control plane by its name, or the shipped one with some of its defects mended.
type planner struct {
	name   controlplane.Name
	mended []controlplane.Defect
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *planner) UnmarshalText(text []byte) error {
	return setText(reflect.ValueOf(&p.name).Elem(), string(text))
}

func (p *planner) decodeNode(d *decoder, n ast.Node, field string) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		decodeInto(d, n, &p.name, field)
		return
	}
	for _, entry := range m.Values {
		name := entry.Key.GetToken().Value
		if name != string(controlplane.Shipped) && setText(reflect.ValueOf(&p.name).Elem(), name) == nil {
			d.problems.add(nodePosition(entry.Key), "%s: %s has no fields: write %s: %s", field, name, field,
				name)
			return
		}
	}
	var named planners
	if decodeInto(d, n, &named, field) {
		p.name, p.mended = controlplane.Shipped, named.Shipped.Mended
	}
}

// hosts are the hosts of a wave: their count, or their names.
type hosts struct {
	count uint32
	names []reducer.HostID
}

func (h *hosts) decodeNode(d *decoder, n ast.Node, field string) {
	switch n.(type) {
	case *ast.SequenceNode:
		decodeInto(d, n, &h.names, field)
	case *ast.IntegerNode:
		decodeInto(d, n, &h.count, field)
	default:
		d.problems.add(nodePosition(n), "%s: expected a count of hosts or a list of their names, "+
			"found %s", field, kindOf(n))
	}
}

// delay is a distribution. A plain duration stands for a constant one.
type delay struct{ distribution *sim.Distribution }

func (y *delay) decodeNode(d *decoder, n ast.Node, field string) {
	var shape distribution
	if _, ok := n.(*ast.MappingNode); ok {
		before := len(d.problems.list)
		decodeInto(d, n, &shape, field)
		if len(d.problems.list) > before {
			return
		}
	} else {
		shape.Constant = new(duration)
		if !decodeInto(d, n, shape.Constant, field) {
			return
		}
	}
	made, err := shape.make()
	if err != nil {
		d.problems.add(nodePosition(n), "%s: %v", field, err)
		return
	}
	y.distribution = made
}

// make builds the distribution that the file describes.
func (s *distribution) make() (*sim.Distribution, error) {
	given := 0
	for _, set := range []bool{
		s.Constant != nil, s.Uniform != nil, s.Exponential != nil, s.LogNormal != nil,
		s.Normal != nil, s.Weibull != nil, s.Gamma != nil, s.Empirical != nil,
	} {
		if set {
			given++
		}
	}
	if given != 1 {
		return nil, fmt.Errorf("expected one of %s, found %d of them",
			strings.Join(fieldNames(reflect.TypeFor[distribution]()), ", "), given)
	}
	for _, d := range s.delays() {
		if d%duration(time.Millisecond) != 0 {
			return nil, fmt.Errorf("%s is not a whole number of milliseconds",
				FormatDuration(time.Duration(d)))
		}
	}
	switch {
	case s.Constant != nil:
		return sim.Constant(time.Duration(*s.Constant))
	case s.Uniform != nil:
		return sim.Uniform(time.Duration(s.Uniform.Min), time.Duration(s.Uniform.Max))
	case s.Exponential != nil:
		return sim.Exponential(time.Duration(s.Exponential.Mean))
	case s.LogNormal != nil:
		return s.LogNormal.make()
	case s.Normal != nil:
		n := s.Normal
		return sim.Normal(time.Duration(n.Mean), time.Duration(n.StdDev), bound(n.Min), bound(n.Max))
	case s.Weibull != nil:
		return sim.Weibull(time.Duration(s.Weibull.Scale), s.Weibull.Shape)
	case s.Gamma != nil:
		return s.Gamma.make()
	}
	quantiles := make([]time.Duration, len(s.Empirical))
	for i, q := range s.Empirical {
		quantiles[i] = time.Duration(q)
	}
	return sim.Empirical(quantiles)
}

func (l *logNormal) make() (*sim.Distribution, error) {
	switch {
	case (l.P99 == nil) == (l.Sigma == nil):
		return nil, fmt.Errorf("lognormal needs either p99 or sigma in addition to its median")
	case l.P99 != nil:
		return sim.LogNormalP99(time.Duration(l.Median), time.Duration(*l.P99))
	}
	return sim.LogNormal(time.Duration(l.Median), *l.Sigma)
}

func (g *gamma) make() (*sim.Distribution, error) {
	switch {
	case (g.Mean == nil) == (g.Scale == nil):
		return nil, fmt.Errorf("gamma needs either mean or scale in addition to its shape")
	case g.Mean != nil:
		return sim.Gamma(time.Duration(*g.Mean), g.Shape)
	}
	return sim.GammaByScale(time.Duration(*g.Scale), g.Shape)
}

// bound returns an optional bound of a distribution.
func bound(d *duration) reducer.Opt[time.Duration] {
	if d == nil {
		return reducer.Opt[time.Duration]{}
	}
	return reducer.Some(time.Duration(*d))
}

// delays returns every duration of the distribution.
func (s *distribution) delays() []duration {
	var all []duration
	add := func(given ...*duration) {
		for _, d := range given {
			if d != nil {
				all = append(all, *d)
			}
		}
	}
	add(s.Constant)
	if s.Uniform != nil {
		add(&s.Uniform.Min, &s.Uniform.Max)
	}
	if s.Exponential != nil {
		add(&s.Exponential.Mean)
	}
	if s.LogNormal != nil {
		add(&s.LogNormal.Median, s.LogNormal.P99)
	}
	if s.Normal != nil {
		add(&s.Normal.Mean, &s.Normal.StdDev, s.Normal.Min, s.Normal.Max)
	}
	if s.Weibull != nil {
		add(&s.Weibull.Scale)
	}
	if s.Gamma != nil {
		add(s.Gamma.Mean, s.Gamma.Scale)
	}
	return append(all, s.Empirical...)
}
