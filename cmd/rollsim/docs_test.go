package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documentFiles are the sample logs and vectors that documents name.
var documentFiles = map[string]string{
	"event_log.ndjson.gz": "../../trace/testdata/sample-4.ndjson.gz",
	"night.ndjson.gz":     "../../logs/replay/testdata/shipped-11.ndjson.gz",
	"state.db":            "../../trace/testdata/sample-4.state.db.gz",
	"cells.ndjson.gz":     "../../suite/conform/testdata/cells.ndjson.gz",
}

// TestDocuments runs every `$ rollsim …` of the console blocks in the documents, in order, in one
// empty folder for each document. A block of gherkin, yaml or conf before a command is the file
// that the command names; a later block with the same first line is its next version. The folder
// also has the sample logs and the example of a shim that the document names. The output of the
// command must have each line that the block shows, except that "…" stands for any lines.
func TestDocuments(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, document := range append(documents, "../../README.md") {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(document), func(t *testing.T) {
			d := newDocument(t, text)
			d.run(t, string(text))
			commands += d.commands
		})
	}
	if commands < 60 {
		t.Errorf("the documents have %d commands, want at least 60", commands)
	}
}

// document is a document in progress.
type document struct {
	blocks   map[string]string // the last block of each kind of file, by extension
	commands int               // the number of commands that were run
}

// newDocument changes to an empty folder and copies the files that the document names.
func newDocument(t *testing.T, text []byte) *document {
	t.Helper()
	dir := t.TempDir()
	for name, from := range documentFiles {
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
	return &document{blocks: make(map[string]string)}
}

var (
	documentBlock = regexp.MustCompile("(?ms)^```(console|gherkin|yaml|conf)\n(.*?)^```$")
	commandWord   = regexp.MustCompile(`'[^']*'|[^ ]+`)
	extensions    = map[string]string{"gherkin": ".feature", "yaml": ".yaml", "conf": ".txt"}
)

func (d *document) run(t *testing.T, text string) {
	t.Helper()
	for _, m := range documentBlock.FindAllStringSubmatch(text, -1) {
		kind, content := m[1], m[2]
		if kind != "console" {
			d.blocks[extensions[kind]] = content
			continue
		}
		for _, command := range strings.Split("\n"+content, "\n$ ")[1:] {
			line, output, _ := strings.Cut(command, "\n")
			d.command(t, line, output)
		}
	}
}

// command runs one command and compares its output.
func (d *document) command(t *testing.T, line, output string) {
	t.Helper()
	args := commandWord.FindAllString(line, -1)
	for i := range args {
		args[i] = strings.Trim(args[i], "'")
	}
	if args[0] == "mkdir" {
		if err := os.Mkdir(args[1], 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if args[0] != "rollsim" {
		return
	}
	d.writeFiles(t, args)
	d.commands++
	if args[1] == "debug" { // it needs a terminal, and reads the same inputs as view
		args = append(args, "-o", "debug.svg")
		args[1] = "view"
		if i := slices.Index(args, "--seq"); i > 0 {
			args = slices.Delete(args, i, i+2)
		}
	}
	code, out, errs := inProcess(t, args[1:]...)
	if code == exitUsage && !strings.Contains(output, "rollsim: ") {
		t.Errorf("%s: exit %d\n%s%s", line, code, out, errs)
	}
	for want := range strings.SplitSeq(strings.TrimSpace(output), "\n") {
		if want != "…" && !strings.Contains(out+errs, want) {
			t.Errorf("%s: does not print %q\n%s%s", line, want, out, errs)
		}
	}
}

// writeFiles writes the arguments that are files of the last blocks, unless another file exists.
func (d *document) writeFiles(t *testing.T, args []string) {
	t.Helper()
	for i, arg := range args {
		if i > 0 && args[i-1] == "-o" {
			continue // the command writes it
		}
		text, isBlock := d.blocks[filepath.Ext(arg)]
		if !isBlock {
			continue
		}
		if old, err := os.ReadFile(arg); err == nil && firstLine(string(old)) != firstLine(text) {
			continue
		}
		if err := os.WriteFile(arg, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
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
