package story

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
	"rollsim/trace"
)

// A parameter is a kind of value in a sentence.
type parameter struct {
	expr  string // matches the text of a value; without capturing groups
	parse func(text string) (any, error)
}

// How values are written. Names are in quotes, or bare if they have no space. Any capitalised word
// has the form of a state or an event, so that the message about a mistyped one suggests a state or
// an event and not another sentence.
const (
	nameForm    = gherkin.Quoted + `|[A-Za-z0-9][\w.+-]*`
	rolloutForm = gherkin.Quoted + `|[\w.+-]+@[\w.+-]+`
	namesForm   = `(?:` + nameForm + `)(?:(?:,| and|, and) +(?:` + nameForm + `))*`
	hostRange   = `(?:` + nameForm + `)(?: to (?:` + nameForm + `))?`
	hostsForm   = hostRange + `(?:(?:,| and|, and) +` + hostRange + `)*`
	wordForm    = `"?[A-Z][A-Za-z]*"?`
	wordsForm   = `(?:` + wordForm + `)(?:(?:,| and|, and) +(?:` + wordForm + `))*`
	countForm   = `an?|one|two|three|four|five|six|seven|eight|nine|ten`
	numberForm  = `[0-9]+|no|zero|` + countForm
	numbersForm = `(?:` + numberForm + `)(?:(?:,| and|, and) +(?:` + numberForm + `))*`
	unitForm    = `milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|min|m|hours?|hrs?|h|` +
		`days?|d|weeks?|w`
	lengthForm   = `(?:[0-9]+(?:\.[0-9]+)? ?|(?:half an|` + countForm + `) )(?:` + unitForm + `)`
	durationForm = lengthForm + `(?:,? ?(?:and )?` + lengthForm + `)*`
	percentForm  = `[0-9]+(?:\.[0-9]+)? ?(?:%|percent)`
	delayForm    = durationForm + `(?: on average|, seldom over ` + durationForm + `)?` +
		`|between (?:[0-9]+|` + durationForm + `) and ` + durationForm
	timesForm = `(?:(?:exactly|at least|at most|about|more than|fewer than|less than) )?` +
		`(?:once|twice|(?:` + numberForm + `) times)` +
		`|between (?:` + numberForm + `) and (?:` + numberForm + `) times`
	momentForm = `.+`

	// A fact is a moment with a verb, which can stand in the middle of a sentence.
	verbForm    = `(?:is|are|was|were|has|have|had|becomes|became|starts|turns|turned)`
	rolloutFact = `(?:(?:the )?rollout )?(?:` + rolloutForm + `)`
	factForm    = `(?:wave [0-9]+(?: of ` + rolloutFact + `)?` +
		`|(?:the )?host (?:` + nameForm + `)(?: under ` + rolloutFact + `)?` +
		`|` + rolloutFact + `) ` + verbForm + ` "?[A-Za-z]+"?` +
		`|(?:the )?control plane is (?:down|back)`

	// The clause that says when something happens is optional.
	atMomentForm = `(?: +(?:while|once|when|as soon as) +.+)|(?: +(?:` + durationForm + `) +after +.+)`
	whenForm     = `|` + atMomentForm + `|(?: +(?:` + durationForm + `) +later)` +
		`|(?: +after +(?:` + durationForm + `))|(?: +at once)` +
		`|(?: +at the same (?:moment|instant|time))| +` + clockForm

	// The clause that says at what time an expectation looks is optional.
	atForm = `|` + atMomentForm + `| +(?:(?:about|exactly) )?(?:` + durationForm + `) +later` +
		`(?:, give or take (?:` + durationForm + `))?` +
		`| +after +(?:about )?(?:` + durationForm + `)` +
		`|(?: +eventually)? +within +(?:` + durationForm + `)| +in the end| +` + clockForm +
		windowForm
)

