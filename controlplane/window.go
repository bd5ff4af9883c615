package controlplane

import (
	"slices"
	"time"

	"rollsim/reducer"
)

// Window is a maintenance window: a span of time that comes every day, or on some days of the week.
// A channel with windows is dispatched only while one of them is open.
type Window struct {
	From time.Duration  // when it opens, since midnight in UTC; less than a day
	For  time.Duration  // how long it is open; at most a day
	Days []time.Weekday // on which it opens; empty for every day
}

// day is the length of a day.
const day = 24 * time.Hour

// Open reports whether one of some windows is open at an instant. A window is open from the instant
// at which it opens, and no longer at that at which it shuts.
func Open(windows []Window, now reducer.Time) bool {
	at := time.Unix(0, int64(now)).UTC()
	midnight := at.Truncate(day)
	since := at.Sub(midnight)
	for i := range windows {
		w := &windows[i]
		if since >= w.From && since < w.From+w.For && w.opensOn(midnight.Weekday()) {
			return true
		}
		// It may have opened yesterday.
		if since+day < w.From+w.For && w.opensOn(midnight.Add(-day).Weekday()) {
			return true
		}
	}
	return false
}

func (w *Window) opensOn(d time.Weekday) bool {
	return len(w.Days) == 0 || slices.Contains(w.Days, d)
}
