package main

import (
	"cmp"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// overwriting is a command line that names an input as an output.
type overwriting struct {
	option string // COMMAND OPTION, as in fileOptions
	args   string // with OUT for the file to write, or DIR for its folder
	input  string // the file that must not change
	out    string // the name of OUT in its folder, where the command chooses it
}

// overwritings has at least one command line for every option of fileOptions that writes.
var overwritings = []overwriting{
	{"check --junit", "check s.yaml --junit OUT", "s.yaml", ""},
	{"check --junit", "check s.yaml --junit OUT", "s.golden", ""},
	{"check --junit", "check s.yaml --junit OUT", "included/b.yaml", ""},
	{"check --junit", "check dd --junit OUT", "dd/y.feature", ""},
	{"check --junit", "check dd --junit OUT", "dd/inner.yaml", ""},
	{"check --keep", "check s.yaml --keep DIR", "s.golden", "s.golden"},
	{"check --keep", "check s.yaml --keep DIR", "s.yaml", "s.ndjson"},
	{"check --keep", "check s.yaml --keep DIR", "included/b.yaml", "s.diff.txt"},
	{"check --update", "check s.yaml --update", "s.yaml", "s.golden"},
	{"check --update", "check s.yaml --update", "included/b.yaml", "s.golden"},
	{"features --output", "features dd/y.feature -o OUT", "dd/y.feature", ""},
	{"features --output", "features dd -o OUT", "dd/y.feature", ""},
	{"features --output", "features dd -o OUT", "dd/inner.yaml", ""},
	{"features --format", "features dd --format junit:OUT", "dd/y.feature", ""},
	{"features --format", "features dd --format pretty --format junit:OUT", "dd/z.feature", ""},
	{"features --rerun", "features dd --rerun OUT", "dd/y.feature", ""},
	{"features --keep", "features dd/z.feature --keep DIR", "dd/z.feature", "dd-z-3.ndjson"},
	{"features GITHUB_STEP_SUMMARY", "features dd --format github", "dd/y.feature", ""},
	{"coverage --output", "coverage dd -o OUT", "dd/y.feature", ""},
	{"coverage --output", "coverage log.ndjson -o OUT", "log.ndjson", ""},
	{"coverage --output", "coverage dd/y.feature state.db -o OUT", "state.db-wal", ""},
	{"run --output", "run s.yaml -o OUT", "s.yaml", ""},
	{"run --output", "run s.yaml -o OUT", "included/b.yaml", ""},
	{"view --output", "view log.svg -o OUT", "log.svg", ""},
	{"fit --output", "fit log.ndjson -o OUT", "log.ndjson", ""},
	{"incident --output", "incident log.ndjson -o OUT", "log.ndjson", ""},
	{"incident --output", "incident state.db -o OUT", "state.db-wal", ""},
	{"fit --output", "fit state.db -o OUT", "state.db", ""},
	{"fit --output", "fit state.db -o OUT", "state.db-shm", ""},
	{"import --output", "import log.yaml --rollout stable@6cf7460 --force -o OUT", "log.yaml", ""},
	{"import --output", "import log.golden --rollout stable@6cf7460 --force -o DIR/log.yaml",
		"log.golden", "log.golden"},
	{"redact --output", "redact log.ndjson -o OUT", "log.ndjson", ""},
	{"redact --output", "redact log.ndjson --key names.key -o OUT", "names.key", ""},
	{"redact --output", "redact state.db -o OUT", "state.db", ""},
	{"redact --output", "redact state.db -o OUT", "state.db-wal", ""},
	{"explore --output", "explore s.yaml --seeds 1 -o DIR", "s.yaml", "result.json"},
	{"explore --output", "explore --faults faults.yaml --seeds 1 -o DIR", "faults.yaml",
		"result.json"},
	{"merge --output", "merge shard-1 shard-2 -o DIR", "shard-1/result.json", "result.json"},
	{"merge --output", "merge shard-1 shard-2 -o DIR", "shard-2/result.json", "result.json"},
	{"prove --output", "prove s.yaml --deviations 0 -o DIR", "s.yaml", "proof.json"},
	{"prove --output", "prove s.yaml --deviations 0 --machine v0.2 --no-shrink -o DIR", "s.yaml",
		"s-unpruned-Terminal.yaml"},
}

// fileOptions are the options that name files and folders, and whether the command writes them.
var fileOptions = map[string]bool{
	"check --junit": true, "check --keep": true, "check --update": true,
	"features --output": true, "features --format": true, "features --rerun": true,
	"features --keep": true, "features GITHUB_STEP_SUMMARY": true,
	"coverage --output": true, "run --output": true, "fit --output": true, "view --output": true,
	"incident --output": true, "import --output": true, "redact --output": true,
	"explore --output": true,
	"merge --output":   true,
	"prove --output":   true,
	// It creates a file and never replaces one, or has no input.
	"redact --key": false, "new --output": false,
	// It only reads.
	"replay --accept": false, "explore --faults": false,
}

// TestFileOptions checks that fileOptions has every option that names a file, and that overwritings
// has every one that writes.
func TestFileOptions(t *testing.T) {
	file := regexp.MustCompile("`[^`]*(FILE|DIR|OUT)[^`]*`|FORMAT:FILE|YAML|rewrite and list")
	for _, c := range newEnvironment(nil, nil, nil).newApp().Commands {
		for _, f := range c.Flags {
			option := c.Name + " --" + f.Names()[0]
			_, known := fileOptions[option]
			if text := f.(cli.DocGenerationFlag).GetUsage(); file.MatchString(text) && !known {
				t.Errorf("%s: add it to fileOptions: %s", option, text)
			}
		}
	}
	for option, writes := range fileOptions {
		tested := slices.ContainsFunc(overwritings,
			func(o overwriting) bool { return o.option == option })
		if tested != writes {
			t.Errorf("%s: writes %t, tested %t", option, writes, tested)
		}
	}
}

// TestWritesAreGuarded checks that files.go writes every file, except for those that are listed.
func TestWritesAreGuarded(t *testing.T) {
	writes := regexp.MustCompile(`\b(atomicfile\.\w+|os\.(Create|CreateTemp|OpenFile|WriteFile|` +
		`Rename|Link|Symlink|Truncate|CopyFS))\(`)
	allowed := map[string][]string{
		"files.go":       {"atomicfile.WriteAll("},
		"features.go":    {"os.OpenFile("},                     // appender has a check of its own
		"view_redact.go": {"os.Create("},                       // in a private folder
		"redact.go":      {"atomicfile.Create(", "os.Create("}, // a new key; a copy in a private folder
	}
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := writes.FindAllString(string(text), -1)
		if !strings.HasSuffix(name, "_test.go") && !slices.Equal(found, allowed[name]) {
			t.Errorf("%s: %q writes: call a method of environment that writes", name, found)
		}
	}
}

