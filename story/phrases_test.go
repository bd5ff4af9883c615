package story

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim/scenario"
)

const canary = `phrases:
  - say: a failed canary on channel {channel:name}
    as: When
    steps: ['Given host "{channel}-01" fails its probes', 'When "{channel}" moves to ref "bad"']
  - say: channel {channel} halts (at once)
    as: Then
    steps:
      - Then "{channel}@bad" is Failed
      - And host "{channel}-02" is Pending
`

// withPhrases runs a body as the only scenario of a/b/x.feature, with files next to and above it.
func withPhrases(t *testing.T, body string, files map[string]string) (Scenario, error) {
	t.Helper()
	fsys := fstest.MapFS{"a/b/x.feature": {Data: []byte("Feature: x\nScenario: x\n" +
		"Given channel \"web\" with waves of 1 and 2 hosts\n" + body + "\n")}}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	report, err := Run(context.Background(), Options{FS: fsys, Paths: []string{"a/b/x.feature"}})
	if err != nil {
		return Scenario{}, err
	}
	return report.Scenarios[0], nil
}

func TestPhrases(t *testing.T) {
	const holds = "When a failed canary on channel \"web\"\nThen channel web halts"
	for _, test := range []struct {
		name, body string
		files      map[string]string
		status     Status
		want       string // in the message
	}{
		{"next to the feature", holds, map[string]string{"a/b/phrases.yaml": canary}, Passed, ""},
		{"above", holds, map[string]string{"phrases.yaml": canary}, Passed, ""},
		{"the nearest", holds, map[string]string{
			"phrases.yaml": "phrases: []", "a/phrases.yaml": canary}, Passed, ""},
		{"only the nearest", holds, map[string]string{
			"phrases.yaml": canary, "a/phrases.yaml": "phrases: []"}, Undefined, "no step fits"},
		{"not above a repository", holds, map[string]string{
			"phrases.yaml": canary, "a/.git/config": ""}, Undefined, "no step fits"},
		{"none", holds, nil, Undefined, "no step fits"},
		{"false", "When \"web\" moves to ref \"bad\"\nThen channel \"web\" halts",
			map[string]string{"phrases.yaml": canary}, Failed,
			"phrase    phrases.yaml:5: channel {channel} halts (at once)\n" +
				"its step  phrases.yaml:8: Then \"{channel}@bad\" is Failed\n" +
				"expected  \"web@bad\" is Failed"},
		{"vacuous", "And a failed canary on channel \"web\"\nAnd host \"web-03\" is slow\n" +
			"Then channel web halts", map[string]string{"phrases.yaml": canary + `
  - say: host {host} is slow
    as: Given
    steps: ['Given host {host} fails its probes under ref "bad"']
`}, Failed, "vacuous: the run is the same without it"},
		{"known defect", "When \"web\" moves to ref \"bad\"\nThen known defect: channel web halts",
			map[string]string{"phrases.yaml": canary}, Defect, "is Failed"},
		{"an unknown value", "When a failed canary on channel \"web\"\nThen it ends Faild",
			map[string]string{"phrases.yaml": canary + `
  - {say: 'it ends {state}', as: Then, steps: ['Then "web@bad" is {state}']}
`}, Failed, `no state of a rollout is named "Faild": did you mean "Failed"?`},
		{"suggested", "When a failed canary of channel \"web\"\nThen channel web halts",
			map[string]string{"phrases.yaml": canary}, Undefined,
			"When a failed canary on channel \"web\"\n        \"on\" instead of \"of\""},
		{"five deep", holds + "\nAnd it halts 5", map[string]string{"phrases.yaml": nested(5)}, Passed,
			""},
	} {
		s, err := withPhrases(t, test.body, test.files)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if s.Status != test.status || !strings.Contains(s.Message, test.want) {
			t.Errorf("%s: %v\n%s\nwant %v and %q", test.name, s.Status, s.Message, test.status, test.want)
		}
	}
}

// nested returns phrases: each except the first stands for the one before it.
func nested(depth int) string {
	text := canary + "  - {say: it halts 1, as: Then, steps: [Then channel web halts]}\n"
	for n := 2; n <= depth; n++ {
		digit := func(n int) string { return string(rune('0' + n)) }
		text += "  - {say: it halts " + digit(n) + ", as: Then, steps: [Then it halts " + digit(n-1) +
			"]}\n"
	}
	// "it halts 1" stands for "channel web halts", so the last one is one deeper than its number.
	return strings.Replace(text, "Then channel web halts]", "'Then \"web@bad\" is Failed']", 1)
}

