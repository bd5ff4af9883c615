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
)

const page = "../docs/scenarios.md"

// blocks returns the fenced blocks of a language in the page for authors, each with its first line.
func blocks(t *testing.T, language string) (texts []string, lines []int) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```$")
	for _, at := range block.FindAllSubmatchIndex(text, -1) {
		texts = append(texts, string(text[at[2]:at[3]]))
		lines = append(lines, 1+strings.Count(string(text[:at[2]]), "\n"))
	}
	if len(texts) == 0 {
		t.Fatalf("%s has no block of %s", page, language)
	}
	return texts, lines
}

// TestPageExamples runs every example of the page for authors: each must parse, and violate what it
// expects. An example without channels is appended to the fleet of the page.
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

// added returns a fleet with an example appended. The timeline of the example, if any, replaces
// that of the fleet.
func added(fleet, example string) string {
	if strings.Contains("\n"+example, "\ntimeline:") {
		fleet, _, _ = strings.Cut(fleet, "timeline:")
	}
	return fleet + example
}

// TestPageGoldens compares the excerpts of goldens in the page for authors with the goldens.
func TestPageGoldens(t *testing.T) {
	texts, lines := blocks(t, "text")
	for i, text := range texts {
		first, rest, _ := strings.Cut(text, "\n")
		name, ok := strings.CutPrefix(first, "# scenario  ")
		if !ok {
			t.Errorf("%s:%d: the excerpt does not name its golden", page, lines[i])
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
				t.Fatalf("%s:%d: the golden does not have this line after the lines above it: %s",
					page, lines[i]+1+j, line)
			}
			left = "\n" + after
		}
	}
}

// TestPageIsComplete checks that the page for authors names every field, and every name that a
// field can have.
func TestPageIsComplete(t *testing.T) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	words := regexp.MustCompile(`[\w.-]+`).FindAllString(text, -1)
	want := slices.Concat(invariantNames(), machine.Names())
	for _, kind := range faultKinds() {
		want = append(want, kind.String())
	}
	for _, e := range enumerations {
		want = append(want, e.names...)
	}
	eachField(func(_ reflect.Type, _ reflect.StructField, name string, _ bool) {
		want = append(want, name)
	})
	for _, word := range want {
		if !slices.Contains(words, word) {
			t.Errorf("%s does not mention %s", page, word)
		}
	}
	known := slices.Clone(want)
	for _, f := range library(t) {
		known = append(known, f.Scenario.Name)
	}
	name := regexp.MustCompile("`([a-z0-9]+(-[a-z0-9]+){2,})`")
	for _, m := range name.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(known, m[1]) {
			t.Errorf("%s mentions %s, which is neither a name of the format nor a scenario", page, m[1])
		}
	}
}