// TestOutputIsNoInput checks that no option writes to an input, under its name or that of a
// symbolic or hard link.
func TestOutputIsNoInput(t *testing.T) {
	tested := make(map[string]bool)
	for _, o := range overwritings {
		ways := []string{"same", "symlink", "link"}
		switch {
		case runtime.GOOS == "windows":
			ways = ways[:1]
		case tested[o.option] && (o.out == "" || o.out == filepath.Base(o.input)):
			ways = ways[:1] // the links are those of the first case
		}
		tested[o.option] = true
		for _, how := range ways {
			t.Run(strings.ReplaceAll(o.args+" "+o.input+" "+how, "/", "|"), func(t *testing.T) {
				o.test(t, how)
			})
		}
	}
}

// test runs the command line with a name of the input as the output: the name itself (same), or
// that of a symbolic or hard link.
func (o *overwriting) test(t *testing.T, how string) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("TMPDIR", t.TempDir())
	writeInputs(t, o.args)
	out := o.input
	switch {
	case how == "same" && o.out != "" && filepath.Base(o.input) != o.out:
		t.Skip("the command chooses another name")
	case how != "same":
		out = filepath.Join("alias", filepath.Base(cmp.Or(o.out, o.input)))
		if o.option == "check --update" {
			out = o.out
			_ = os.Remove(out)
		}
		if err := os.MkdirAll("alias", 0o700); err != nil {
			t.Fatal(err)
		}
		link, target := os.Link, filepath.Join(dir, o.input)
		if how == "symlink" {
			link = os.Symlink
		}
		if filepath.Dir(out) == "." {
			target = o.input // os.Root follows no absolute link
		}
		if err := link(target, out); err != nil {
			t.Skip(err)
		}
	}
	if o.option == "features GITHUB_STEP_SUMMARY" {
		t.Setenv("GITHUB_STEP_SUMMARY", out)
	}
	before := contents(t)
	args := strings.NewReplacer("OUT", out, "DIR", filepath.Dir(out)).Replace(o.args)
	code, stdout, stderr := inProcess(t, strings.Fields(args)...)
	after := contents(t)
	for name, text := range before {
		if after[name] != text {
			t.Errorf("%s changed", name)
		}
	}
	if all := stdout + stderr; !strings.Contains(all, "one of the inputs") {
		t.Errorf("the message does not name the cause:\n%s", all)
	}
	want := []int{exitUsage}
	if o.option == "features --keep" || o.option == "check --update" {
		want = []int{exitDiffers, exitUsage} // the result is reported nevertheless
	}
	if !slices.Contains(want, code) {
		t.Errorf("%s: exit %d, want %v\n%s%s", args, code, want, stdout, stderr)
	}
}

