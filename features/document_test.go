package features

import (
	"bytes"
	"os"
	"testing"
	"testing/fstest"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"
)

// FuzzDocument reads whatever a file may hold, selects some of its scenarios, and checks that the selection holds exactly
// those, each with its steps on its own lines.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(selectable), uint64(0b1010101))
	for _, file := range []string{"testdata/stories/wording.feature", "testdata/broken/sentences.feature", "reducer/cells.feature"} {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, uint64(0x123456789abcdef))
	}
	f.Add([]byte("@a\r\nFeature: x\r\nRule: y\r\n\r\n@b\r\nScenario Outline: <c>\r\n* <c>\r\n\"\"\"\r\n<c>\r\n\"\"\"\r\nExamples:\r\n|c|\r\n|1|\r\n|2|\r\n# end"), uint64(2))
	f.Fuzz(func(t *testing.T, content []byte, choice uint64) {
		d, err := readDocument(fstest.MapFS{"x": {Data: content}}, &source{name: "x"})
		if err != nil {
			return
		}
		var want []*scenario
		for i, c := range d.cases {
			if c.selected = choice>>(i%64)&1 == 1; c.selected {
				want = append(want, c)
			}
		}
		newID := (&messages.Incrementing{}).NewId
		parsed, err := gherkin.ParseGherkinDocument(bytes.NewReader(d.selection()), newID)
		if err != nil {
			t.Fatalf("%v in\n%s", err, d.selection())
		}
		lines := linesOfSteps(parsed.Feature)
		got := gherkin.Pickles(*parsed, "x", newID)
		if len(got) != len(want) {
			t.Fatalf("%d scenarios instead of %d in\n%s", len(got), len(want), d.selection())
		}
		for i, p := range got {
			w := want[i].pickle
			if p.Name != w.Name || len(p.Steps) != len(w.Steps) || len(p.Tags) != len(w.Tags) {
				t.Fatalf("%q instead of %q in\n%s", p.Name, w.Name, d.selection())
			}
			for j, s := range p.Steps {
				if s.Text != w.Steps[j].Text || lines[s.AstNodeIds[0]] != d.steps[w.Steps[j].AstNodeIds[0]].Location.Line {
					t.Fatalf("%q instead of %q in\n%s", s.Text, w.Steps[j].Text, d.selection())
				}
			}
		}
	})
}

func linesOfSteps(f *messages.Feature) map[string]int64 {
	lines := make(map[string]int64)
	note := func(b *messages.Background, s *messages.Scenario) {
		var steps []*messages.Step
		if b != nil {
			steps = b.Steps
		} else if s != nil {
			steps = s.Steps
		}
		for _, step := range steps {
			lines[step.Id] = step.Location.Line
		}
	}
	for _, c := range f.Children {
		note(c.Background, c.Scenario)
		if c.Rule != nil {
			for _, r := range c.Rule.Children {
				note(r.Background, r.Scenario)
			}
		}
	}
	return lines
}

// FuzzSentence reads whatever a sentence may be: it is worded like one step at most, or something is wrong with our words.
func FuzzSentence(f *testing.F) {
	for _, s := range steps() {
		f.Add(s.example)
	}
	f.Fuzz(func(t *testing.T, sentence string) {
		found := find(sentence)
		if len(found) > 1 {
			t.Errorf("%d steps are worded like %q: %s and %s", len(found), sentence, found[0].words, found[1].words)
		}
		for _, s := range found {
			values, _, err := s.read(sentence)
			if err == nil && len(values) != len(s.values) {
				t.Errorf("%q: %d values instead of %d", sentence, len(values), len(s.values))
			}
		}
		if len(found) == 0 && len(nearestSentences(sentence, 3)) != 3 {
			t.Errorf("nothing is near %q", sentence)
		}
	})
}