// parameters are by the name that stands for a value in the words of a step.
var parameters = map[string]parameter{
	"channel": {
		nameForm,
		func(s string) (any, error) { return reducer.ChannelID(gherkin.Unquote(s)), nil },
	},
	"rollout": {
		rolloutForm,
		func(s string) (any, error) { return reducer.RolloutID(gherkin.Unquote(s)), nil },
	},
	"name": {nameForm, func(s string) (any, error) { return gherkin.Unquote(s), nil }}, // of phrases
	"ref": {
		nameForm,
		func(s string) (any, error) { return reducer.ChannelRef(gherkin.Unquote(s)), nil },
	},
	"channels": {
		namesForm,
		func(s string) (any, error) { return parseNames[reducer.ChannelID](s), nil },
	},
	"refs": {
		namesForm,
		func(s string) (any, error) { return parseNames[reducer.ChannelRef](s), nil },
	},
	"host": {
		nameForm,
		func(s string) (any, error) { return reducer.HostID(gherkin.Unquote(s)), nil },
	},
	"hosts":    {hostsForm, func(s string) (any, error) { return parseHosts(s), nil }},
	"number":   {numberForm, func(s string) (any, error) { return parseNumber(s) }},
	"numbers":  {numbersForm, func(s string) (any, error) { return parseNumbers(s) }},
	"duration": {durationForm, func(s string) (any, error) { return parseDuration(s) }},
	"length":   {durationForm, parseLength},
	"times":    {timesForm, parseTimes},
	"when":     {whenForm, func(s string) (any, error) { return parseWhen(s) }},
	"moment":   {momentForm, func(s string) (any, error) { return parseMoment(s) }},
	"fact":     {factForm, func(s string) (any, error) { return parseMoment(s) }},
	"at":       {atForm, func(s string) (any, error) { return parseAt(s) }},
	"state": {
		wordForm + `|` + lower(reducer.States()),
		func(s string) (any, error) { return parseState(s) },
	},
	"states": {wordsForm, func(s string) (any, error) { return parseEach(s, parseState) }},
	"host_state": {
		wordForm + `|` + lower(reducer.HostStates()),
		func(s string) (any, error) { return parseHostState(s) },
	},
	"event":     {wordForm, func(s string) (any, error) { return parseEvent(s) }},
	"effect":    {wordForm, func(s string) (any, error) { return parseEffect(s) }},
	"effects":   {wordsForm, func(s string) (any, error) { return parseEffects(s) }},
	"error":     {wordForm, func(s string) (any, error) { return parseError(s) }},
	"policy":    {nameForm, func(s string) (any, error) { return parsePolicy(s) }},
	"invariant": {nameForm, parseInvariant},
	"subject": {
		rolloutForm + `|` + nameForm,
		func(s string) (any, error) { return gherkin.Unquote(s), nil },
	},
	"sentence": {`[^ ].*`, func(s string) (any, error) { return s, nil }},
	"run":      {nameForm, func(s string) (any, error) { return runName(gherkin.Unquote(s)), nil }},
	"machine":  {nameForm, func(s string) (any, error) { return machine.ByName(gherkin.Unquote(s)) }},
	"percent":  {percentForm, func(s string) (any, error) { return parsePercent(s) }},
	"percents": {
		`(?:` + percentForm + `)(?:(?:,| and|, and) +(?:` + percentForm + `))*`,
		parsePercents,
	},
	"count": {amountForm, parseAmount},
	"states_or": {
		eitherForm(wordForm + `|` + lower(reducer.States())),
		func(s string) (any, error) { return parseEitherState(s, parseState) },
	},
	"host_states_or": {
		eitherForm(wordForm+`|`+lower(reducer.HostStates())) + `|(?:not )?in flight`,
		func(s string) (any, error) { return parseEitherHosts(s) },
	},
	"host_states": {wordsForm, func(s string) (any, error) { return parseEach(s, parseHostState) }},
	"date":        {`[0-9]{4}-[0-9]{2}-[0-9]{2}`, parseStart},
	"days": {
		`weekdays|weekends|` + dayForm + `s? +to +` + dayForm + `s?|` +
			dayForm + `s?(?:(?:,| and|, and) +` + dayForm + `s?)*`,
		parseDays,
	},
	"clock":      {timeForm, func(s string) (any, error) { return parseTimeOfDay(s) }},
	"window":     {` +within +(?:` + durationForm + `)` + windowForm, parseWithin},
	"delay":      {delayForm, func(s string) (any, error) { return parseDelay(s) }},
	"limit":      {shareForm, parseLimit},
	"tags":       {namesForm, func(s string) (any, error) { return parseNames[tag](s), nil }},
	"planner":    {`[a-z]{5,}`, parsePlanner}, // neither down nor back
	"defects":    {namesForm, parseDefects},
	"recurring":  {`[a-z]+`, parseRecurring},
	"manifest":   {`no|an? [a-z]+`, parseManifest},
	"from_start": {durationForm + ` +(?:before|after) the start`, parseFromStart},
	"gate":       {`[a-z-]+`, parseGate},
	"goes_wrong": {`[a-z]+(?:-[a-z]+)?(?: [a-z]+)?`, parseWrongNoun},
	"may":        {`[a-z]+(?: [a-z]+)*`, parseMay},
	"some_run": {
		`some run|one of the runs`,
		func(s string) (any, error) { return inSomeRun(s), nil },
	},
	"mishap":     {mishapForm, func(s string) (any, error) { return s, nil }},
	"spoilt":     {spoiltForm, parseMessageFault},
	"poll_fault": {`fails?|(?:is|are) stale`, parsePollFault},
	"skew":       {durationForm + ` +(?:ahead|behind)`, parseSkew},
	"message":    {`message|` + wordForm, parseMessage},
	"reason":     {`[a-zA-Z][a-zA-Z -]*`, parseReason},
	"scenario":   {nameForm, func(s string) (any, error) { return gherkin.Unquote(s), nil }},
	"stage": {
		`(?:ack|activation|reboot|probe|convergence|rollback)s?`,
		func(s string) (any, error) { return strings.TrimSuffix(s, "s"), nil },
	},
}

