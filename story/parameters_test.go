package story

import (
	"fmt"
	"testing"
	"time"

	"rollsim/sim"
)

func TestDelays(t *testing.T) {
	for s, want := range map[string][2]time.Duration{ // the mean and the longest
		"5 minutes":                         {5 * time.Minute, 5 * time.Minute},
		"between 1 minute and 10 minutes":   {330 * time.Second, 10 * time.Minute},
		"between 1 and 10 minutes":          {330 * time.Second, 10 * time.Minute},
		"between 5 and 5 minutes":           {5 * time.Minute, 5 * time.Minute},
		"between 1 and 10m":                 {330 * time.Second, 10 * time.Minute},
		"10 minutes on average":             {10 * time.Minute, 76 * time.Minute},
		"40 seconds, seldom over 3 minutes": {49 * time.Second, 6 * time.Minute},
	} {
		d, err := parseDelay(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		for i, got := range []time.Duration{d.Mean(), d.longest} {
			if near := want[i] / 10; got < want[i]-near || got > want[i]+near {
				t.Errorf("%s: mean and longest are %v and %v", s, d.Mean(), d.longest)
			}
		}
	}
	for _, s := range []string{
		"between 10 minutes and 1 minute", "between 10 and 1 minutes", "between 1 and 1h30m",
		"3 minutes, seldom over 40 seconds", "soon", "4000 days on average",
	} {
		if d, err := parseDelay(s); err == nil {
			t.Errorf("%s: %v", s, d)
		}
	}
}

func TestChances(t *testing.T) {
	for s, want := range map[string]sim.Probability{
		"0%": 0, "50%": sim.Certain / 2, "100 percent": sim.Certain, "25 %": sim.Certain / 4,
	} {
		if got, err := parsePercent(s); err != nil || got != want {
			t.Errorf("%s is %v, %v", s, got, err)
		}
	}
	if p, err := parsePercent("100.1%"); err == nil {
		t.Errorf("100.1%% is %v", p)
	}
}

func TestTimes(t *testing.T) {
	for s, want := range map[string]string{
		"once": "{1 1}", "exactly twice": "{2 2}", "3 times": "{3 3}", "no times": "{0 0}",
		"at least once": "{1 18446744073709551615}", "at most 2 times": "{0 2}",
		"more than once": "{2 18446744073709551615}", "fewer than 3 times": "{0 2}",
		"less than once": "{0 0}", "about 10 times": "{9 11}", "about 11 times": "{9 13}",
		"about no times": "{0 0}", "about once": "{0 2}", "between 2 and 4 times": "{2 4}",
		"between 2 and 2 times": "{2 2}", "between no and 4 times": "{0 4}",
	} {
		if got, err := parseTimes(s); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s is %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"between 4 and 2 times", "fewer than no times", "fewer than 0 times"} {
		if got, err := parseTimes(s); err == nil {
			t.Errorf("%s is %v", s, got)
		}
	}
}
