package story

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/reducer"
)

// TestOneStepForEachSentence proves over everything that ships, and over every example, that no
// sentence is worded like two steps; and that every example is told somewhere, where TestFeatures
// sees that it holds.
func TestOneStepForEachSentence(t *testing.T) {
	documents, err := selectScenarios(
		&Options{FS: shipped, Paths: []string{"features", "story/testdata/stories"}},
	)
	if err != nil {
		t.Fatal(err)
	}
	sentences := make(map[string]bool)
	for _, d := range documents {
		for _, c := range d.cases {
			for _, step := range c.pickle.Steps {
				sentences[step.Text] = true
			}
		}
	}
	used := make(map[*step]bool)
	for s := range sentences {
		found := find(s)
		if len(found) != 1 {
			t.Errorf("%d steps are worded like: %s", len(found), s)
			continue
		}
		used[found[0]] = true
	}
	for _, s := range steps() {
		if found := find(s.example); len(found) != 1 || found[0] != s {
			t.Errorf("%d steps are worded like: %s", len(found), s.example)
		}
		if !used[s] || !sentences[s.example] {
			t.Errorf("no feature and no story says: %s", s.example)
		}
	}
}

// samples are ways of writing each kind of value, as many as a sentence with several of them can
// mix up.
var samples = map[string][]string{
	"channel":    {`"stable"`, `edge`, `'a-b'`},
	"rollout":    {`"stable@a1"`, `edge@b2`, `"r1"`},
	"ref":        {`"a1"`, `b2`, `“c3”`},
	"refs":       {`"a1" and "b2"`, `a1, b2 and c3`, `"a1"`},
	"hosts":      {`"web-01"`, `web-01, web-02`, `"web-01" and "web-02"`},
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
		"SchedulePruning",
		"RecordRolloutTransition and SchedulePruning",
		"UpdateCurrentWave, SchedulePruning",
	},
	"error":     {"Invariant", "IllegalForState", "Unimplemented"},
	"policy":    {"halt", "rollback-and-halt", `"halt"`},
	"invariant": {"stuck", "one-standing", "unpruned"},
	"subject":   {`"stable"`, "stable@a1", "edge"},
	"machine":   {"v0.2", "rfc0008", `"v0.2"`},
	"channels":  {`"stable"`, `"stable" and "edge"`, `stable, edge`},
	"host":      {`"web-01"`, `web-02`, `'a'`},
	"fact": {
		`"stable@a1" is Failed`,
		`wave 1 of "stable@a1" is soaking`,
		`host "web-01" under stable@a1 is dispatched`,
	},
	"at":         {"", " after about 5 minutes", " 2 hours after the start"},
	"percent":    {"5%", "0.1 percent", "100 %"},
	"percents":   {"5%, 25% and 70%", "100%", "50% and 50%"},
	"delay":      {"5 minutes", "between 1 and 10 minutes", "40s, seldom over 3 minutes"},
	"planner":    {"shipped", "specified", "absent"},
	"gate":       {"quarantine", "host-edges", "disruption-budget"},
	"mishap":     {"activations fail", "probes fail", "dispatches are never acked"},
	"spoilt":     {"lost", "late by 30 seconds", "doubled after 1 minute on average"},
	"poll_fault": {"fail", "are stale", "fail"},
	"skew":       {"5 minutes ahead", "1h behind", "a day and an hour ahead"},
	"message":    {"message", "DispatchAck", "Converged"},
	"reason":     {"never acked", "Deferred", "held back by disruption-budget"},
	"scenario":   {`"failure-under-v0.2"`, `one-wave-converges`, `"x"`},
	"stage":      {"ack", "reboots", "convergence"},
}

// wordings gives every way in which words can be said, without and with what may be left out, each
// alternative alone.
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

// TestOneStepForEachWording proves the same over everything that the words of each step allow.
func TestOneStepForEachWording(t *testing.T) {
	slot := regexp.MustCompile(`\{([a-z_]+)\}`)
	for _, s := range steps() {
		for _, words := range wordings(s.words) {
			for k := range 3 {
				sentence := slot.ReplaceAllStringFunc(
					words, func(name string) string { return samples[name[1:len(name)-1]][k] },
				)
				if found := find(sentence); len(found) != 1 || found[0] != s {
					t.Errorf("%d steps are worded like %q, one of them %s", len(found), sentence, s.words)
				} else if _, _, err := s.read(sentence); err != nil {
					t.Errorf("%q: %v", sentence, err)
				}
			}
		}
	}
}