// TestWrongPhrases checks the mistakes in a file of phrases, and their lines.
func TestWrongPhrases(t *testing.T) {
	one := func(say, as, step string) string {
		return "phrases:\n  - say: " + say + "\n    as: " + as + "\n    steps:\n      - " + step + "\n"
	}
	const move = `When "{x}" moves to ref "a1"`
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "the file is empty: a file of phrases needs at least phrases"},
		{"no list", "phrases: 3", "phrases: expected a list"},
		{"unknown field", "phrases:\n  - {say: x, as: When, stops: []}", `unknown field "stops"`},
		{"missing field", "phrases:\n  - {say: x, steps: [When x]}", `missing field "as"`},
		{"no steps", "phrases:\n  - {say: x y, as: When, steps: []}",
			"a phrase stands for at least one sentence"},
		{"anchor", "phrases: &a []", "no anchors"},
		{"keyword", one("go {x:name}", "And", move),
			`:3:9: as: expected Given, When or Then, found "And"`},
		{"two lines", one(`"go\n{x:name}"`, "When", move), "a sentence is one line"},
		{"type", one("go {x:chanel}", "When", move),
			`:2:1: say: no type of a value is named "chanel": did you mean "channel"?`},
		{"sentence", one("go {x:sentence}", "When", move), `no type of a value is named "sentence"`},
		{"twice", one("go {x:name} {x:ref}", "When", move), `two values are named "x"`},
		{"stray brace", one("go {x:name", "When", `When "x" moves to ref "a1"`),
			"expected {NAME:TYPE} for a value"},
		{"brackets", one("go (now {x:name}", "When", move), "a value in an optional text"},
		{"brackets without a value", one("go (now", "When", `When "x" moves to ref "a1"`),
			"the brackets of optional texts do not match"},
		{"choice", one("go now/ {x:name}", "When", move), "expected a word on each side of the /"},
		{"optionals", one("go (a )(b )(c )(d )(e )(f )now", "When", `When "x" moves to ref "a1"`),
			"more than 5 optional texts"},
		{"value after a word", one("go here{x:name}", "When", move),
			"expected a space between each value and the words next to it"},
		{"value before a word", one("go {x:name}$", "When", move),
			"expected a space between each value and the words next to it"},
		{"no word", one("'{x:name}'", "When", move), "a phrase needs a word of its own"},
		{"unknown value", one("go {y:name}", "When", move),
			`:5:1: the phrase has no value named "x": expected one of y`},
		{"no keyword", one("go {x:name}", "When", `'"{x}" moves to ref "a1"'`),
			"expected a sentence with its keyword"},
		{"undefined", one("go {x:name}", "When", `When "{x}" moved to ref "a1"`),
			":5:1: no step fits this sentence"},
		{"built in", one("channel {x:name} moves to ref {y:ref}", "When", move),
			":2:1: say: this is a built-in sentence already: When"},
		{"built in with some values", one("'{x:rollout} is Failed'", "Then", `Then "{x}" is Failed`),
			"this is a built-in sentence already"},
		{"wrapped", one("'known defect: it fails'", "Then", `Then "a@b" is Failed`),
			"this is a built-in sentence already"},
		{"same", one("go {x:name}", "When", move) +
			"  - {say: 'go {y:ref}', as: When, steps: ['When \"{y}\" moves to ref \"a\"']}",
			":6:1: say: the phrase at line 2 fits the same sentences"},
		{"expectation", one("go {x:name}", "When", `Then "{x}@a" is Failed`),
			"a phrase that is said as When has no expectation"},
		{"no expectation", one("go {x:name}", "Then", move), "as Then has only expectations"},
		{"seeds", one("go now", "Given", "Given each of the seeds 1 to 3"),
			"a phrase does not choose the seed"},
		{"table", one("go now", "When", "'When the channels move like this:'"), "a phrase has none"},
		{"itself", one("go now", "When", "When go now"),
			"this phrase leads back to itself: go now"},
		{"circle", one("go now", "When", "When go later on") +
			"  - {say: go later on, as: When, steps: [When go now]}", "leads back to itself"},
		{"six deep", nested(6), ":15:1: phrases nest more than 5 deep"},
		{"many sentences", many(), "this phrase stands for more than 200 sentences"},
	} {
		err := CheckPhrases("p.yaml", []byte(test.text))
		var refused *scenario.Error
		if err == nil || !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v\nwant %s", test.name, err, test.want)
		}
		if test.text == "" {
			continue
		}
		if _, err := withPhrases(t, "When \"web\" moves to ref \"a1\"\nThen \"web@a1\" is Terminal",
			map[string]string{"phrases.yaml": test.text}); err == nil {
			t.Errorf("%s: a feature runs with it", test.name)
		}
	}
}

// many returns phrases that stand for 6 * 6 * 6 sentences.
func many() string {
	text := canary
	last := `Then "web@bad" is Failed`
	for _, name := range []string{"one", "two", "three"} {
		text += "  - {say: it halts " + name + ", as: Then, steps: ['" +
			strings.Join(slices.Repeat([]string{last}, 6), "', '") + "']}\n"
		last = "Then it halts " + name
	}
	return text
}

// FuzzPhrases reads any text as a file of phrases. If it has no mistake, each of its phrases is a
// sentence of its own, and can be suggested and written for an editor.
func FuzzPhrases(f *testing.F) {
	f.Add(canary)
	f.Add(nested(5))
	f.Add("phrases:\n  - {say: 'go (now )there/here {x:hosts}', as: Given, " +
		"steps: ['Given hosts {x} fail their probes']}")
	f.Add("phrases:\n  - {say: 'go{x:when}', as: When, steps: ['When \"a\" moves to ref \"b\"{x}']}")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parsePhrases("p.yaml", []byte(text))
		if err != nil {
			return
		}
		for _, s := range v[len(steps()):] {
			if found := v.find(s.example); len(found) != 1 || found[0] != s {
				t.Errorf("%q: %d steps fit its example %q", s.words, len(found), s.example)
			}
			editorExpression(s.words)
			v.nearest(s.example+" now", 3)
		}
	})
}
