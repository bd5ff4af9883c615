package story

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rollsim/internal/nearest"
	"rollsim/story/gherkin"
)

func TestNearestSentences(t *testing.T) {
	for typed, want := range map[string]string{
		`channel "x with 2 hosts soaking 10 minuets`: `Given channel "x" with 2 hosts soaking ` +
			`10 minutes: "x" instead of "x, "minutes" instead of "minuets"`,
		`CHANNEL "x" with 2 hosts`: `Given channel "x" with 2 hosts: ` +
			`"channel" instead of "CHANNEL"`,
		`rollout "a@b is in "Failed"`: `Then rollout "a@b" is "Failed": ` +
			`"in" is too much, "a@b" instead of "a@b`,
		`"stable" moved to ref "b2"`: `When "stable" moves to ref "b2": ` +
			`"moves" instead of "moved"`,
		`rollout "stable@a1" should be Superseded`: `Then rollout "stable@a1" has been Superseded: ` +
			`"has" instead of "should", "been" instead of "be"`,
		`the operator cleared "stable@a1"`: `When the operator clears "stable@a1": ` +
			`"clears" instead of "cleared"`,
		`host "web-01" fails probes`: `Given host "web-01" fails its probes: "its" is missing`,
		`channel "x" with waves of 1 and 2 machines`: `Given channel "x" with waves of 1 and 2 hosts: ` +
			`"hosts" instead of "machines"`,
		`wait 8 days`: `When 8 days pass: "wait" is too much, "pass" is missing`,
		`no hosts of "stable@a1" were dispatched after that`: `Then no hosts of "stable@a1" are ` +
			`dispatched after that: "are" instead of "were"`,
		`OperatorClearance of "stable@a1" is rejected`: `Then OperatorClearance of "stable@a1" is ` +
			`refused: "refused" instead of "rejected"`,
		`channel "x" with waves of many hosts`: `Given channel "x" with waves of 1, 5 and 20 hosts: ` +
			`numbers instead of "many"`,
		`host "web-01" goes offline`: `When host "web-01" goes silent: "silent" instead of "offline"`,
		`OperatorClearance of "stable@a1" is denied`: `Then OperatorClearance of "stable@a1" is ` +
			`refused: "refused" instead of "denied"`,
		`hosts "w-1" are dispatched really within 1 minute of wave 0 is soaking`: `Then hosts "w-1" ` +
			`are dispatched within 1 minute of wave 0 is soaking: "really" is too much`,
		`all hosts fail their probes`: `Given hosts "*" fail their probes: hosts "*" instead of ` +
			`"all hosts"`,
		`nobody is dispatched`: `Then no host of "stable@a1" is dispatched: "of" is missing, a rollout ` +
			`such as stable@a1 is missing, "no host" instead of "nobody"`,
		strings.Repeat("long ", 10_000): "",
	} {
		got := steps().nearest(typed, 3)
		var lines []string
		for _, n := range got {
			lines = append(lines, n.sentence+": "+n.differs)
		}
		if len(got) != 3 || want != "" && !slices.Contains(lines, want) {
			t.Errorf("%s\ngot  %s\nwant %s among them", typed, strings.Join(lines, "\n     "), want)
		}
	}
}

// mutilations returns every example of the sentences in many ways that no step fits.
func mutilations(v vocabulary) (all []string) {
	for n, s := range v {
		if s.wraps {
			continue
		}
		words := strings.Fields(s.example)
		for i := range words {
			mutilated := strings.Join([][]string{
				slices.Delete(slices.Clone(words), i, i+1),
				slices.Insert(slices.Clone(words), i, "really"),
				slices.Replace(slices.Clone(words), i, i+1, "20%"),
			}[(i+n)%3], " ")
			if len(v.find(mutilated)) == 0 {
				all = append(all, mutilated)
			}
		}
	}
	return all
}

// mutilationsPerTest is how many mutilated sentences a test tries. SUGGESTIONS=all tries all.
const mutilationsPerTest = 25

func someMutilations(v vocabulary) []string {
	all := mutilations(v)
	if os.Getenv("SUGGESTIONS") == "all" {
		return all
	}
	var some []string
	for i := 0; i < len(all); i += max(1, len(all)/mutilationsPerTest) {
		some = append(some, all[i])
	}
	return some
}