// TestExamples carries every example out in the middle of a story: it may not hold there, but it
// means something.
func TestExamples(t *testing.T) {
	for _, s := range steps() {
		w := newWorld("example")
		for _, sentence := range []string{
			`channel "stable" with waves of 1 and 2 hosts soaking 10 minutes`, `channel "edge" with 1 host`,
			`"stable" moves to ref "a1"`, `"stable" moves to ref "b2" while wave 1 is soaking`, `"stable" moves to ref "c3"`, `"edge" moves to ref "a1"`,
		} {
			if sets := s.phase == sets; sets &&
				regexp.MustCompile(`with|^the scenario`).MatchString(s.example) &&
				strings.HasPrefix(sentence, "channel") {
				continue
			}
			if s.phase == sets && strings.Contains(sentence, "moves") {
				continue
			}
			if err := w.carryOut(sentence, nil); err != nil {
				t.Fatal(err)
			}
		}
		var argument *messages.PickleStepArgument
		if s.table != nil {
			if s.sample == nil {
				t.Errorf("no sample of the table of: %s", s.words)
				continue
			}
			argument = tableOf(s.sample)
		}
		example := s.example
		if err := w.carryOut(example, argument); err != nil &&
			!strings.HasPrefix(err.Error(), "expected  ") {
			t.Errorf("%s\n%v", s.example, err)
		}
		if s.doc == "" || s.topic == "" || !strings.HasSuffix(s.doc, ".") {
			t.Errorf("%s: topic %q, doc %q", s.words, s.topic, s.doc)
		}
	}
}

func tableOf(rows [][]string) *messages.PickleStepArgument {
	t := &messages.PickleTable{}
	for _, r := range rows {
		row := &messages.PickleTableRow{}
		for _, c := range r {
			row.Cells = append(row.Cells, &messages.PickleTableCell{Value: c})
		}
		t.Rows = append(t.Rows, row)
	}
	return &messages.PickleStepArgument{DataTable: t}
}

// TestFunctions checks that each step's function takes what its words hold.
func TestFunctions(t *testing.T) {
	for _, s := range steps() {
		f := reflect.TypeOf(s.do)
		values, worded, err := s.read(s.example)
		if err != nil || !worded {
			t.Errorf("%s: %v, %v", s.example, worded, err)
			continue
		}
		want := 1 + len(s.values)
		if s.table != nil {
			want++
		}
		if f.Kind() != reflect.Func || f.NumIn() != want || f.NumOut() != 1 ||
			f.In(0) != reflect.TypeFor[*world]() {
			t.Errorf("%s: %v", s.words, f)
			continue
		}
		for i, v := range values {
			if v != nil && !reflect.TypeOf(v).AssignableTo(f.In(i+1)) {
				t.Errorf("%s: value %d is a %T, and the function takes a %v", s.words, i, v, f.In(i+1))
			}
		}
		if s.table != nil && f.In(want-1) != reflect.TypeFor[table]() {
			t.Errorf("%s: the function takes no table", s.words)
		}
	}
}

// TestJavaScript checks that editors, which run JavaScript, can use every expression.
func TestJavaScript(t *testing.T) {
	foreign := regexp.MustCompile(`\(\?[^:]|\\[^dw.+*?()|\[\]{}^$/-]|\[\[:`)
	for _, s := range steps() {
		if found := foreign.FindString(s.expr.String()); found != "" {
			t.Errorf("%s: %q means something else in JavaScript: %s", s.words, found, s.expr)
		}
		if n := s.expr.NumSubexp(); n != len(s.values) {
			t.Errorf("%s: %d groups for %d values", s.words, n, len(s.values))
		}
	}
}

