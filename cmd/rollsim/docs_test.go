package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocuments types what the documents show: every `$ rollsim …` of a console block, in order, in
// one empty folder for each document. A block of gherkin, yaml or conf that is followed by a
// command is the file that the command names, and a later block with the same first line is what
// has become of it; samples of logs and the example of a shim are there where a document names
// them. What a block shows as output must come, line by line, but for lines of … that stand for any
// others.
func TestDocuments(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```(console|gherkin|yaml|conf)\n(.*?)^```$")
	word := regexp.MustCompile(`'[^']*'|[^ ]+`)
	samples := map[string]string{
		"event_log.ndjson.gz": "../../trace/testdata/sample-4.ndjson.gz",
		"state.db":            "../../trace/testdata/sample-4.state.db.gz",
		"cells.ndjson.gz":     "../../suite/conform/testdata/cells.ndjson.gz",
	}
	commands := 0
	for _, document := range append(documents, "../../README.md") {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(document), func(t *testing.T) {
			dir := t.TempDir()
			for name, from := range samples {
				if bytes.Contains(text, []byte(name)) {
					copyFile(t, from, filepath.Join(dir, name))
				}
			}
			if bytes.Contains(text, []byte("exec:./shim")) {
				build := exec.Command("go", "build", "-o", filepath.Join(dir, "shim"), "../../examples/shim")
				if out, err := build.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			t.Chdir(dir)
			written := make(map[string]string) // by the ending of the file's name
			endings := map[string]string{"gherkin": ".feature", "yaml": ".yaml", "conf": ".txt"}
			for _, m := range block.FindAllStringSubmatch(string(text), -1) {
				if m[1] != "console" {
					written[endings[m[1]]] = m[2]
					continue
				}
				for _, command := range strings.Split("\n"+m[2], "\n$ ")[1:] {
					line, shown, _ := strings.Cut(command, "\n")
					args := word.FindAllString(line, -1)
					for i := range args {
						args[i] = strings.Trim(args[i], "'")
					}
					if args[0] == "mkdir" {
						if err := os.Mkdir(args[1], 0o700); err != nil {
							t.Fatal(err)
						}
					}
					if args[0] != "rollsim" {
						continue
					}
					for i, arg := range args {
						if args[i-min(i, 1)] == "-o" {
							continue // what the command writes
						}
						text, is := written[filepath.Ext(arg)]
						if old, err := os.ReadFile(arg); !is ||
							err == nil && firstLine(string(old)) != firstLine(text) {
							continue
						}
						if err := os.WriteFile(arg, []byte(text), 0o600); err != nil {
							t.Fatal(err)
						}
					}
					commands++
					code, out, errs := inProcess(t, args[1:]...)
					if code == exitUsage && !strings.Contains(shown, "rollsim: ") {
						t.Errorf("%s: exit %d\n%s%s", line, code, out, errs)
					}
					for _, want := range strings.Split(strings.TrimSpace(shown), "\n") {
						if want != "…" && !strings.Contains(out+errs, want) {
							t.Errorf("%s: does not print %q\n%s%s", line, want, out, errs)
						}
					}
				}
			}
		})
	}
	if commands < 5 {
		t.Errorf("only %d commands were found in the documents", commands)
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
