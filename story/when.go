package story

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

// A timing says when something happens.
type timing struct {
	kind   timingKind
	offset time.Duration // after the present or the moment
	moment moment
}

// A timingKind is the way in which a sentence says when. The zero value is invalid.
type timingKind uint8

const (
	onceSettled timingKind = 1 + iota // the sentence does not say: when everything before has settled
	later                             // after the present
	together                          // at the same instant as what happened before
	atMoment                          // when something is true of a rollout for the first time
)

// A moment is the first time at which something is true. Exactly one of settled, start, poll,
// clock, down, back and the embedded Moment is set. A Moment without a rollout is one of the
// rollout that the sentence is about.
type moment struct {
	sim.Moment
	settled bool // everything has settled
	start   bool // the start of the run
	poll    bool // the next poll of channel, or of any channel if that is empty
	channel reducer.ChannelID
	clock   *clockTime // the next time at which a clock in UTC shows it
	down    bool       // the control plane is down
	back    bool       // it is back
	// dispatched means that Host is dispatched. The simulator has no such moment: a history finds
	// it.
	dispatched bool
}

// ofFleet reports whether the moment is one of the whole fleet, not of a rollout.
func (m *moment) ofFleet() bool {
	return m.settled || m.start || m.poll || m.clock != nil || m.down || m.back
}

var (
	whenLater  = lazy(`^(` + durationForm + `) +later$`)
	whenMoment = lazy(
		`^(?:(` + durationForm + `) +after|while|once|when|as soon as) +(.+)$`,
	)

	momentWave = lazy(
		`^wave ([0-9]+)(?: of (?:(?:the )?rollout )?(` + rolloutForm + `))? ` + verbForm +
			` ?"?([A-Za-z]+)"?$`,
	)
	momentHost = lazy(
		`^(?:the )?host (` + nameForm + `)(?: under (?:(?:the )?rollout )?(` + rolloutForm +
			`))? ` + verbForm + ` ?"?([A-Za-z]+)"?$`,
	)
	momentRollout = lazy(
		`^(?:(?:the )?rollout )?(` + rolloutForm + `) ` + verbForm + ` ?"?([A-Za-z]+)"?$`,
	)
	momentSettled = lazy(`^(?:everything|all) (?:has |is )?settle[sd]$`)
	momentPoll    = lazy(
		`^the next poll(?: of (?:(?:the )?channel )?(` + nameForm + `))?$`,
	)

	afterTime = lazy(`^after +((?:about )?` + durationForm + `)$`)

	atLater = lazy(
		`^(?:exactly |(about ))?(` + durationForm + `) +later(?:, give or take (` + durationForm + `))?$`,
	)
	atWithin = lazy(`^(?:eventually )?within +(` + durationForm + `)$`)
)

// A viewpoint is the time at which an expectation looks.
type viewpoint struct {
	kind     viewpointKind
	from, to time.Duration // of afterThat
	open     bool          // of afterThat: there is no to
	anchor   *moment       // of afterThat: what it counts from; nil for the sentence before
	bare     bool          // of afterThat: the sentence does not say what it counts from
	when     timing        // of atClause
}

// A viewpointKind is the way in which a sentence says at what time it looks. The zero value is
// invalid.
type viewpointKind uint8

const (
	atPresent viewpointKind = 1 + iota // the sentence does not say
	afterThat                          // in a span of time after what the sentence before was about
	atEnd                              // when every retention has ended
	atClause                           // at a moment, or some time after it
)

// parseAt parses the clause of a sentence that says at what time it looks.
func parseAt(s string) (viewpoint, error) {
	s = strings.TrimSpace(s)
	if v, found, err := parseWindow(s); found {
		return v, err
	}
	bare := afterTime().MatchString(s)
	s = afterTime().ReplaceAllString(s, "$1 later")
	if s == "" {
		return viewpoint{kind: atPresent}, nil
	}
	if s == "in the end" {
		return viewpoint{kind: atEnd}, nil
	}
	if m := atWithin().FindStringSubmatch(s); m != nil {
		d, err := parseDuration(m[1])
		return viewpoint{kind: afterThat, to: d}, err
	}
	if m := atLater().FindStringSubmatch(s); m != nil {
		d, err := parseDuration(m[2])
		if err != nil {
			return viewpoint{}, err
		}
		give := time.Duration(0)
		switch {
		case m[1] != "" && m[3] != "":
			return viewpoint{}, fmt.Errorf(
				"%q says twice how exact it is: leave out about, or give or take", s,
			)
		case m[1] != "":
			give = d / 10
		case m[3] != "":
			if give, err = parseDuration(m[3]); err != nil {
				return viewpoint{}, err
			}
		}
		return viewpoint{kind: afterThat, from: d - give, to: d + give, bare: bare}, nil
	}
	when, err := parseWhen(s)
	return viewpoint{kind: atClause, when: when}, err
}

