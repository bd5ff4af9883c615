package story

import (
	"slices"
	"testing"
)

// TestSearch searches for words that the sentences have, for synonyms, for kinds of values and for
// the cells of tables. Not every sentence is found.
func TestSearch(t *testing.T) {
	for search, want := range map[string]string{
		"silent":           `host "stable-02" goes silent while wave 1 is activating`,
		"offline":          `host "stable-02" goes silent while wave 1 is activating`,
		"Unreachable":      `host "stable-02" goes silent while wave 1 is activating`,
		"percent polls":    `20% of polls fail`,
		"at least hosts":   `6 hosts of "stable@a1" are dispatched`,
		"\"web-02, web-03": "",
		"web-02, web-03":   `channel "stable" with these waves:`,
		"rejected":         `OperatorClearance of "stable@a1" is refused with IllegalForState`,
		"no such word":     "",
	} {
		found := Vocabulary(search)
		has := slices.ContainsFunc(found, func(s Sentence) bool { return s.Example == want })
		if want == "" && len(found) > 0 || want != "" && !has || len(found) == len(steps()) {
			t.Errorf("%s: %d sentences, want %q among them", search, len(found), want)
			for _, s := range found[:min(8, len(found))] {
				t.Log(s.Example)
			}
		}
	}
}
