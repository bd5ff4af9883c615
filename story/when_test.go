package story

import (
	"fmt"
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"90m":                   90 * time.Minute,
		"90 minutes":            90 * time.Minute,
		"1h30m":                 90 * time.Minute,
		"1 hour 30 minutes":     90 * time.Minute,
		"1 hour and 30 minutes": 90 * time.Minute,
		"1 hour, 30 minutes":    90 * time.Minute,
		"1.5 hours":             90 * time.Minute,
		"an hour":               time.Hour,
		"half an hour":          30 * time.Minute,
		"a day":                 24 * time.Hour,
		"one week":              168 * time.Hour,
		"7 days":                168 * time.Hour,
		"2w":                    336 * time.Hour,
		"500ms":                 500 * time.Millisecond,
		"3 secs":                3 * time.Second,
		"1d12h":                 36 * time.Hour,
		"0s":                    0,
		"0.001 seconds":         time.Millisecond,
		"two days and an hour":  49 * time.Hour,
		"5 mins":                5 * time.Minute,
		"1 hr":                  time.Hour,
		"3650 days":             maxDuration,
	} {
		if got, err := parseDuration(s); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "5", "minutes", "5 minute s", "1 month", "and", "1 hour and", "-5m", "5 m m", "an",
		"3651 days", "99999999999999999999999999 weeks", "1e9 days", "a hour and a", "5 minutes later",
	} {
		if got, err := parseDuration(s); err == nil {
			t.Errorf("%q is %v", s, got)
		}
	}
}

func TestMoments(t *testing.T) {
	for clause, want := range map[string]string{
		"while wave 1 is soaking":                          "4 0s wave 1 of  is Soaking",
		`while wave 1 of "stable@a1" is Soaking`:           "4 0s wave 1 of stable@a1 is Soaking",
		`once wave 0 of rollout stable@a1 is converged`:    "4 0s wave 0 of stable@a1 is Converged",
		`while host "web-01" is activating`:                "4 0s host web-01 under  is Activating",
		`when host web-01 under "stable@a1" is failed`:     "4 0s host web-01 under stable@a1 is Failed",
		`as soon as "stable@a1" is Terminal`:               "4 0s stable@a1 is Terminal",
		`once rollout "stable@a1" is opened`:               "4 0s stable@a1 is opened",
		`5 minutes after "stable@a1" is Failed`:            "4 5m0s stable@a1 is Failed",
		`an hour and a half hour after wave 0 is deferred`: "",
		`2h after everything has settled`:                  "4 2h0m0s everything has settled",
		"once everything has settled":                      "1 0s",
		"10 minutes later":                                 "2 10m0s",
		"after 1h and 30 minutes":                          "2 1h30m0s",
		"at once":                                          "3 0s",
		"at the same moment":                               "3 0s",
		"while wave 4294967296 is soaking":                 "",
		"while wave one is soaking":                        "",
		"while the wave is soaking":                        "",
		"once web-01 is soaking":                           "",
		"soon":                                             "",
	} {
		got, err := parseWhen(clause)
		if (err != nil) != (want == "") {
			t.Errorf("%s: %v", clause, err)
			continue
		}
		is := fmt.Sprintf("%d %v", got.kind, got.offset)
		if got.kind == atMoment {
			is += " " + got.moment.String()
		}
		if err == nil && is != want {
			t.Errorf("%s\ngot  %s\nwant %s", clause, is, want)
		}
	}
}