// parseWhen parses the clause of a sentence that says when something happens.
func parseWhen(s string) (timing, error) {
	s = strings.TrimSuffix(strings.TrimSpace(s), ":") // a table follows the sentence
	s = afterTime().ReplaceAllString(s, "$1 later")
	if s == "" {
		return timing{kind: onceSettled}, nil
	}
	if m, found, err := parseClock(s); found {
		return timing{kind: atMoment, moment: m}, err
	}
	if s == "at once" || strings.HasPrefix(s, "at the same ") {
		return timing{kind: together}, nil
	}
	if m := whenLater().FindStringSubmatch(s); m != nil {
		offset, err := parseDuration(m[1])
		return timing{kind: later, offset: offset}, err
	}
	m := whenMoment().FindStringSubmatch(s)
	if m == nil {
		return timing{}, errWhen(s)
	}
	t := timing{kind: atMoment}
	var err error
	if m[1] != "" {
		if t.offset, err = parseDuration(m[1]); err != nil {
			return timing{}, err
		}
	}
	if t.moment, err = parseMoment(m[2]); err != nil {
		return timing{}, err
	}
	if t.moment.settled && m[1] == "" {
		t.kind = onceSettled
	}
	return t, nil
}

func errWhen(s string) error {
	const examples = `
    while wave 1 is soaking
    while host "web-01" is activating
    once "stable@a1" is Terminal
    5 minutes after "stable@a1" is Failed
    2 hours after the start
    10 minutes later
    at once`
	return fmt.Errorf("%q does not say when: write for example%s", s, examples)
}

// parseMoment parses what is true of a rollout, its wave or its host.
func parseMoment(s string) (moment, error) {
	var m moment
	var err error
	if momentSettled().MatchString(s) {
		return moment{settled: true}, nil
	}
	if s == "the start" {
		return moment{start: true}, nil
	}
	if at := momentDown.FindStringSubmatch(s); at != nil {
		return moment{down: at[1] == "down", back: at[1] == "back"}, nil
	}
	if at := momentPoll().FindStringSubmatch(s); at != nil {
		return moment{poll: true, channel: reducer.ChannelID(gherkin.Unquote(at[1]))}, nil
	}
	if at := momentWave().FindStringSubmatch(s); at != nil {
		n, err := strconv.ParseUint(at[1], 10, 32)
		if err != nil {
			return moment{}, fmt.Errorf("wave %s: waves count from 0 to 4294967295", at[1])
		}
		m.Wave = reducer.Some(uint32(n))
		m.Rollout = reducer.RolloutID(gherkin.Unquote(at[2]))
		m.HostState, err = momentState(at[3])
		return m, err
	}
	if at := momentHost().FindStringSubmatch(s); at != nil {
		m.Host = reducer.HostID(gherkin.Unquote(at[1]))
		m.Rollout = reducer.RolloutID(gherkin.Unquote(at[2]))
		if at[3] == "dispatched" {
			m.dispatched = true
			return m, nil
		}
		m.HostState, err = momentState(at[3])
		return m, err
	}
	if at := momentRollout().FindStringSubmatch(s); at != nil {
		m.Rollout = reducer.RolloutID(gherkin.Unquote(at[1]))
		if at[2] == "opened" {
			return m, nil
		}
		m.State, err = parseState(at[2])
		return m, err
	}
	return moment{}, errWhen(s)
}

// momentState parses the state of a host as a clause spells it.
func momentState(s string) (reducer.HostState, error) {
	if state, err := parseHostState(s); err == nil {
		return state, nil
	}
	var known []string
	for _, h := range reducer.HostStates() {
		known = append(known, strings.ToLower(h.String()))
	}
	return 0, fmt.Errorf("no state of a host is named %q%s", s, nearest.Hint(s, known))
}

// String returns the moment in the words of a sentence.
func (m *moment) String() string {
	switch {
	case m.settled:
		return "everything has settled"
	case m.start:
		return "the start"
	case m.poll:
		return "the next poll"
	case m.clock != nil:
		return m.clock.String()
	case m.down:
		return "the control plane is down"
	case m.back:
		return "the control plane is back"
	case m.dispatched:
		return fmt.Sprintf("host %s under %s is dispatched", m.Host, m.Rollout)
	case m.Wave.Set:
		return fmt.Sprintf("wave %d of %s is %v", m.Wave.Value, m.Rollout, m.HostState)
	case m.Host != "":
		return fmt.Sprintf("host %s under %s is %v", m.Host, m.Rollout, m.HostState)
	case m.State == 0:
		return fmt.Sprintf("%s is opened", m.Rollout)
	}
	return fmt.Sprintf("%s is %v", m.Rollout, m.State)
}
