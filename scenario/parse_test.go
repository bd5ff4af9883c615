package scenario

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
)

// TestBad compares the error of every broken input in testdata/bad with the message in the file
// with the same name that ends in .want. UPDATE=1 writes those files.
func TestBad(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no broken inputs: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(filepath.Base(path), data)
			if err == nil {
				t.Fatal("accepted")
			}
			var first *Error
			if !errors.As(err, &first) {
				t.Errorf("the error is not an *Error: %T", err)
			}
			compareFile(t, strings.TrimSuffix(path, ".yaml")+".want", []byte(err.Error()+"\n"))
		})
	}
}

// compareFile compares a result with the file that has the wanted one. With UPDATE=1 in the
// environment it writes the file instead.
func compareFile(t *testing.T, path string, got []byte) {
	t.Helper()
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is out of date; UPDATE=1 go test ./scenario -run '%s' rewrites it\n"+
			"-- got --\n%s-- want --\n%s", path, t.Name(), got, want)
	}
}

// TestDefaults reads the smallest scenario.
func TestDefaults(t *testing.T) {
	got, err := Parse("small.yaml", []byte("channels: [{name: stable}]"))
	if err != nil {
		t.Fatal(err)
	}
	want := &File{
		Path: "small.yaml", Golden: GoldenFull,
		Scenario: sim.Scenario{
			Name: "small", Start: 1767225600_000000000, Horizon: 14 * 24 * time.Hour, Seed: 1,
			Machine: "rfc0008", ControlPlane: controlplane.Specified,
			Channels: []sim.Channel{{
				ID: "stable", PollInterval: 60 * time.Second, Policy: reducer.DefaultPolicy(),
			}},
			Behaviour: DefaultBehaviour(),
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", describe(got), describe(want))
	}
}

// TestSpellings reads different texts with the same meaning.
func TestSpellings(t *testing.T) {
	const plain = "channels:\n  - name: stable\n    waves:\n      - hosts: [a, b]\n        soak: 90m\n"
	want, err := Parse("x.yaml", []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"other units":       strings.ReplaceAll(plain, "90m", "1h30m"),
		"a fraction":        strings.ReplaceAll(plain, "90m", "1.5h"),
		"days":              strings.ReplaceAll(plain, "90m", "0.0625d"),
		"quotes":            strings.ReplaceAll(plain, "stable", `"stable"`),
		"Windows line ends": strings.ReplaceAll(plain, "\n", "\r\n"),
		"byte order mark":   "\ufeff" + plain,
		"document header":   "---\n" + plain,
		"JSON": `{"channels": [{"name": "stable", "waves": ` +
			`[{"hosts": ["a", "b"], "soak": "90m"}]}]}`,
		"no indentation": "channels:\n- name: stable\n  waves:\n  - hosts:\n    - a\n    - b\n    " +
			"soak: 90m\n",
		"comments": "channels: # all\n  # the only one\n  - name: stable # here\n    waves: " +
			"[{hosts: [a, b], soak: 90m}]\n",
	} {
		got, err := Parse("x.yaml", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%s", name, describe(got))
		}
	}
}

func TestCountedHosts(t *testing.T) {
	for _, c := range []struct{ waves, want string }{
		{"{hosts: 3}", "stable-01 stable-02 stable-03"},
		{"{hosts: 1}, {hosts: [x]}, {hosts: 0}, {hosts: 2}", "stable-01 x stable-02 stable-03"},
		{"{hosts: 1}, {hosts: 99}", "stable-001 … stable-100"}, // one width through all waves
		{"{hosts: [stable-7]}, {hosts: 1}", "stable-7 stable-01"},
	} {
		f, err := Parse("x.yaml", []byte("channels: [{name: stable, waves: ["+c.waves+"]}]"))
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, w := range f.Scenario.Channels[0].Waves {
			for _, h := range w.Hosts {
				all = append(all, string(h))
			}
		}
		if len(all) > 4 {
			all = []string{all[0], "…", all[len(all)-1]}
		}
		if got := strings.Join(all, " "); got != c.want {
			t.Errorf("%s: got %s; want %s", c.waves, got, c.want)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                             "0s",
		1:                             "1ns",
		90 * time.Second:              "1m30s",
		24 * time.Hour:                "1d",
		36*time.Hour + 5*time.Second:  "1d12h5s",
		time.Second + time.Nanosecond: "1s1ns",
		maxDuration:                   "3650d",
	} {
		got := FormatDuration(d)
		if back, err := ParseDuration(got); got != want || err != nil || back != d {
			t.Errorf("FormatDuration(%v) = %s, which reads as %v, %v; want %s", d, got, back, err, want)
		}
	}
	if d, err := ParseDuration("3650d1ns"); err == nil {
		t.Errorf("a duration of more than ten years is read as %v", d)
	}
}

func TestOpeningComment(t *testing.T) {
	const fields = "channels: [{name: stable}]\n"
	for text, want := range map[string]string{
		"# Shows this.\n" + fields:                                         "Shows this.",
		"# Shows this.\r\n# And that.\r\n" + fields:                        "Shows this.\nAnd that.",
		"\n#Shows this.\n\n# Not that.\n" + fields:                         "Shows this.",
		"# yaml-language-server: $schema=schema.json\n# Shows.\n" + fields: "Shows.",
		"# Shows.\n# yaml-language-server: $schema=schema.json\n" + fields: "Shows.",
		fields:                "",
		"---\n# x\n" + fields: "",
	} {
		f, err := Parse("x.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if f.Comment != want {
			t.Errorf("%q: got %q; want %q", text, f.Comment, want)
		}
	}
}

func TestList(t *testing.T) {
	fsys := fstest.MapFS{
		"s/b.yaml":          {},
		"s/a.yaml":          {},
		"s/schema.json":     {},
		"s/testdata/c.yaml": {},
		"bad/a.yml":         {},
	}
	got, err := List(fsys, "s")
	if want := []string{"s/a.yaml", "s/b.yaml"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	const misnamed = "bad/a.yml: the name of a scenario file must end in .yaml"
	if _, err := List(fsys, "bad"); err == nil || err.Error() != misnamed {
		t.Errorf("a .yml file: %v", err)
	}
	if _, err := List(fsys, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that does not exist: %v", err)
	}
}

// TestParseFaults reads valid and broken files of faults.
func TestParseFaults(t *testing.T) {
	got, err := ParseFaults("some.yaml", []byte(`
# Comments are welcome.
faults:
  - {fault: message-dropped, probability: 25%, hosts: ["web-*", "no-such-host"]}
  - fault: control-plane-crash
    probability: 0.5
    for: 10m
    from: 1000d
`))
	want := []sim.Fault{
		{
			Kind: sim.MessageDropped, Probability: sim.Certain / 4,
			Hosts: []string{"web-*", "no-such-host"},
		},
		{
			Kind: sim.ControlPlaneCrash, Probability: sim.Certain / 2,
			For:  must(sim.Constant(10 * time.Minute)),
			From: 1000 * 24 * time.Hour,
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"":           "f.yaml:1:1: the file is empty: a file of faults needs at least faults",
		"- a":        "f.yaml:1:1: a file of faults is a mapping of fields such as faults, found a list",
		"faults: []": "f.yaml:1:9: faults: at least one is needed",
		"faults: 5":  "f.yaml:1:9: faults: expected a list, found the number 5",
		"{}":         `f.yaml:1:1: missing field "faults"`,
		"faults: &a []": "f.yaml:1:9: scenarios have no anchors, aliases or merge keys: " +
			"write the value out",
		"channels: []": `f.yaml:1:1: unknown field "channels": expected one of faults` + "\n" +
			`f.yaml:1:1: missing field "faults"`,
		"faults:\n  - {fault: host-lost, probability: 1%, hosts: [\"[a\", \"\"]}\n" +
			"  - {fault: poll-failed, probability: 1%, for: 1s}": "" +
			`f.yaml:2:49: "[a" is not a host pattern such as "web-*"
f.yaml:2:55: "" is not a host pattern such as "web-*"
f.yaml:3:48: for: fault poll-failed has no duration`,
	} {
		faults, err := ParseFaults("f.yaml", []byte(text))
		if err == nil || err.Error() != want || faults != nil {
			t.Errorf("%q: got %v, %v; want %s", text, faults, err, want)
		}
	}
}

// FuzzParse looks for panics, and for errors without a position.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{
		"testdata/bad/*.yaml", "testdata/good/*.yaml", "../scenarios/*.yaml",
	} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := ParseFaults("fuzz.yaml", data); err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("an error without a position: %v", err)
		}
		_, err := parse(
			fstest.MapFS{"included.yaml": {Data: data}}, "fuzz.yaml",
			[]byte("channels: [{name: stable}]\ninclude: included.yaml"), 10,
		)
		if err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("an error without a position: %v", err)
		}
		file, err := parse(nil, "fuzz.yaml", data, 1000)
		if err == nil {
			if file.Scenario.Horizon <= 0 || len(file.Scenario.Channels) == 0 {
				t.Errorf("accepted: %+v", file.Scenario)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Message == "" {
			t.Errorf("an error without a position: %v", err)
		}
	})
}
