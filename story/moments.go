package story

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
)

// timing says when something happens.
type timing struct {
	kind   timingKind
	offset time.Duration // later: after the present; atMoment: after the moment
	moment moment
}

// timingKind is the way in which a sentence says when. The zero value is invalid.
type timingKind uint8

const (
	onceSettled timingKind = 1 + iota // the sentence does not say: when what came before has settled
	later                             // after the present
	together                          // at the same instant as what was told before
	atMoment                          // when something is true of a rollout for the first time
)

// moment is what a sentence says of a moment. Where it names no rollout, the one that the sentence
// is about is meant.
type moment struct {
	sim.Moment
	settled bool // everything has settled; the rest is zero
	start   bool // the start of the run; the rest is zero
	poll    bool // the next poll, of channel or, when that is empty, of any; the rest is zero
	channel reducer.ChannelID
	// Host is dispatched: the simulator knows no such moment, but what has happened can be asked for
	// it
	dispatched bool
}

// ofFleet tells whether the moment is none of a rollout.
func (m *moment) ofFleet() bool { return m.settled || m.start || m.poll }

var (
	whenLater  = regexp.MustCompile(`^(` + durationForm + `) +later$`)
	whenMoment = regexp.MustCompile(
		`^(?:(` + durationForm + `) +after|while|once|when|as soon as) +(.+)$`,
	)

	momentWave = regexp.MustCompile(
		`^wave ([0-9]+)(?: of (?:(?:the )?rollout )?(` + rolloutForm + `))? ` + verbForm + ` ?"?([A-Za-z]+)"?$`,
	)
	momentHost = regexp.MustCompile(
		`^(?:the )?host (` + nameForm + `)(?: under (?:(?:the )?rollout )?(` + rolloutForm + `))? ` + verbForm + ` ?"?([A-Za-z]+)"?$`,
	)
	momentRollout = regexp.MustCompile(
		`^(?:(?:the )?rollout )?(` + rolloutForm + `) ` + verbForm + ` ?"?([A-Za-z]+)"?$`,
	)
	momentSettled = regexp.MustCompile(`^(?:everything|all) (?:has |is )?settle[sd]$`)
	momentPoll    = regexp.MustCompile(
		`^the next poll(?: of (?:(?:the )?channel )?(` + nameForm + `))?$`,
	)

	afterTime = regexp.MustCompile(`^after +((?:about )?` + durationForm + `)$`)

	atLater = regexp.MustCompile(
		`^(?:exactly |(about ))?(` + durationForm + `) +later(?:, give or take (` + durationForm + `))?$`,
	)
	atWithin = regexp.MustCompile(`^(?:eventually )?within +(` + durationForm + `)$`)
)

// glance says at what time an expectation looks.
type glance struct {
	kind     glanceKind
	from, to time.Duration // comesAfter: since that
	when     timing        // atOther
}

// glanceKind is the way in which a sentence says at what time it looks. The zero value is invalid.
type glanceKind uint8

const (
	atPresent  glanceKind = 1 + iota // it does not say
	comesAfter                       // what it expects comes in a time after that
	inTheEnd                         // when every retention has ended
	atOther                          // at or after a moment
)

// parseAt reads the clause of a sentence that says at what time it looks.
func parseAt(s string) (glance, error) {
	s = afterTime.ReplaceAllString(strings.TrimSpace(s), "$1 later")
	if s == "" {
		return glance{kind: atPresent}, nil
	}
	if s == "in the end" {
		return glance{kind: inTheEnd}, nil
	}
	if m := atWithin.FindStringSubmatch(s); m != nil {
		d, err := parseDuration(m[1])
		return glance{kind: comesAfter, to: d}, err
	}
	if m := atLater.FindStringSubmatch(s); m != nil {
		d, err := parseDuration(m[2])
		if err != nil {
			return glance{}, err
		}
		give := time.Duration(0)
		switch {
		case m[1] != "" && m[3] != "":
			return glance{}, fmt.Errorf("%q says twice how exact it is: leave out about, or give or take", s)
		case m[1] != "":
			give = d / 10
		case m[3] != "":
			if give, err = parseDuration(m[3]); err != nil {
				return glance{}, err
			}
		}
		return glance{kind: comesAfter, from: d - give, to: d + give}, nil
	}
	when, err := parseWhen(s)
	return glance{kind: atOther, when: when}, err
}

// parseWhen reads the clause of a sentence that says when.
func parseWhen(s string) (timing, error) {
	s = strings.TrimSuffix(strings.TrimSpace(s), ":") // of a sentence that a table follows
	s = afterTime.ReplaceAllString(s, "$1 later")
	if s == "" {
		return timing{kind: onceSettled}, nil
	}
	if s == "at once" || strings.HasPrefix(s, "at the same ") {
		return timing{kind: together}, nil
	}
	if m := whenLater.FindStringSubmatch(s); m != nil {
		offset, err := parseDuration(m[1])
		return timing{kind: later, offset: offset}, err
	}
	m := whenMoment.FindStringSubmatch(s)
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
	return fmt.Errorf("%q does not say when: write for example\n"+
		"    while wave 1 is soaking\n    while host \"web-01\" is activating\n    once \"stable@a1\" "+
		"is Terminal\n"+
		"    5 minutes after \"stable@a1\" is Failed\n    2 hours after the start\n    10 minutes "+
		"later\n    at once", s)
}

// parseMoment reads what is true of a rollout, its wave or its host.
func parseMoment(s string) (moment, error) {
	var m moment
	var err error
	if momentSettled.MatchString(s) {
		return moment{settled: true}, nil
	}
	if s == "the start" {
		return moment{start: true}, nil
	}
	if at := momentPoll.FindStringSubmatch(s); at != nil {
		return moment{poll: true, channel: reducer.ChannelID(unquote(at[1]))}, nil
	}
	if at := momentWave.FindStringSubmatch(s); at != nil {
		n, err := strconv.ParseUint(at[1], 10, 32)
		if err != nil {
			return moment{}, fmt.Errorf("wave %s: waves count from 0 to 4294967295", at[1])
		}
		m.Wave = reducer.Some(uint32(n))
		m.Rollout = reducer.RolloutID(unquote(at[2]))
		m.HostState, err = momentState(at[3])
		return m, err
	}
	if at := momentHost.FindStringSubmatch(s); at != nil {
		m.Host, m.Rollout = reducer.HostID(unquote(at[1])), reducer.RolloutID(unquote(at[2]))
		if at[3] == "dispatched" {
			m.dispatched = true
			return m, nil
		}
		m.HostState, err = momentState(at[3])
		return m, err
	}
	if at := momentRollout.FindStringSubmatch(s); at != nil {
		m.Rollout = reducer.RolloutID(unquote(at[1]))
		if at[2] == "opened" {
			return m, nil
		}
		m.State, err = parseState(at[2])
		return m, err
	}
	return moment{}, errWhen(s)
}

// momentState reads the state of a host as it stands in a clause.
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

// String says the moment in the words of a sentence.
func (m *moment) String() string {
	switch {
	case m.settled:
		return "everything has settled"
	case m.start:
		return "the start"
	case m.poll:
		return "the next poll"
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