// TestSuggestionsParse mutilates examples in many ways. Whatever is suggested can be copied: it
// fits one step, and its values exist. The example itself is suggested, unless three other
// sentences are at least as near.
func TestSuggestionsParse(t *testing.T) {
	v := steps()
	for _, mutilated := range someMutilations(v) {
		for _, n := range v.nearest(mutilated, 3) {
			_, sentence, _ := strings.Cut(n.sentence, " ")
			plain := gherkin.Plain(sentence)
			fits := v.find(plain)
			if len(fits) != 1 {
				t.Errorf("%q: %d steps fit the suggestion %q", mutilated, len(fits), n.sentence)
				continue
			}
			if _, _, err := fits[0].read(plain); err != nil {
				t.Errorf("%q: the suggestion %q: %v", mutilated, n.sentence, err)
			}
		}
	}
}

// TestSuggestionsAreNearest compares the suggestions for mutilated examples with the sentences of
// all steps, which it ranks by an edit distance of its own: with all values of the mutilated
// sentence where these fit, and the example. No sentence may be nearer than those that are
// suggested, after synonyms.
func TestSuggestionsAreNearest(t *testing.T) {
	v := steps()
	for _, mutilated := range someMutilations(v) {
		typed, repaired := repair(tokensOf(mutilated))
		fits := make(costs)
		var all []float64
		for _, s := range v {
			if s.wraps {
				continue
			}
			least := wordDistance(typed, tokensOf(strings.TrimSuffix(s.example, ":")))
			for _, parts := range variantsOf(s.words) {
				a, _ := align(typed, parts, fits, repaired)
				found := v.find(gherkin.Plain(a.sentence))
				if len(found) != 1 || found[0] != s || a.differs == "" {
					continue
				}
				if _, _, err := s.read(gherkin.Plain(a.sentence)); err == nil {
					least = min(least, wordDistance(typed, tokensOf(a.sentence)))
				}
			}
			all = append(all, least)
		}
		slices.Sort(all)
		var got []float64
		for _, n := range v.nearest(mutilated, 3) {
			_, sentence, _ := strings.Cut(n.sentence, " ")
			got = append(got, wordDistance(typed, tokensOf(sentence)))
		}
		for i := range got {
			if got[i] > all[i]+1e-9 {
				t.Errorf("%q: suggestion %d has the distance %.3f, and %.3f is possible\n%v", mutilated, i+1,
					got[i], all[i], v.nearest(mutilated, 3))
			}
		}
	}
}

// wordDistance is the edit distance in words, by its definition: one word less, one more, or one
// replaced by another one, whose cost is the share of its letters that differ.
func wordDistance(from, to []string) float64 {
	known := make(map[[2]int]float64)
	var distance func(i, j int) float64
	distance = func(i, j int) float64 {
		if d, found := known[[2]int{i, j}]; found || i+j == 0 {
			return d
		}
		d := math.Inf(1)
		if i > 0 {
			d = min(d, distance(i-1, j)+wordWeight(from[i-1]))
		}
		if j > 0 {
			d = min(d, distance(i, j-1)+wordWeight(to[j-1]))
		}
		if i > 0 && j > 0 {
			d = min(d, distance(i-1, j-1)+differentShare(from[i-1], to[j-1]))
		}
		known[[2]int{i, j}] = d
		return d
	}
	return distance(len(from), len(to))
}

func wordWeight(word string) float64 {
	if word == "a" || word == "an" || word == "the" {
		return 0.1
	}
	return 1
}

func differentShare(a, b string) float64 {
	if a == b {
		return 0
	}
	letters := nearest.Distance([]rune(strings.ToLower(a)), []rune(strings.ToLower(b)))
	longer := max(utf8.RuneCountInString(a), utf8.RuneCountInString(b))
	share := float64(max(letters, 1)) / float64(longer)
	if share > 0.5 {
		return 1
	}
	return share
}

// TestEditDistance checks examples of distances.
func TestEditDistance(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     float64
	}{
		{"", "", 0},
		{"8 days pass", "8 days pass", 0},
		{"wait 8 days", "8 days pass", 2},
		{"moved", "moves", 0.2},
		{"Moves", "moves", 0.2},
		{"the seed", "seed", 0.1},
		{"", "one two", 2},
		{"hosts", "denied", 1},
	} {
		got := editDistance(strings.Fields(tt.from), strings.Fields(tt.to))
		if math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%q and %q: got %v, want %v", tt.from, tt.to, got, tt.want)
		}
	}
}

// TestKinds checks that each kind of value can be named with "a", or has a description.
func TestKinds(t *testing.T) {
	for name := range parameters {
		if kinds[name] == "" && (strings.HasSuffix(name, "s") || strings.Contains(name, "_")) {
			t.Errorf("a suggestion would say %q", kindOf(name))
		}
	}
}