// TestWordings lists ways of saying the same, and the values that are understood.
func TestWordings(t *testing.T) {
	for _, group := range [][]string{
		{
			`[stable [1 5 20] 30m0s]`,
			`channel "stable" with waves of 1, 5 and 20 hosts soaking 30 minutes`,
			`a channel "stable" with waves of 1, 5, and 20 hosts soaking for 30m`,
			`the channel stable with waves of one, five and 20 hosts each soaking for half an hour`,
			`channel 'stable'  with waves of 1 and 5 and 20 hosts soaking 0.5 hours`,
		},
		{`[stable [3] <nil>]`, `channel "stable" with a wave of 3 hosts`, `channel “stable” with one wave of three hosts`},
		{`[stable 0 <nil>]`, `channel "stable" with no hosts`, `a channel "stable" with 0 hosts`},
		{`[[web-01] <nil>]`, `host "web-01" never answers`, `host web-01 never answers`, `hosts "web-01" never answer`},
		{`[[web-01 web-02] b2]`, `hosts "web-01" and "web-02" fail their probes under ref "b2"`,
			`hosts web-01, web-02 fail their probes under b2`},
		{`[stable b2 at once]`, `"stable" moves to ref "b2" at once`, `channel stable moves to b2 at the same moment`,
			`"stable" moves back to "b2" at once`},
		{`[[web-01] <nil>]`, `The host "web-01" never answers`, `host 'web-01' never answers`},
		{`[1 [stable edge]]`, `a budget of one for channels stable and edge`, `The budget of 1 for the channels "stable" and ‘edge’`},
		{`[stable@a1 Superseded now]`, `The rollout "stable@a1" is Superseded`, `rollout "stable@a1" is Superseded`, `"stable@a1" is superseded`, `stable@a1 is "Superseded"`,
			`rollout stable@a1 is Superseded`, `Rollout ‘stable@a1’ becomes superseded`},
		{`[stable@a1 Pruned 168h0m0s to 168h0m0s later]`, `"stable@a1" is pruned 7 days later`, `"stable@a1" becomes Pruned a week later`,
			`rollout "stable@a1" is Pruned 168h later`},
		{`[stable@a1 Pruned 9m0s to 11m0s later]`, `"stable@a1" is pruned about 10 minutes later`,
			`"stable@a1" is pruned 10m later, give or take 1 minute`},
		{`[stable@a1 Terminal 0s to 2h0m0s later]`, `"stable@a1" is Terminal within two hours`,
			`"stable@a1" becomes Terminal eventually within 2h`},
		{`[0 stable@a1]`, `no host of "stable@a1" is dispatched`, `0 hosts of "stable@a1" are ever dispatched`},
		{`[stable@a1 [Opening Active Terminal]]`, `"stable@a1" goes through Opening, Active and Terminal`,
			`"stable@a1" went through Opening, Active, Terminal`},
		{`[RetentionExpired {1 1} stable@a1]`, `RetentionExpired happens once to "stable@a1"`,
			`RetentionExpired happens exactly once to rollout "stable@a1"`, `RetentionExpired happens 1 times to "stable@a1"`},
	} {
		for _, sentence := range group[1:] {
			found := find(sentence)
			if len(found) != 1 {
				t.Errorf("%d steps are worded like: %s", len(found), sentence)
				continue
			}
			values, _, err := found[0].read(sentence)
			for i, v := range values {
				switch v := v.(type) {
				case timing:
					if v.kind == together {
						values[i] = "at once"
					}
				case glance:
					values[i] = "now"
					if v.kind == comesAfter {
						values[i] = fmt.Sprintf("%v to %v later", v.from, v.to)
					}
				}
			}
			if got := fmt.Sprint(values); err != nil || got != group[0] {
				t.Errorf("%s\ngot  %s %v\nwant %s", sentence, got, err, group[0])
			}
		}
	}
}

// TestStrict lists sentences that nearly mean something, and must mean nothing.
func TestStrict(t *testing.T) {
	for _, sentence := range []string{
		`"stable@a1" is`, `"stable@a1" is supersded`, `"stable@a1" is not Superseded`, `no host of "stable@a1" is dispatched before that`,
		`"stable" moves to ref "b2" some time`, `"stable" moves to ref "b2" 10 minuets later`, `30 minutes`, `minutes pass`, `and pass`,
		`1 hour and pass`, `the channel stable`, `host fails its probes`, `"stable@a1" is pruned later`, `rollout "stable@a1" is Failed now`,
		`Then "stable@a1" is Failed`,
	} {
		for _, s := range find(sentence) {
			if _, _, err := s.read(sentence); err == nil {
				t.Errorf("%s\nis worded like %s", sentence, s.words)
			}
		}
	}
}

func TestDurations(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "90 minutes": 90 * time.Minute, "1h30m": 90 * time.Minute, "1 hour 30 minutes": 90 * time.Minute,
		"1 hour and 30 minutes": 90 * time.Minute, "1 hour, 30 minutes": 90 * time.Minute, "1.5 hours": 90 * time.Minute,
		"an hour": time.Hour, "half an hour": 30 * time.Minute, "a day": 24 * time.Hour, "one week": 168 * time.Hour,
		"7 days": 168 * time.Hour, "2w": 336 * time.Hour, "500ms": 500 * time.Millisecond, "3 secs": 3 * time.Second,
		"1d12h": 36 * time.Hour, "0s": 0, "0.001 seconds": time.Millisecond, "two days and an hour": 49 * time.Hour,
		"5 mins": 5 * time.Minute, "1 hr": time.Hour, "3650 days": maxDuration,
	} {
		if got, err := parseDuration(s); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "5", "minutes", "5 minute s", "1 month", "and", "1 hour and", "-5m", "5 m m", "an", "3651 days",
		"99999999999999999999999999 weeks", "1e9 days", "a hour and a", "5 minutes later",
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
		"once everything has settled":                      "1 0s stable is opened",
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
		if err == nil && is != want && got.kind != onceSettled {
			t.Errorf("%s\ngot  %s\nwant %s", clause, is, want)
		}
	}
}

