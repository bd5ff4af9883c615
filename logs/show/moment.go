package show

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones by name also where the system has none

	"rollsim/reducer"
	"rollsim/trace"
)

// Zone is the time zone of times that people read and write.
type Zone struct{ location *time.Location }

// UTC is the zone of a clock without offset. The zero value of Zone is UTC too.
var UTC = Zone{time.UTC}

// Local is the zone of the system.
func Local() Zone { return Zone{time.Local} }

// ParseZone returns the zone with a name such as Europe/Lisbon, UTC, Local or +02:00.
func ParseZone(name string) (Zone, error) {
	if t, err := time.Parse("-07:00", name); err == nil {
		_, offset := t.Zone()
		return Zone{time.FixedZone(name, offset)}, nil
	}
	location, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return Zone{}, errors.New("expected a time zone such as UTC, Europe/Lisbon or +02:00")
	}
	return Zone{location}, nil
}

// Name returns the name of the zone, as a report states it, with the offset that it has at a time.
func (z Zone) Name(at reducer.Time) string {
	t := z.in(at)
	name, offset := z.in(0).Location().String(), t.Format("-07:00")
	switch {
	case name == "UTC" || name == offset:
		return name
	case name == "Local" && offset == "+00:00":
		return "UTC"
	case name == "Local":
		return offset
	}
	return fmt.Sprintf("%s (%s)", name, offset)
}

func (z Zone) in(t reducer.Time) time.Time {
	location := z.location
	if location == nil {
		location = time.UTC
	}
	return time.Unix(0, int64(t)).In(location)
}

// The forms in which a Zone writes times.
const (
	dayForm   = "2006-01-02"
	clockForm = "15:04:05"
)

// Day returns the day of a time, such as 2026-05-16.
func (z Zone) Day(t reducer.Time) string { return z.in(t).Format(dayForm) }

// Clock returns the time of the day to the second, such as 03:00:15.
func (z Zone) Clock(t reducer.Time) string { return z.in(t).Format(clockForm) }

// Time returns a day and a time of the day to the second.
func (z Zone) Time(t reducer.Time) string { return z.Day(t) + " " + z.Clock(t) }

// After returns a time as Time does, without its day if that is the day of another time.
func (z Zone) After(t, other reducer.Time) string {
	if z.Day(t) == z.Day(other) {
		return z.Clock(t)
	}
	return z.Time(t)
}

// Span returns the length of a stretch of time in two units at most: 9 h 29 min, 3 d 4 h, 45 s.
func Span(from, to reducer.Time) string {
	if to < from {
		from, to = to, from
	}
	const minute, hour, day = 60, 60 * 60, 24 * 60 * 60
	seconds := (uint64(to) - uint64(from)) / uint64(time.Second)
	two := func(n uint64, large string, rest uint64, small string) string {
		if rest == 0 {
			return fmt.Sprintf("%d %s", n, large)
		}
		return fmt.Sprintf("%d %s %d %s", n, large, rest, small)
	}
	switch {
	case seconds == 0:
		return "less than 1 s"
	case seconds < minute:
		return fmt.Sprintf("%d s", seconds)
	case seconds < 10*minute:
		return two(seconds/minute, "min", seconds%minute, "s")
	case seconds < hour:
		return fmt.Sprintf("%d min", seconds/minute)
	case seconds < day:
		return two(seconds/hour, "h", seconds%hour/minute, "min")
	}
	return two(seconds/day, "d", seconds%day/hour, "h")
}

// Moment is a time as a person writes it. What some forms mean depends on the log.
type Moment struct {
	form    momentForm
	at      reducer.Time  // exact
	elapsed time.Duration // since the first entry
	clock   [3]int        // hour, minute and second
	zone    Zone
}

type momentForm uint8

const (
	exact momentForm = iota
	elapsed
	ofDay // a time of the day, without the day
)

// expectedMoment says what ParseMoment accepts.
const expectedMoment = "expected a time such as 03:00, \"2026-05-16 03:00\", " +
	"2026-05-16T03:00:00+02:00, or \"0d 02:00:00\" after the first entry"

