package features

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/trace"
)

// parameter is a kind of value that a sentence may hold: how it is written, without groups of its own, and how it is read.
type parameter struct {
	expr  string
	parse func(text string) (any, error)
}

// How values are written. Names stand in quotes, or bare where no space can be meant. What is capitalised passes for the
// name of a state or an event, so that a mistyped one gets an answer better than that the whole sentence is unknown.
const (
	quoted       = `"[^"]*"|“[^”]*”|'[^']*'`
	nameForm     = quoted + `|[A-Za-z0-9][\w.+-]*`
	rolloutForm  = quoted + `|[\w.+-]+@[\w.+-]+`
	namesForm    = `(?:` + nameForm + `)(?:(?:,| and|, and) +(?:` + nameForm + `))*`
	wordForm     = `"?[A-Z][A-Za-z]*"?`
	wordsForm    = `(?:` + wordForm + `)(?:(?:,| and|, and) +(?:` + wordForm + `))*`
	countForm    = `an?|one|two|three|four|five|six|seven|eight|nine|ten`
	numberForm   = `[0-9]+|no|zero|` + countForm
	unitForm     = `milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|min|m|hours?|hrs?|h|days?|d|weeks?|w`
	lengthForm   = `(?:[0-9]+(?:\.[0-9]+)? ?|(?:half an|` + countForm + `) )(?:` + unitForm + `)`
	durationForm = lengthForm + `(?:,? ?(?:and )?` + lengthForm + `)*`
	timesForm    = `(?:exactly )?(?:once|twice|(?:` + numberForm + `) times)`
	momentForm   = `.+`

	// A clause that says when something happens may be left out.
	whenForm = `|(?: +(?:while|once|when|as soon as) +.+)|(?: +(?:` + durationForm + `) +(?:later|after +.+))|(?: +at once)|(?: +at the same (?:moment|instant|time))`
)

// parameters are the values by the name that stands for them in words.
var parameters = map[string]parameter{
	"channel":    {nameForm, func(s string) (any, error) { return reducer.ChannelID(unquote(s)), nil }},
	"rollout":    {rolloutForm, func(s string) (any, error) { return reducer.RolloutID(unquote(s)), nil }},
	"ref":        {nameForm, func(s string) (any, error) { return reducer.ChannelRef(unquote(s)), nil }},
	"refs":       {namesForm, func(s string) (any, error) { return names[reducer.ChannelRef](s), nil }},
	"hosts":      {namesForm, func(s string) (any, error) { return names[reducer.HostID](s), nil }},
	"number":     {numberForm, func(s string) (any, error) { return parseNumber(s) }},
	"numbers":    {`(?:` + numberForm + `)(?:(?:,| and|, and) +(?:` + numberForm + `))*`, parseNumbers},
	"duration":   {durationForm, func(s string) (any, error) { return parseDuration(s) }},
	"times":      {timesForm, parseTimes},
	"when":       {whenForm, func(s string) (any, error) { return parseWhen(s) }},
	"moment":     {momentForm, func(s string) (any, error) { return parseMoment(s) }},
	"state":      {wordForm + `|` + lower(reducer.States()), func(s string) (any, error) { return parseState(s) }},
	"states":     {wordsForm, parseStates},
	"host_state": {wordForm + `|` + lower(reducer.HostStates()), func(s string) (any, error) { return parseHostState(s) }},
	"event":      {wordForm, func(s string) (any, error) { return parseEvent(s) }},
	"effect":     {wordForm, func(s string) (any, error) { return parseEffect(s) }},
	"effects":    {wordsForm, parseEffects},
	"error":      {wordForm, parseError},
	"policy":     {nameForm, parsePolicy},
	"invariant":  {nameForm, parseInvariant},
	"subject":    {rolloutForm + `|` + nameForm, func(s string) (any, error) { return unquote(s), nil }},
	"machine":    {nameForm, func(s string) (any, error) { return reducer.MachineByName(unquote(s)) }},
	"stage":      {`ack|activation|reboot|probe|convergence|rollback`, func(s string) (any, error) { return s, nil }},
}

// lower is an expression for the names of an enumeration in small letters.
func lower[T fmt.Stringer](all []T) string {
	var names []string
	for _, v := range all {
		names = append(names, strings.ToLower(v.String()))
	}
	return strings.Join(names, "|")
}

// unquote takes the quotes off a name.
func unquote(s string) string {
	for _, q := range []string{`""`, `“”`, `''`} {
		opening, closing := string([]rune(q)[0]), string([]rune(q)[1])
		if inner, ok := strings.CutPrefix(s, opening); ok {
			return strings.TrimSuffix(inner, closing)
		}
	}
	return s
}

var listItem = regexp.MustCompile(quoted + `|[^ ,]+`)