// lower returns an expression for the names of an enumeration in lower case.
func lower[T fmt.Stringer](all []T) string {
	var names []string
	for _, v := range all {
		names = append(names, strings.ToLower(v.String()))
	}
	return strings.Join(names, "|")
}

var listItem = regexp.MustCompile(gherkin.Quoted + `|[^ ,]+`)

// items returns the items of a list such as "a, b and c".
func items(s string) []string {
	var all []string
	for _, item := range listItem.FindAllString(s, -1) {
		if item != "and" {
			all = append(all, gherkin.Unquote(item))
		}
	}
	return all
}

// rangeOf separates the first and the last host of a range, as in web-01 to web-05.
const rangeOf = "\x00"

// parseHosts parses a list of hosts, patterns and ranges of hosts.
func parseHosts(s string) []reducer.HostID {
	var all []reducer.HostID
	ranged := false
	for _, item := range items(s) {
		switch n := len(all); {
		case item == "to" && n > 0:
			ranged = true
		case ranged:
			all[n-1] += rangeOf + reducer.HostID(item)
			ranged = false
		default:
			all = append(all, reducer.HostID(item))
		}
	}
	return all
}

func parseNames[T ~string](s string) []T { return as[T](items(s)) }

// as converts names to another type.
func as[To, From ~string](names []From) []To {
	var all []To
	for _, n := range names {
		all = append(all, To(n))
	}
	return all
}

var numberWords = map[string]int{
	"no":    0,
	"zero":  0,
	"a":     1,
	"an":    1,
	"one":   1,
	"two":   2,
	"three": 3,
	"four":  4,
	"five":  5,
	"six":   6,
	"seven": 7,
	"eight": 8,
	"nine":  9,
	"ten":   10,
}

func parseNumber(s string) (uint64, error) {
	if n, ok := numberWords[s]; ok {
		return uint64(n), nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("the number %s is too large", s)
	}
	return n, nil
}

var wholeNumbers = lazy(`^(?:` + numbersForm + `)$`)

func parseNumbers(s string) ([]uint64, error) {
	var all []uint64
	for _, item := range items(s) {
		n, err := parseNumber(item)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// parsePercent parses a chance such as 2% or 0.5 percent.
func parsePercent(s string) (sim.Probability, error) {
	n, err := strconv.ParseFloat(
		strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(s, "%"), "percent")), 64,
	)
	if err != nil {
		return 0, fmt.Errorf("%q is not a percentage: expected one such as 5%%", s)
	}
	if n > 100 {
		return 0, fmt.Errorf("%s is more than 100%%", s)
	}
	return sim.NewProbability(n / 100)
}

var onePercent = regexp.MustCompile(`([0-9]+)(?:\.([0-9]+))? ?(?:%|percent)`)

// parsePercents parses a list of percentages. It returns thousandths of a percent.
func parsePercents(s string) (any, error) {
	var all []uint64
	for _, item := range onePercent.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseUint(item[1]+(item[2] + "000")[:3], 10, 32)
		if err != nil || len(item[2]) > 3 {
			return nil, fmt.Errorf(
				"%s is not a share: expected a percentage with three decimals at most", item[0],
			)
		}
		all = append(all, n)
	}
	return all, nil
}

// A delay is how long something takes, drawn each time.
type delay struct {
	*sim.Distribution
	longest time.Duration // few draws exceed it
}

