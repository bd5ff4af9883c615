package story

import "testing"

// TestFileName names the files about a scenario after the place of the scenario.
func TestFileName(t *testing.T) {
	for file, want := range map[string]string{
		"web.feature":             "web-7",
		"./web.feature":           "web-7",
		"../waves/web.feature":    "waves-web-7",
		"/a b/web (old).feature":  "a-b-web-old--7",
		"./.hidden/../ü.feature":  "ü-7",
		"features/waves/web.feat": "features-waves-web.feat-7",
	} {
		s := Scenario{File: file, Line: 7}
		if got := s.FileName(); got != want {
			t.Errorf("%s: %s, want %s", file, got, want)
		}
	}
}
