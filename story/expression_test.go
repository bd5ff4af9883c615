package story

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestOneStepForEachSentence checks that each sentence that ships and each example fits one step,
// and that each example is a sentence of some feature or story, so that TestFeatures runs it.
func TestOneStepForEachSentence(t *testing.T) {
	cases, err := Cases(
		Options{FS: shipped, Paths: []string{"features", "story/testdata/stories"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	sentences := make(map[string]bool)
	used := make(map[*step]bool)
	for _, c := range cases {
		for _, step := range c.scenario.Pickle.Steps {
			if sentences[step.Text] {
				continue
			}
			sentences[step.Text] = true
			s := step.Text
			found := c.steps.find(s)
			if len(found) != 1 {
				t.Errorf("%d steps fit: %s", len(found), s)
				continue
			}
			used[found[0]] = true
		}
	}
	for _, s := range steps() {
		if found := steps().find(s.example); len(found) != 1 || found[0] != s {
			t.Errorf("%d steps fit: %s", len(found), s.example)
		}
		if !used[s] || !sentences[s.example] {
			t.Errorf("no feature and no story says: %s", s.example)
		}
	}
}

// samples are three ways of writing each kind of value.
var samples = map[string][]string{
	"channel":    {`"stable"`, `edge`, `'a-b'`},
	"rollout":    {`"stable@a1"`, `edge@b2`, `"r1"`},
	"ref":        {`"a1"`, `b2`, `“c3”`},
	"refs":       {`"a1" and "b2"`, `a1, b2 and c3`, `"a1"`},
	"hosts":      {`"web-01"`, `web-01, web-02`, `"web-01" to "web-09"`},
	"number":     {"3", "no", "a"},
	"numbers":    {"1, 5 and 20", "3", "one and two"},
	"duration":   {"30 minutes", "1h30m", "a day and an hour"},
	"times":      {"once", "at least twice", "at most 3 times"},
	"when":       {"", " while wave 1 is soaking", " 10 minutes later"},
	"moment":     {"everything has settled", `"stable@a1" is Failed`, "wave 1 is soaking"},
	"state":      {"Failed", "superseded", "pruned"},
	"states":     {"Opening", "Opening, Active and Failed", "Opening and Active"},
	"host_state": {"Failed", "Converged", "soaking"},
	"event":      {"HostJoined", "RetentionExpired", "SuccessorOpened"},
	"effect":     {"SchedulePruning", "UpdateCurrentWave", "RecordRolloutTransition"},
	"effects": {
		"SchedulePruning", "RecordRolloutTransition and SchedulePruning",
		"UpdateCurrentWave, SchedulePruning",
	},
	"error":     {"Invariant", "IllegalForState", "Unimplemented"},
	"policy":    {"halt", "rollback-and-halt", `"halt"`},
	"invariant": {"stuck", "one-standing", "unpruned"},
	"subject":   {`"stable"`, "stable@a1", "edge"},
	"machine":   {"v0.2", "rfc0008", `"v0.2"`},
	"days":      {"Saturday", "Mondays, Tuesdays and Fridays", "Monday to Friday"},
	"run":       {`"shipped"`, "patient", `'all at once'`},
	"channels":  {`"stable"`, `"stable" and "edge"`, `stable, edge`},
	"host":      {`"web-01"`, `web-02`, `'a'`},
	"fact": {
		`"stable@a1" is Failed`, `wave 1 of "stable@a1" is soaking`,
		`host "web-01" under stable@a1 is dispatched`,
	},
	"length":     {"5 minutes", "1h30m", "a day"},
	"limit":      {"one", "25%", "2"},
	"tags":       {`"web"`, "web and slow", "a, b"},
	"defects":    {"no-halt", "no-halt and set-back", "reopened, torn-opening and lossy-log"},
	"recurring":  {"heartbeat", "tick", "prune"},
	"manifest":   {"no", "a stale", "an invalid"},
	"from_start": {"2 hours before the start", "10 minutes after the start", "1d before the start"},
	"at":         {"", " after about 5 minutes", " 2 hours after the start"},
	"percent":    {"5%", "0.1 percent", "100 %"},
	"percents":   {"5%, 25% and 70%", "100%", "50% and 50%"},
	"delay":      {"5 minutes", "between 1 and 10 minutes", "40s, seldom over 3 minutes"},
	"planner":    {"shipped", "specified", "absent"},
	"gate":       {"quarantine", "host-edge", "disruption-budget"},
	"mishap":     {"activations fail", "probes fail", "dispatches are never acked"},
	"spoilt":     {"lost", "late by 30 seconds", "doubled after 1 minute on average"},
	"poll_fault": {"fail", "are stale", "fail"},
	"skew":       {"5 minutes ahead", "1h behind", "a day and an hour ahead"},
	"message":    {"message", "DispatchAck", "Converged"},
	"reason":     {"never acked", "Deferred", "held back by disruption-budget"},
	"scenario":   {`"failure-under-v0.2"`, `one-wave-converges`, `"x"`},
	"stage":      {"ack", "reboots", "convergence"},
	"count":      {"2", "between 10 and 20%", "all but one"},
	"states_or":  {"Failed or Terminal", "not Failed", "neither Failed nor Reverted"},
	"host_states_or": {
		"Soaking or Converged", "not in flight", "Pending, Activating or Soaking",
	},
	"host_states": {"Pending", "Pending, Activating and Failed", "Pending and Activating"},
	"date":        {"2026-05-16", "2026-01-01", "1999-12-31"},
	"clock":       {"03:00", "22:15", "0:30"},
	"window": {
		" within 5 minutes", " within 1 hour of the start", " within 1m after wave 0 is soaking",
	},
	"goes_wrong": {"control-plane crash", "lost messages", "host outages"},
	"may":        {"fail their probes", "never answer", "go offline"},
	"some_run":   {"some run", "one of the runs", "some run"},
	"sentence":   {`"stable@a1" is Failed`, "seed 7", "every invariant holds"},
}

// wordings returns every sentence that the words of a step allow: with and without each optional
// text, and with each choice.
func wordings(words string) []string {
	if at := regexp.MustCompile(`\([^()]*\)`).FindStringIndex(words); at != nil {
		without := words[:at[0]] + words[at[1]:]
		with := words[:at[0]] + words[at[0]+1:at[1]-1] + words[at[1]:]
		return append(wordings(without), wordings(with)...)
	}
	if at := regexp.MustCompile(`[^ /]+(?:/[^ /]+)+`).FindStringIndex(words); at != nil {
		var all []string
		for _, w := range strings.Split(words[at[0]:at[1]], "/") {
			all = append(all, wordings(words[:at[0]]+w+words[at[1]:])...)
		}
		return all
	}
	return []string{words}
}

// TestOneStepForEachWording checks that each sentence that the words of a step allow fits that step
// alone.
func TestOneStepForEachWording(t *testing.T) {
	slot := regexp.MustCompile(`\{([a-z_]+)\}`)
	for _, s := range steps() {
		for _, words := range wordings(s.words) {
			for k := range 3 {
				sentence := slot.ReplaceAllStringFunc(
					words, func(name string) string { return samples[name[1:len(name)-1]][k] },
				)
				if found := steps().find(sentence); len(found) != 1 || found[0] != s {
					t.Errorf("%d steps fit %q, one of them %s", len(found), sentence, s.words)
				} else if _, _, err := s.read(sentence); err != nil {
					t.Errorf("%q: %v", sentence, err)
				}
			}
		}
	}
}

// TestJavaScript checks that every expression means the same in JavaScript, which editors run.
func TestJavaScript(t *testing.T) {
	foreign := regexp.MustCompile(`\(\?[^:]|\\[^dw.+*?()|\[\]{}^$/-]|\[\[:`)
	for _, s := range steps() {
		if found := foreign.FindString(s.expr().String()); found != "" {
			t.Errorf("%s: %q means something else in JavaScript: %s", s.words, found, s.expr())
		}
		if n := s.expr().NumSubexp(); n != len(s.values) {
			t.Errorf("%s: %d groups for %d values", s.words, n, len(s.values))
		}
	}
}

// TestStrict reads sentences that nearly fit a step. None may fit.
func TestStrict(t *testing.T) {
	for _, sentence := range []string{
		`"stable@a1" is`, `"stable@a1" is supersded`, `"stable@a1" is not superseded by`,
		`no host of "stable@a1" is dispatched before that`,
		`"stable" moves to ref "b2" some time`, `"stable" moves to ref "b2" 10 minuets later`,
		`30 minutes`, `minutes pass`, `and pass`,
		`1 hour and pass`, `the channel stable`, `host fails its probes`, `"stable@a1" is pruned later`,
		`rollout "stable@a1" is Failed now`,
		`Then "stable@a1" is Failed`,
	} {
		for _, s := range steps().find(sentence) {
			if _, _, err := s.read(sentence); err == nil {
				t.Errorf("%s\nfits %s", sentence, s.words)
			}
		}
	}
}

// TestWordings reads sentences that say the same, and compares their values.
func TestWordings(t *testing.T) {
	for _, group := range [][]string{
		{
			`[stable [1 5 20] {30m0s true}]`,
			`channel "stable" with waves of 1, 5 and 20 hosts soaking 30 minutes`,
			`a channel "stable" with waves of 1, 5, and 20 hosts soaking for 30m`,
			`the channel stable with waves of one, five and 20 hosts each soaking for half an hour`,
			`channel 'stable'  with waves of 1 and 5 and 20 hosts soaking 0.5 hours`,
		},
		{`[stable [3] <nil>]`, `channel "stable" with a wave of 3 hosts`,
			`channel “stable” with one wave of three hosts`},
		{`[stable 0 <nil>]`, `channel "stable" with no hosts`, `a channel "stable" with 0 hosts`},
		{
			`[[web-01] <nil>]`, `host "web-01" never answers`, `host web-01 never answers`,
			`hosts "web-01" never answer`,
		},
		{`[[web-01 web-02] b2]`, `hosts "web-01" and "web-02" fail their probes under ref "b2"`,
			`hosts web-01, web-02 fail their probes under b2`},
		{`[stable b2 at once]`, `"stable" moves to ref "b2" at once`,
			`channel stable moves to b2 at the same moment`,
			`"stable" moves back to "b2" at once`},
		{`[[web-01] <nil>]`, `The host "web-01" never answers`, `host 'web-01' never answers`},
		{
			`[1 [stable edge]]`, `a budget of one for channels stable and edge`,
			`The budget of 1 for the channels "stable" and ‘edge’`,
		},
		{
			`[stable@a1 Superseded now]`, `The rollout "stable@a1" is Superseded`,
			`rollout "stable@a1" is Superseded`, `"stable@a1" is superseded`,
			`stable@a1 is "Superseded"`, `rollout stable@a1 is Superseded`,
			`Rollout ‘stable@a1’ becomes superseded`,
		},
		{
			`[stable@a1 Pruned 168h0m0s to 168h0m0s later]`, `"stable@a1" is pruned 7 days later`,
			`"stable@a1" becomes Pruned a week later`, `rollout "stable@a1" is Pruned 168h later`,
		},
		{`[stable@a1 Pruned 9m0s to 11m0s later]`, `"stable@a1" is pruned about 10 minutes later`,
			`"stable@a1" is pruned 10m later, give or take 1 minute`},
		{`[stable@a1 Terminal 0s to 2h0m0s later]`, `"stable@a1" is Terminal within two hours`,
			`"stable@a1" becomes Terminal eventually within 2h`},
		{
			`[0 stable@a1]`, `no host of "stable@a1" is dispatched`,
			`0 hosts of "stable@a1" are ever dispatched`,
		},
		{`[stable@a1 [Opening Active Terminal]]`, `"stable@a1" goes through Opening, Active and Terminal`,
			`"stable@a1" went through Opening, Active, Terminal`},
		{`[RetentionExpired {1 1} stable@a1]`, `RetentionExpired happens once to "stable@a1"`,
			`RetentionExpired happens exactly once to rollout "stable@a1"`,
			`RetentionExpired happens 1 times to "stable@a1"`},
	} {
		for _, sentence := range group[1:] {
			found := steps().find(sentence)
			if len(found) != 1 {
				t.Errorf("%d steps fit: %s", len(found), sentence)
				continue
			}
			values, _, err := found[0].read(sentence)
			for i, v := range values {
				switch v := v.(type) {
				case timing:
					if v.kind == together {
						values[i] = "at once"
					}
				case viewpoint:
					values[i] = "now"
					if v.kind == afterThat {
						values[i] = fmt.Sprintf("%v to %v later", v.from, v.to)
					}
				case amount:
					values[i] = v.most
				}
			}
			if got := fmt.Sprint(values); err != nil || got != group[0] {
				t.Errorf("%s\ngot  %s %v\nwant %s", sentence, got, err, group[0])
			}
		}
	}
}

// FuzzSentence reads any text. It fits one step at most, and otherwise three are suggested.
func FuzzSentence(f *testing.F) {
	for _, s := range steps() {
		f.Add(s.example)
	}
	f.Fuzz(func(t *testing.T, sentence string) {
		found := steps().find(sentence)
		if len(found) > 1 {
			t.Errorf(
				"%d steps fit %q: %s and %s", len(found), sentence, found[0].words, found[1].words,
			)
		}
		for _, s := range found {
			values, _, err := s.read(sentence)
			if err == nil && len(values) != len(s.values) {
				t.Errorf("%q: %d values instead of %d", sentence, len(values), len(s.values))
			}
		}
		// A search takes milliseconds, so only some sentences pay for one.
		if len(found) == 0 && len(sentence)%16 == 0 && len(steps().nearest(sentence, 3)) != 3 {
			t.Errorf("no sentence is near %q", sentence)
		}
	})
}

func TestAnyCase(t *testing.T) {
	for word, want := range map[string]string{
		"at": "[aA]t", "zone": "[zZ]one", "Terminal": "Terminal", "`x": "`x", "{x": `\{x`, "a.": `[aA]\.`,
	} {
		if got := anyCase(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

// TestCapital reads a sentence that begins a word with a capital which a state could have.
func TestCapital(t *testing.T) {
	found := steps().find(`"stable@a1" is Stuck`)
	if len(found) != 1 || found[0].words != "(rollout ){rollout} is stuck" {
		t.Errorf("%d steps fit", len(found))
	}
	found = steps().find(`"stable@a1" is Aborted 1 minute after wve 0 is soaking`)
	if len(found) != 1 || found[0].words != "(rollout ){rollout} is aborted{at}" {
		t.Errorf("%d steps fit", len(found))
	}
	if found := steps().find(`"stable@a1" is Stock`); len(found) != 1 { // an unknown state
		t.Errorf("%d steps fit", len(found))
	}
}

// TestMayFit checks that no sentence is dropped before its expression is asked, and that one
// without a fixed word is.
func TestMayFit(t *testing.T) {
	for _, s := range steps() {
		for _, parts := range variantsOf(s.words) {
			sentence := sampleSentence(parts)
			for _, written := range []string{sentence, strings.ToUpper(sentence[:1]) + sentence[1:]} {
				if s.expr().MatchString(written) && !s.matches(written) {
					t.Errorf("%s: %q is dropped, its fixed words are %q", s.words, written, s.fixed)
				}
			}
		}
		for _, word := range s.fixed {
			if s.mayFit(strings.ReplaceAll(strings.ToLower(s.example), word, "")) {
				t.Errorf("%s: an example without %q may fit", s.words, word)
			}
		}
		if len(s.fixed) == 0 && strings.Count(s.words, "{") < 2 {
			t.Errorf("%s has no fixed word", s.words)
		}
	}
}