// items takes a list such as a, b and c apart.
func items(s string) []string {
	var all []string
	for _, item := range listItem.FindAllString(s, -1) {
		if item != "and" {
			all = append(all, unquote(item))
		}
	}
	return all
}

func names[T ~string](s string) []T {
	var all []T
	for _, item := range items(s) {
		all = append(all, T(item))
	}
	return all
}

var numberWords = map[string]int{
	"no": 0, "zero": 0, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
	"nine": 9, "ten": 10,
}

func parseNumber(s string) (uint64, error) {
	if n, ok := numberWords[s]; ok {
		return uint64(n), nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is too large a number", s)
	}
	return n, nil
}

func parseNumbers(s string) (any, error) {
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

func parseTimes(s string) (any, error) {
	s = strings.TrimPrefix(s, "exactly ")
	switch s {
	case "once":
		return uint64(1), nil
	case "twice":
		return uint64(2), nil
	}
	return parseNumber(strings.TrimSuffix(s, " times"))
}

// units by what their names and abbreviations begin with.
var units = []struct {
	name string
	is   time.Duration
}{
	{"ms", time.Millisecond}, {"milli", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour},
	{"d", 24 * time.Hour}, {"w", 7 * 24 * time.Hour},
}

// maxDuration bounds what a story may speak of, as it bounds the delays of the simulator: ten years.
const maxDuration = 10 * 365 * 24 * time.Hour

var (
	wholeDuration = regexp.MustCompile(`^(?:` + durationForm + `)$`)
	oneLength     = regexp.MustCompile(`([0-9.]+|half an|` + countForm + `) ?(` + unitForm + `)`)
)

// parseDuration reads a length of time: 90m, 90 minutes, 1h30m, 1 hour and 30 minutes, half an hour, a day.
func parseDuration(s string) (time.Duration, error) {
	if !wholeDuration.MatchString(s) {
		return 0, fmt.Errorf("%q is not a length of time such as 30 minutes, 1h30m or 7 days", s)
	}
	var sum time.Duration
	for _, part := range oneLength.FindAllStringSubmatch(strings.ReplaceAll(s, "and ", ""), -1) {
		count := 0.5
		if n, ok := numberWords[part[1]]; ok {
			count = float64(n)
		} else if part[1] != "half an" {
			count, _ = strconv.ParseFloat(part[1], 64) // the form was checked, and what is too large is infinite
		}
		length := count * float64(unit(part[2]))
		if length > float64(maxDuration-sum) {
			return 0, fmt.Errorf("%s is longer than ten years", s)
		}
		sum += time.Duration(length + 0.5)
	}
	return sum, nil
}

// unit gives the unit of a name or an abbreviation.
func unit(name string) time.Duration {
	for _, u := range units {
		if strings.HasPrefix(name, u.name) {
			return u.is
		}
	}
	panic("features: no unit is named " + name)
}

// parseEnum reads the name of an enumeration; letter case does not matter.
func parseEnum[T fmt.Stringer](what, s string, all []T) (T, error) {
	name := unquote(s)
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
	return parseEnum("state of a rollout", s, reducer.States())
}

func parseHostState(s string) (reducer.HostState, error) {
	return parseEnum("state of a host", s, reducer.HostStates())
}

func parseEvent(s string) (reducer.EventKind, error) {
	return parseEnum("event", s, reducer.EventKinds())
}

func parseEffect(s string) (reducer.EffectKind, error) {
	return parseEnum("effect", s, reducer.EffectKinds())
}

func parsePolicy(s string) (any, error) { return parseEnum("policy", s, reducer.HealthPolicies()) }

func parseStates(s string) (any, error) { return parseEach(s, parseState) }

func parseEffects(s string) (any, error) { return parseEach(s, parseEffect) }

func parseEach[T any](s string, parse func(string) (T, error)) (any, error) {
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

// refusal is the name of an error of the reducer.
type refusal string

func parseError(s string) (any, error) {
	name := unquote(s)
	known := []string{
		trace.ErrorIllegalForState, trace.ErrorUnimplemented, trace.ErrorInvariant, trace.ErrorSupersessionExpected,
		trace.ErrorUnknownRollout,
	}
	for _, k := range known {
		if k == name {
			return refusal(name), nil
		}
	}
	return nil, fmt.Errorf("no error of the reducer is named %q%s", name, nearest.Hint(name, known))
}

func parseInvariant(s string) (any, error) {
	name := unquote(s)
	var known []string
	for _, n := range invariant.Names() {
		if string(n) == name {
			return n, nil
		}
		known = append(known, string(n))
	}
	return nil, fmt.Errorf("no invariant is named %q%s", name, nearest.Hint(name, known))
}
