package story

import (
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/story/gherkin"
)

// TestExamples carries out every example in the middle of a story. An expectation need not hold
// there, but no example may have another error.
func TestExamples(t *testing.T) {
	for _, s := range steps() {
		w := newWorld("example")
		w.seed.many = true // for a share of the seeds
		if s.topic == topicWrong && s.phase == expects {
			w.seed.many, w.wrong = false, wrongs{bound: 1, explorer: stubExplorer{}}
		}
		if s.topic == "The shipped control plane" {
			w.fleet.ControlPlane = controlplane.Shipped
		}
		beginExample(t, w, s)
		var argument *messages.PickleStepArgument
		if s.table != nil {
			if s.sample == nil {
				t.Errorf("no sample of the table of: %s", s.words)
				continue
			}
			argument = tableOf(s.sample)
		}
		err := w.carryOut(nil, s.example, argument)
		if err != nil && !errors.As(err, new(*unmetError)) {
			t.Errorf("%s\n%v", s.example, err)
		}
		if s.doc == "" || s.topic == "" || !strings.HasSuffix(s.doc, ".") {
			t.Errorf("%s: topic %q, doc %q", s.words, s.topic, s.doc)
		}
	}
}

var describesFleet = regexp.MustCompile(`with|^the scenario`)

// beginExample carries out the story before an example.
func beginExample(t *testing.T, w *world, s *step) {
	t.Helper()
	const runs = `the same story runs with a soak of 1 hour for channel "stable" as `
	for _, sentence := range []string{
		`channel "stable" with waves of 1 and 2 hosts soaking 10 minutes`, `channel "edge" with 1 host`,
		`hosts "stable-01" and "edge-01" have the tags "web" and "database"`,
		`"stable" moves to ref "a1"`, `"stable" moves to ref "b2" while wave 1 is soaking`,
		`"stable" moves to ref "c3"`, `"edge" moves to ref "a1"`,
	} {
		moves := strings.Contains(sentence, "moves")
		moves = moves || strings.Contains(sentence, "tags") && !strings.Contains(s.example, "tag")
		if s.phase == sets && (moves || describesFleet.MatchString(s.example)) {
			continue
		}
		if err := w.carryOut(nil, sentence, nil); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(s.example, "joins the fleet") {
		c := w.fleet.channelOf("stable-03")
		c.Absent = append(c.Absent, "stable-03")
	}
	if s.topic == topicRuns && s.phase == expects {
		for _, name := range []string{`"shipped"`, `"all at once"`, `"careful"`} {
			if err := w.carryOut(nil, runs+name, nil); err != nil {
				t.Fatal(err)
			}
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

// TestFunctions checks that each step's function has a parameter for each value in its words, and
// for its table.
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
		if s.table != nil && f.In(want-1) != reflect.TypeFor[gherkin.Table]() {
			t.Errorf("%s: the function takes no table", s.words)
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