var (
	delayBetween = lazy(`^between (` + durationForm + `) and (` + durationForm + `)$`)
	delayCounted = lazy(`^between ([0-9]+) and [0-9]+( ?(?:` + unitForm + `))$`)
	delayMean    = lazy(`^(` + durationForm + `) on average$`)
	delaySeldom  = lazy(`^(` + durationForm + `), seldom over (` + durationForm + `)$`)
)

// parseDelay parses "5 minutes", "between 1 minute and 10 minutes", "between 1 and 10 minutes", "10
// minutes on average" and "40 seconds, seldom over 3 minutes".
func parseDelay(s string) (delay, error) {
	if at := delayCounted().FindStringSubmatchIndex(s); at != nil {
		s = s[:at[3]] + s[at[4]:at[5]] + s[at[3]:] // the unit belongs to both
	}
	spread, m := sim.Uniform, delayBetween().FindStringSubmatch(s)
	if m == nil {
		spread, m = sim.LogNormalP99, delaySeldom().FindStringSubmatch(s)
	}
	if m == nil {
		spread = func(mean, _ time.Duration) (*sim.Distribution, error) { return sim.Exponential(mean) }
		m = delayMean().FindStringSubmatch(s)
	}
	if m == nil {
		spread = func(d, _ time.Duration) (*sim.Distribution, error) { return sim.Constant(d) }
		m = []string{s, s}
	}
	first, err := parseDuration(m[1])
	if err != nil {
		return delay{}, err
	}
	second := first
	if len(m) > 2 {
		if second, err = parseDuration(m[2]); err != nil {
			return delay{}, err
		}
	}
	if len(m) > 2 && second < first {
		return delay{}, fmt.Errorf("%q: the second length of time is shorter than the first", s)
	}
	d, err := spread(first, second)
	if err != nil {
		return delay{}, err
	}
	return delay{d, d.Longest()}, nil
}

// planners are the control planes as sentences spell them.
var planners = []string{"specified", "shipped", "absent"}

func parsePlanner(s string) (any, error) {
	switch s {
	case "specified":
		return controlplane.Specified, nil
	case "shipped":
		return controlplane.Shipped, nil
	case "absent":
		return controlplane.None, nil
	}
	return nil, fmt.Errorf("no control plane is named %q%s", s, nearest.Hint(s, planners))
}

// A gate is the name of one.
type gate string

func parseGate(s string) (any, error) {
	s = trace.GateName(s)
	if !slices.Contains(trace.Gates(), s) {
		return nil, fmt.Errorf("no gate is named %q%s", s, nearest.Hint(s, trace.Gates()))
	}
	return gate(s), nil
}

// times is a range of how often something happens.
type times struct{ least, most uint64 }

func parseTimes(s string) (any, error) {
	if first, second, ok := strings.Cut(strings.TrimPrefix(s, "between "), " and "); ok {
		least, err := parseNumber(first)
		if err != nil {
			return nil, err
		}
		most, err := parseNumber(strings.TrimSuffix(second, " times"))
		if err == nil && most < least {
			err = fmt.Errorf("%q: the second number is smaller than the first", s)
		}
		return times{least, most}, err
	}
	bound, number := "exactly", s
	for _, b := range []string{
		"exactly", "at least", "at most", "about", "more than", "fewer than", "less than",
	} {
		if rest, ok := strings.CutPrefix(s, b+" "); ok {
			bound, number = b, rest
		}
	}
	var n uint64
	var err error
	switch number {
	case "once":
		n = 1
	case "twice":
		n = 2
	default:
		n, err = parseNumber(strings.TrimSuffix(number, " times"))
	}
	t := times{n, n}
	switch bound {
	case "at least":
		t.most = math.MaxUint64
	case "at most":
		t.least = 0
	case "more than":
		t = times{n + 1, math.MaxUint64}
	case "fewer than", "less than":
		if n == 0 {
			return nil, fmt.Errorf("%q: nothing is fewer than none", s)
		}
		t = times{0, n - 1}
	case "about":
		give := (n + 9) / 10
		t = times{n - min(n, give), n + give}
	}
	return t, err
}

