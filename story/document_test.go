package story

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzDocument reads whatever a file may hold. What can be read has scenarios that stand in the
// order of their lines, each with its steps; asking for any line selects one at least, and asking
// for the line of a scenario selects it.
func FuzzDocument(f *testing.F) {
	f.Add([]byte(selectable))
	for _, file := range []string{"testdata/stories/wording.feature", "testdata/broken/sentences.feature", "../features/reducer/raw_events.feature"} {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Add([]byte("@a\r\nFeature: x\r\nRule: y\r\n\r\n@b\r\nScenario Outline: <c>\r\n* " +
		"<c>\r\n\"\"\"\r\n<c>\r\n\"\"\"\r\nExamples:\r\n|c|\r\n|1|\r\n|2|\r\n# end"))
	f.Fuzz(func(t *testing.T, content []byte) {
		fsys := fstest.MapFS{"x": {Data: content}}
		d, err := readDocument(fsys, &source{name: "x"})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x:") {
				t.Errorf("this names no file: %v", err)
			}
			return
		}
		total := strings.Count(string(content), "\n") + 1
		for i, c := range d.cases {
			if c.line < 1 || c.line > total || i > 0 && c.line < d.cases[i-1].line {
				t.Errorf("%q at line %d of %d", c.pickle.Name, c.line, total)
			}
			for _, s := range c.begun().Steps {
				if s.Line < 1 || s.Line > total || s.Keyword == "" {
					t.Errorf("%+v", s)
				}
			}
		}
		for line := 1; line <= min(total, 100); line++ {
			if err := d.choose([]int{line}); err != nil {
				t.Fatal(err)
			}
			selected := 0
			for _, c := range d.cases {
				if c.line == line && !c.selected {
					t.Errorf("line %d does not select %q", line, c.pickle.Name)
				}
				if c.selected {
					selected++
				}
				c.selected = false
			}
			if selected == 0 {
				t.Errorf("line %d selects nothing", line)
			}
		}
		if err := d.choose([]int{total + 1}); err == nil {
			t.Errorf("line %d of %d can be chosen", total+1, total)
		}
	})
}

// FuzzSentence reads whatever a sentence may be: it is worded like one step at most, or something
// is wrong with our words.
func FuzzSentence(f *testing.F) {
	for _, s := range steps() {
		f.Add(s.example)
	}
	f.Fuzz(func(t *testing.T, sentence string) {
		found := find(sentence)
		if len(found) > 1 {
			t.Errorf(
				"%d steps are worded like %q: %s and %s", len(found), sentence, found[0].words, found[1].words,
			)
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