// ParseMoment reads a time in one of these forms:
//
//   - RFC 3339, also with a space instead of the T, and with or without seconds and offset: without
//     an offset it is in the zone
//   - a day, which is its midnight
//   - a time of the day, with or without seconds
//   - the time since the first entry, as traces print it: 0d 02:00:00.000, with or without seconds
func ParseMoment(text string, zone Zone) (Moment, error) {
	text = strings.TrimSpace(text)
	if m, ok, err := parseElapsed(text); ok || err != nil {
		return m, err
	}
	for _, form := range []string{"15:04", clockForm} {
		if t, err := time.Parse(form, text); err == nil && len(text) >= len("03:00") {
			return Moment{
				form: ofDay, clock: [3]int{t.Hour(), t.Minute(), t.Second()}, zone: zone,
			}, nil
		}
	}
	full := strings.Replace(text, " ", "T", 1)
	if len(full) > len("2026-05-16T03:00") && full[len("2026-05-16T03:00")] != ':' {
		full = full[:len("2026-05-16T03:00")] + ":00" + full[len("2026-05-16T03:00"):]
	}
	if at, err := trace.ParseTime(full); err == nil {
		return Moment{at: at}, nil
	}
	for _, form := range []string{dayForm, dayForm + "T15:04", dayForm + "T" + clockForm} {
		t, err := time.ParseInLocation(form, full, zone.in(0).Location())
		if err != nil || len(full) < len(form) {
			continue
		}
		// The range of reducer.Time is smaller than that of time.Time.
		at, err := trace.ParseTime(t.UTC().Format(time.RFC3339Nano))
		if err != nil {
			return Moment{}, err
		}
		return Moment{at: at}, nil
	}
	return Moment{}, errors.New(expectedMoment)
}

// mostDays is the largest number of days for which an elapsed time fits in a time.Duration.
const mostDays = 100_000

// parseElapsed reads a time since the first entry. ok reports whether the text has that form.
func parseElapsed(text string) (m Moment, ok bool, err error) {
	days, clock, ok := strings.Cut(text, "d ")
	n, wrong := strconv.ParseUint(days, 10, 32)
	if !ok || wrong != nil {
		return Moment{}, false, nil
	}
	for _, form := range []string{"15:04", clockForm} { // the latter also accepts decimals
		t, err := time.Parse(form, strings.TrimSpace(clock))
		if err != nil {
			continue
		}
		if n > mostDays {
			return Moment{}, false, fmt.Errorf("expected at most %d days after the first entry, found %d",
				mostDays, n)
		}
		since := t.Sub(t.Truncate(24 * time.Hour))
		return Moment{form: elapsed, elapsed: time.Duration(n)*24*time.Hour + since}, true, nil
	}
	return Moment{}, false, errors.New(expectedMoment)
}

// At returns the moment of an exact time.
func At(t reducer.Time) Moment { return Moment{at: t} }

// NeedsFirst reports whether the moment depends on when the log begins.
func (m Moment) NeedsFirst() bool { return m.form != exact }

// NeedsLast reports whether the moment depends on when the log ends.
func (m Moment) NeedsLast() bool { return m.form == ofDay }

// In returns the moment as a time, for a log with a first and a last entry. A time of the day is
// the last one of the log, or, where the log has none, that of the day of its last entry.
func (m Moment) In(first, last reducer.Time) reducer.Time {
	switch m.form {
	case exact:
		return m.at
	case elapsed:
		return later(first, m.elapsed)
	case ofDay:
	}
	today := m.onDay(last, 0)
	if today <= last {
		return today
	}
	if before := m.onDay(last, -1); before >= first {
		return before
	}
	return today
}

// Following returns the moment as a time, where a stretch begins at a time: a time of the day is
// the first one after it.
func (m Moment) Following(begin, first, last reducer.Time) reducer.Time {
	if m.form != ofDay {
		return m.In(first, last)
	}
	if t := m.onDay(begin, 0); t > begin {
		return t
	}
	return m.onDay(begin, 1)
}

// onDay returns a time of the day, some days after the day of a time.
func (m Moment) onDay(t reducer.Time, days int) reducer.Time {
	d := m.zone.in(t)
	at := time.Date(
		d.Year(), d.Month(), d.Day()+days, m.clock[0], m.clock[1], m.clock[2], 0, d.Location(),
	)
	return reducer.Time(at.UnixNano())
}

// later returns a time that is later by a duration, or the last possible one.
func later(t reducer.Time, by time.Duration) reducer.Time {
	if sum := int64(t) + int64(by); sum >= int64(t) {
		return reducer.Time(sum)
	}
	const last = 1<<63 - 1
	return last
}
