package scenario

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rollsim/machine"
	"rollsim/sim"
)

const page = "../docs/scenarios.md"

// blocks gives the fenced blocks of a language in the page for authors, each with the line on which
// it begins.
func blocks(t *testing.T, language string) (texts []string, lines []int) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllSubmatchIndex(text, -1) {
		texts = append(texts, string(text[at[2]:at[3]]))
		lines = append(lines, 1+strings.Count(string(text[:at[2]]), "\n"))
	}
	if len(texts) == 0 {
		t.Fatalf("%s has no block of %s", page, language)
	}
	return texts, lines
}

// TestPageExamples runs every example of the page for authors: each must parse, and do what it
// expects. An example that declares no channels is added to the fleet that the page gives for it.
func TestPageExamples(t *testing.T) {
	texts, lines := blocks(t, "yaml")
	fleet := ""
	files := fstest.MapFS{}
	for i, text := range texts {
		if strings.HasPrefix(text, "# The fleet of the examples.\n") {
			fleet = text
		}
		if strings.HasPrefix(text, "# faults.yaml\n") {
			if _, err := ParseFaults("faults.yaml", []byte(text)); err != nil {
				t.Errorf("%s:%d: %v", page, lines[i], err)
			}
			continue
		}
		if name, ok := strings.CutPrefix(text, "# included/"); ok {
			name, _, _ = strings.Cut(name, "\n")
			files["included/"+name] = &fstest.MapFile{Data: []byte(text)}
			continue
		}
		if !strings.Contains("\n"+text, "\nchannels:") {
			text = added(fleet, text)
		}
		files["example.yaml"] = &fstest.MapFile{Data: []byte(text)}
		file, err := LoadFS(files, "example.yaml")
		if err != nil {
			t.Errorf("%s:%d: %v\n%s", page, lines[i], err, text)
			continue
		}
		rec, err := file.Record()
		if err != nil {
			t.Errorf("%s:%d: %v", page, lines[i], err)
		} else if rec.Verdict != "" {
			t.Errorf("%s:%d: %s", page, lines[i], rec.Verdict)
		}
	}
}

// added gives a fleet with an example added, which replaces the timeline if it has one.
func added(fleet, example string) string {
	if strings.Contains("\n"+example, "\ntimeline:") {
		fleet, _, _ = strings.Cut(fleet, "timeline:")
	}
	return fleet + example
}

// TestPageGoldens holds the excerpts of goldens in the page for authors against the goldens.
func TestPageGoldens(t *testing.T) {
	texts, lines := blocks(t, "text")
	for i, text := range texts {
		first, rest, _ := strings.Cut(text, "\n")
		name, ok := strings.CutPrefix(first, "# scenario  ")
		if !ok {
			t.Errorf("%s:%d: the excerpt does not say of which golden it is", page, lines[i])
			continue
		}
		golden, err := os.ReadFile(filepath.Join("../golden", name+".golden"))
		if err != nil {
			t.Fatal(err)
		}
		left := string(golden)
		for j, line := range strings.Split(strings.TrimSpace(rest), "\n") {
			if line == "…" {
				continue
			}
			_, after, found := strings.Cut(left, "\n"+line+"\n")
			if !found {
				t.Fatalf("%s:%d: this line is not in the golden, or not there: %s", page, lines[i]+1+j, line)
			}
			left = "\n" + after
		}
	}
}

// TestPageIsComplete sees to it that the page for authors names every field, and every name that a
// field can have.
func TestPageIsComplete(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	words := regexp.MustCompile(`[\w.-]+`).FindAllString(text, -1)
	want := slices.Concat(fateNames, invariantNames(), machine.Names())
	for _, kind := range sim.FaultKinds() {
		want = append(want, kind.String())
	}
	for _, e := range enumerations {
		want = append(want, e.names...)
	}
	eachField(
		func(_ reflect.Type, _ reflect.StructField, name string, _ bool) { want = append(want, name) },
	)
	for _, word := range want {
		if !slices.Contains(words, word) {
			t.Errorf("%s does not speak of %s", page, word)
		}
	}
	known := slices.Clone(want)
	for _, f := range library(t) {
		known = append(known, f.Scenario.Name)
	}
	for _, m := range regexp.MustCompile("`([a-z0-9]+(-[a-z0-9]+){2,})`").FindAllStringSubmatch(text, -1) {
		if !slices.Contains(known, m[1]) {
			t.Errorf("%s speaks of %s, which is neither a name of the format nor a scenario", page, m[1])
		}
	}
}