func TestTagExpressions(t *testing.T) {
	tests := []struct {
		expression, tags string
		want             bool
	}{
		{"", "", true},
		{"", "@a", true},
		{"@a", "@a @b", true},
		{"@a", "@ab", false},
		{"not @a", "@a", false},
		{"not @a", "@b", true},
		{"not not @a", "@a", true},
		{"@a and @b", "@a", false},
		{"@a and @b", "@b @a", true},
		{"@a or @b and @c", "@a", true},
		{"@a or @b and @c", "@b", false},
		{"(@a or @b) and @c", "@a", false},
		{"(@a or @b) and @c", "@a @c", true},
		{"not @a or @b", "", true},
		{"not (@a or @b)", "@b", false},
		{"  not(@a)and(@b)  ", "@b", true},
		{"@machine:v0.2", "@machine:v0.2", true},
		{"@and and @or and not @not", "@and @or", true},
	}
	for _, tt := range tests {
		e, err := parseTags(tt.expression)
		if err != nil {
			t.Errorf("%q: %v", tt.expression, err)
			continue
		}
		if got := e(strings.Fields(tt.tags)); got != tt.want {
			t.Errorf("%q with %q is %v", tt.expression, tt.tags, got)
		}
	}
	for _, bad := range []string{
		"a", "@", "@a @b", "@a and", "and @a", "or", "not", "(@a", "@a)", "()", "@a,@b", "@a,", "~@a", "@a && @b", "@a@b", "@a AND @b", "!@a",
	} {
		if _, err := parseTags(bad); err == nil || !strings.Contains(err.Error(), "expected") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestNearestSentences(t *testing.T) {
	for typed, want := range map[string]string{
		`channel "x with 2 hosts soaking 10 minuets`: `Given channel "x" with 2 hosts soaking 10 minutes: "x" instead of "x, "minutes" instead of "minuets"`,
		`CHANNEL "x" with 2 hosts`:                   `Given channel "x" with 2 hosts: "channel" instead of "CHANNEL"`,
		`rollout "a@b is in "Failed"`:                `Then rollout "a@b" is "Failed": "in" is too much, "a@b" instead of "a@b`,
		`"stable" moved to ref "b2"`:                 `When "stable" moves to ref "b2": "moves" instead of "moved"`,
		`rollout "stable@a1" should be Superseded`:   `Then rollout "stable@a1" has been Superseded: "has" instead of "should", "been" instead of "be"`,
		`the operator cleared "stable@a1"`:           `When the operator clears "stable@a1": "clears" instead of "cleared"`,
		`host "web-01" fails probes`:                 `Given host "web-01" fails its probes: "its" is missing`,
		`channel "x" with waves of 1 and 2 machines`: `Given channel "x" with waves of 1 and 2 hosts: "hosts" instead of "machines"`,
		`wait 8 days`: `When 8 days pass: "wait" is too much, "pass" is missing`,
		`no hosts of "stable@a1" were dispatched after that`: `Then no hosts of "stable@a1" are dispatched after that: "are" instead of "were"`,
		`OperatorClearance of "stable@a1" is rejected`:       `Then OperatorClearance of "stable@a1" is refused: "refused" instead of "rejected"`,
		`channel "x" with waves of many hosts`:               `Given channel "x" with waves of {numbers} hosts: numbers instead of "many"`,
		strings.Repeat("long ", 10_000):                      "",
	} {
		got := nearestSentences(typed, 3)
		var lines []string
		for _, n := range got {
			lines = append(lines, n.sentence+": "+n.differs)
		}
		if len(got) != 3 || want != "" && !slices.Contains(lines, want) {
			t.Errorf("%s\ngot  %s\nwant %s among them", typed, strings.Join(lines, "\n     "), want)
		}
	}
}

func TestEventColumns(t *testing.T) {
	for _, kind := range reducer.EventKinds() {
		if _, ok := eventColumns[kind]; !ok {
			t.Errorf("%v has no columns", kind)
		}
	}
}
