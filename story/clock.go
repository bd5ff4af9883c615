package story

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// A clockTime is a time of day in UTC, on any day or on a day of the week.
type clockTime struct {
	day     time.Weekday
	anyDay  bool
	ofDay   time.Duration
	written string
}

func (c *clockTime) String() string { return c.written }

// next returns the first such time that is not before another one. Both count from the start of the
// run.
func (c *clockTime) next(start reducer.Time, now time.Duration) time.Duration {
	at := time.Unix(0, int64(start)+int64(now)).UTC()
	day := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	for {
		if due := day.Add(c.ofDay); !due.Before(at) && (c.anyDay || day.Weekday() == c.day) {
			return now + due.Sub(at)
		}
		day = day.AddDate(0, 0, 1)
	}
}

const (
	dayForm   = `(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day`
	timeForm  = `[0-9]{1,2}:[0-9]{2}`
	clockForm = `(?:on ` + dayForm + ` at ` + timeForm + `|on ` + dayForm + `|at ` + timeForm + `)`
)

var clockWords = lazy(
	`^(?:on (` + dayForm + `))?(?: ?at (` + timeForm + `))?$`,
)

// parseClock parses "at 03:00", "on Saturday at 03:00" and "on Saturday". It reports whether the
// text has that form.
func parseClock(s string) (m moment, found bool, err error) {
	at := clockWords().FindStringSubmatch(s)
	if at == nil || s == "" {
		return moment{}, false, nil
	}
	c := &clockTime{anyDay: at[1] == "", written: s}
	for d := time.Sunday; d <= time.Saturday; d++ {
		if d.String() == at[1] {
			c.day = d
		}
	}
	if at[2] != "" {
		c.ofDay, err = parseTimeOfDay(at[2])
	}
	return moment{clock: c}, true, err
}