// writeInputs writes the inputs into the current folder, large ones only if args name them.
func writeInputs(t *testing.T, args string) {
	t.Helper()
	for name, text := range inputs(t) {
		top, _, _ := strings.Cut(name, "/")
		if len(text) > 10_000 && !strings.Contains(args, top) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var allInputs map[string]string

// inputs returns the content of an input of each kind, by name.
func inputs(t *testing.T) map[string]string {
	t.Helper()
	if allInputs != nil {
		return allInputs
	}
	const fleet = "channels: [{name: stable, waves: [{hosts: 1}]}]\n" +
		"timeline: [{at: 0s, channel: stable, ref: a1b2c3}]\n"
	log := unzipped(t, "sample-6.ndjson.gz")
	feature := func(name, state string) string {
		return "Feature: " + name + "\n\n  Scenario: It is " + state + "\n" +
			"    Given the scenario \"inner\"\n" +
			"    Then rollout \"stable@a1b2c3\" is " + state + "\n"
	}
	all := map[string]string{
		"s.yaml":          "include: included/b.yaml\n" + fleet,
		"s.golden":        "not this\n",
		"included/b.yaml": "behaviour: {ack: 7s}\n",
		"dd/inner.yaml":   fleet,
		"dd/y.feature":    feature("y", "Pruned"),
		"dd/z.feature":    feature("z", "Failed"),
		"log.ndjson":      log, "log.yaml": log, "log.golden": log, "log.svg": log,
		"state.db": unzipped(t, "sample-6.state.db.gz"), "state.db-wal": "", "state.db-shm": "",
		"names.key":   strings.Repeat("k", 32),
		"faults.yaml": "faults: [{fault: host-offline, probability: 1%, for: 1m}]\n",
	}
	dir := t.TempDir()
	for _, shard := range []string{"1", "2"} {
		to := filepath.Join(dir, shard)
		code, _, errs := inProcess(t, "explore", "one-wave-converges", "--seeds", "1:2", "--shard",
			shard+"/2", "-o", to)
		if code != exitHolds {
			t.Fatal(errs)
		}
		text, err := os.ReadFile(filepath.Join(to, resultFile))
		if err != nil {
			t.Fatal(err)
		}
		all["shard-"+shard+"/"+resultFile] = string(text)
	}
	allInputs = all
	return all
}

// unzipped returns the content of a sample log.
func unzipped(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// testdata is the folder of the sample logs.
var testdata, _ = filepath.Abs("../../trace/testdata")

// contents returns the content of every file below the current folder.
func contents(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
