package story

import (
	"slices"
	"testing"
	"time"
)

// TestDays parses days of the week.
func TestDays(t *testing.T) {
	const (
		sun, mon, tue, wed = time.Sunday, time.Monday, time.Tuesday, time.Wednesday
		thu, fri, sat      = time.Thursday, time.Friday, time.Saturday
	)
	for text, want := range map[string][]time.Weekday{
		"Saturday":            {sat},
		"Fridays and Sundays": {sun, fri},
		"Monday, Monday":      {mon},
		"Monday to Friday":    {mon, tue, wed, thu, fri},
		"weekdays":            {mon, tue, wed, thu, fri},
		"weekends":            {sun, sat},
		"Saturday to Monday":  {sun, mon, sat},
		"Mondays to Tuesdays": {mon, tue},
		"Sunday to Saturday":  {sun, mon, tue, wed, thu, fri, sat},
		"Friday to Friday":    {fri},
	} {
		got, err := parseDays(text)
		days, _ := got.([]time.Weekday)
		slices.Sort(days)
		if err != nil || !slices.Equal(days, want) {
			t.Errorf("%s: %v, %v; want %v", text, days, err, want)
		}
	}
}