// parseTimeOfDay parses a time such as 03:00.
func parseTimeOfDay(s string) (time.Duration, error) {
	hours, minutes, _ := strings.Cut(s, ":")
	h, _ := strconv.Atoi(hours) // digits only
	m, _ := strconv.Atoi(minutes)
	if h > 23 || m > 59 {
		return 0, fmt.Errorf("%s is no time of day: expected one from 00:00 to 23:59, in UTC", s)
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}

// parseStart parses the date on which a story starts.
func parseStart(s string) (any, error) {
	at, err := time.Parse(time.DateOnly, s)
	if err != nil || at.Year() < 1980 || at.Year() > 2200 {
		return nil, fmt.Errorf("%q is no date: expected one from 1980 to 2200 such as 2026-05-16", s)
	}
	return at, nil
}

const (
	lengthsForm = `(?:between (?:[0-9]+|` + durationForm + `) and )?(?:` + durationForm + `)`
	windowForm  = `| +(?:at least |at most )(?:` + durationForm + `) +later` +
		`| +between (?:[0-9]+|` + durationForm + `) and (?:` + durationForm + `) +later` +
		`| +(?:about |exactly |at least |at most )(?:` + durationForm + `) +after +.+` +
		`| +between (?:[0-9]+|` + durationForm + `) and (?:` + durationForm + `) +after +.+` +
		`| +within +(?:` + durationForm + `) +(?:of|after) +.+`
)

var (
	window = lazy(
		`^(?:(about|exactly|at least|at most) )?(` + lengthsForm + `) +(later|after +(.+))$`,
	)
	withinOf   = lazy(`^(within) +(` + durationForm + `) +((?:of|after) +(.+))$`)
	momentDown = regexp.MustCompile(`^(?:the )?control plane is (down|back)$`)
)

// parseWindow parses the clause of a sentence that looks at a span of time: "at least 5 minutes
// later", "between 20 and 30 minutes after wave 0 is soaking", "within 2 hours of the start". It
// reports whether the text has that form.
func parseWindow(s string) (v viewpoint, found bool, err error) {
	m := window().FindStringSubmatch(s)
	if m == nil {
		m = withinOf().FindStringSubmatch(s)
	}
	between := m != nil && strings.HasPrefix(m[2], "between ")
	if m == nil || m[1] == "" && !between ||
		m[3] == "later" && (m[1] == "about" || m[1] == "exactly") {
		return viewpoint{}, false, nil
	}
	v.kind = afterThat
	if between {
		v.from, v.to, err = parseBetween(m[2])
	} else {
		v.from, err = parseDuration(m[2])
		v.to = v.from
	}
	if err != nil {
		return v, true, err
	}
	switch m[1] {
	case "about":
		v.from, v.to = v.from-v.from/10, v.to+v.to/10
	case "at least":
		v.open = true
	case "at most", "within":
		v.from = 0
	}
	if m[4] != "" {
		anchor, err := parseMoment(m[4])
		if err != nil {
			return v, true, err
		}
		v.anchor = &anchor
	}
	return v, true, nil
}

// parseBetween parses "between 20 and 30 minutes".
func parseBetween(s string) (first, second time.Duration, err error) {
	if at := delayCounted().FindStringSubmatchIndex(s); at != nil {
		s = s[:at[3]] + s[at[4]:at[5]] + s[at[3]:] // the unit belongs to both
	}
	m := delayBetween().FindStringSubmatch(s)
	if m == nil {
		return 0, 0, fmt.Errorf("%q: expected two lengths of time", s)
	}
	if first, err = parseDuration(m[1]); err == nil {
		second, err = parseDuration(m[2])
	}
	if err == nil && second < first {
		err = fmt.Errorf("%q: the second length of time is shorter than the first", s)
	}
	return first, second, err
}

// anchored returns a sentence whose clause counts from the sentence before: what it counts from
// instead becomes that. It refuses a clause that does not say from where it counts if that is not
// clear.
func (w *world) anchored(r reading) (reading, error) {
	for i, value := range r.values {
		v, ok := value.(viewpoint)
		if !ok || v.kind != afterThat {
			continue
		}
		if v.bare && w.that.at > 0 {
			return r, fmt.Errorf(
				"it is not clear from where this counts: something has happened at %s; say %q or %q",
				elapsed(w.that.at), InWords(v.to)+" after the start", InWords(v.to)+" later",
			)
		}
		if v.anchor != nil {
			o, err := w.firstTime(v.anchor)
			if err != nil {
				return r, err
			}
			w.that, v.anchor = o, nil
		}
		if v.open {
			v.to, v.open = max(v.from, w.history.end()-w.that.at), false
		}
		values := append([]any(nil), r.values...)
		values[i] = v
		r.values = values
	}
	return r, nil
}

// An outage is a time for which the control plane is down.
type outage struct {
	from, to time.Duration
	entry    int // with which it begins
}

// outages returns the times for which the control plane is down, in order.
func (h *history) outages() []outage {
	var all []outage
	for i := range h.entries {
		f := h.entries[i].Fault
		if f == nil || f.Fault != sim.ControlPlaneCrash.String() {
			continue
		}
		at := h.at(i)
		all = append(all, outage{at, at + time.Duration(f.Millis)*time.Millisecond, i})
	}
	return all
}

// isDown reports whether the control plane is down at a time.
func (h *history) isDown(at time.Duration) bool {
	for _, o := range h.outages() {
		if at >= o.from && at < o.to {
			return true
		}
	}
	return false
}

var errNeverDown = errors.New(
	"the control plane is never down: no sentence makes it crash before this",
)

// timeOfOutage returns the first time, not before the present, at which the control plane is down,
// or is back.
func (w *world) timeOfOutage(m *moment) (time.Duration, error) {
	h, err := w.forecast(w.timeline.actions)
	if err != nil {
		return 0, err
	}
	now := w.timeline.now
	for _, o := range h.outages() {
		if m.down && o.to > now {
			return max(o.from, now), nil
		}
		if m.back && o.to >= now {
			return o.to, nil
		}
	}
	return 0, errNeverDown
}

// firstOutage returns when the control plane is down, or back, for the first time.
func (w *world) firstOutage(m *moment) (occurrence, error) {
	all := w.history.outages()
	switch {
	case len(all) == 0:
		return occurrence{}, w.fail(noEntry, w.sentence, errNeverDown.Error())
	case m.down:
		return occurrence{all[0].from, all[0].entry}, nil
	}
	to := all[0].to
	return occurrence{to, len(w.history.until(to-1)) - 1}, nil
}

// parseWithin parses "within 5 minutes" and "within 5 minutes of the start".
func parseWithin(s string) (any, error) { return parseAt(s) }