// units are the units of time. The first one whose prefix a name or an abbreviation begins with is
// meant.
var units = []struct {
	prefix string
	length time.Duration
}{
	{"ms", time.Millisecond}, {"milli", time.Millisecond}, {"s", time.Second}, {"m", time.Minute},
	{"h", time.Hour}, {"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour},
}

// maxDuration bounds the durations in a story: ten years, as for the delays of the simulator.
const maxDuration = 10 * 365 * 24 * time.Hour

var (
	wholeDuration = lazy(`^(?:` + durationForm + `)$`)
	oneLength     = lazy(`([0-9.]+|half an|` + countForm + `) ?(` + unitForm + `)`)
)

// parseDuration parses a length of time: 90m, 90 minutes, 1h30m, 1 hour and 30 minutes, half an
// hour, a day.
func parseDuration(s string) (time.Duration, error) {
	if !wholeDuration().MatchString(s) {
		return 0, fmt.Errorf("%q is not a length of time such as 30 minutes, 1h30m or 7 days", s)
	}
	var sum time.Duration
	for _, part := range oneLength().FindAllStringSubmatch(strings.ReplaceAll(s, "and ", ""), -1) {
		count := 0.5
		if n, ok := numberWords[part[1]]; ok {
			count = float64(n)
		} else if part[1] != "half an" {
			// Only a number that is too large is an error here, and the result is then infinite.
			count, _ = strconv.ParseFloat(part[1], 64)
		}
		length := count * float64(unit(part[2]))
		if length > float64(maxDuration-sum) {
			return 0, fmt.Errorf("%s is longer than ten years", s)
		}
		sum += time.Duration(length + 0.5)
	}
	return sum, nil
}

// parseLength parses a length of time that a sentence may leave out.
func parseLength(s string) (any, error) {
	d, err := parseDuration(s)
	return reducer.Some(d), err
}

// unit returns the unit of a name or an abbreviation.
func unit(name string) time.Duration {
	for _, u := range units {
		if strings.HasPrefix(name, u.prefix) {
			return u.length
		}
	}
	panic("story: no unit is named " + name)
}

// parseEnum parses the name of a value of an enumeration, ignoring case.
func parseEnum[T fmt.Stringer](what, s string, all []T) (T, error) {
	name := gherkin.Unquote(s)
	var known []string
	for _, v := range all {
		if strings.EqualFold(v.String(), name) {
			return v, nil
		}
		known = append(known, v.String())
	}
	var none T
	return none, fmt.Errorf("no %s is named %q%s", what, name, nearest.Hint(name, known))
}

func parseState(s string) (reducer.State, error) {
	return parseEither(
		"state of a rollout", s, reducer.States(), "state of a host", reducer.HostStates(),
	)
}

func parseHostState(s string) (reducer.HostState, error) {
	return parseEither(
		"state of a host", s, reducer.HostStates(), "state of a rollout", reducer.States(),
	)
}

// parseEither is parseEnum for an enumeration that is easily confused with another one: the message
// about a name of the other one says so.
func parseEither[T, U fmt.Stringer](what, s string, all []T, other string, others []U) (T, error) {
	v, err := parseEnum(what, s, all)
	if o, not := parseEnum(other, s, others); err != nil && not == nil {
		var known []string
		for _, v := range all {
			known = append(known, v.String())
		}
		err = fmt.Errorf("%v is a %s, not a %s: those are %s", o, other, what, strings.Join(known, ", "))
	}
	return v, err
}

func parseEvent(s string) (reducer.EventKind, error) {
	return parseEnum("event", s, reducer.EventKinds())
}

func parseEffect(s string) (reducer.EffectKind, error) {
	return parseEnum("effect", s, reducer.EffectKinds())
}

func parsePolicy(s string) (reducer.HealthPolicy, error) {
	return parseEnum("policy", s, reducer.HealthPolicies())
}

func parseEffects(s string) ([]reducer.EffectKind, error) { return parseEach(s, parseEffect) }

func parseEach[T any](s string, parse func(string) (T, error)) ([]T, error) {
	var all []T
	for _, item := range items(s) {
		v, err := parse(item)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// A refusal is the name of an error of the reducer.
type refusal string

func parseError(s string) (refusal, error) {
	name := gherkin.Unquote(s)
	known := []string{
		trace.ErrorIllegalForState, trace.ErrorUnimplemented, trace.ErrorInvariant,
		trace.ErrorSupersessionExpected, trace.ErrorUnknownRollout,
	}
	if slices.Contains(known, name) {
		return refusal(name), nil
	}
	return "", fmt.Errorf("no error of the reducer is named %q%s", name, nearest.Hint(name, known))
}

func parseInvariant(s string) (any, error) {
	name := gherkin.Unquote(s)
	var known []string
	for _, n := range invariant.Names() {
		if string(n) == name {
			return n, nil
		}
		known = append(known, string(n))
	}
	return nil, fmt.Errorf("no invariant is named %q%s", name, nearest.Hint(name, known))
}
