package scenario

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rollsim/internal/osfs"
	"rollsim/sim"
)

const notIncluded = "expected an included file: a mapping with behaviour or traffic and no other " +
	"field"

// TestInclude reads scenarios together with the file that they include.
func TestInclude(t *testing.T) {
	const head = "channels: [{name: stable, waves: [{hosts: 1}]}]\n"
	for name, c := range map[string]struct {
		scenario, included string
		want               string // the error
		ack, probe         *sim.Distribution
		traffic            int
	}{
		"behaviour": {
			"include: subdir/b.yaml\n", "behaviour: {ack: 7s, probe: 8s}", "",
			must(sim.Constant(7 * time.Second)), must(sim.Constant(8 * time.Second)), 0,
		},
		"behaviour that the scenario overrides": {
			"include: ./subdir/b.yaml\nbehaviour: {ack: 9s}\n", "behaviour: {ack: 7s, probe: 8s}", "",
			must(sim.Constant(9 * time.Second)), must(sim.Constant(8 * time.Second)), 0,
		},
		"traffic": {
			"include: subdir/b.yaml\ntraffic: [{channel: stable, periodic: 1h, prefix: b}]\nfates: " +
				"[{host: stable-01, ref: r3, fate: defers}]\n",
			"traffic: [{channel: stable, periodic: 2h}]", "",
			DefaultBehaviour().Ack, DefaultBehaviour().Probe, 2,
		},
		"an absolute path": {
			included: "behaviour: {ack: 7s}", scenario: "include: /subdir/b.yaml\n",
			want: `dir/it.yaml:2:10: include: expected a path inside the folder of this file, ` +
				`such as included/behaviour.yaml, found "/subdir/b.yaml"`,
		},
		"no such file": {
			scenario: "include: subdir/c.yaml\n",
			want:     "dir/it.yaml:2:10: include: open dir/subdir/c.yaml: file does not exist",
		},
		"a scenario": {
			scenario: "include: it.yaml\n",
			want:     "dir/it.yaml:1:1: " + notIncluded,
		},
		"an empty file": {
			scenario: "include: subdir/b.yaml\n", included: "# nothing",
			want: "dir/subdir/b.yaml:1:1: " + notIncluded,
		},
		"an unknown field": {
			scenario: "include: subdir/b.yaml\n", included: "behaviour: {}\nroot: secret\n",
			want: "dir/subdir/b.yaml:2:1: " + notIncluded,
		},
		"no mapping": {
			scenario: "include: subdir/b.yaml\n", included: "root:secret\n",
			want: "dir/subdir/b.yaml:1:1: " + notIncluded,
		},
		"no YAML": {
			scenario: "include: subdir/b.yaml\n", included: "behaviour: {}\ntraffic: [secret\n",
			want: "dir/subdir/b.yaml:2:10: " + notIncluded,
		},
		"no text": {
			scenario: "include: subdir/b.yaml\n", included: "behaviour: {}\n\x00\n",
			want: "dir/subdir/b.yaml:2:1: " + notIncluded,
		},
		"a known field with a mistake, which is quoted": {
			scenario: "include: subdir/b.yaml\n", included: "behaviour: {ack: soon}\n",
			want: `dir/subdir/b.yaml:1:18: ack: "soon" is not a duration such as 30s, 1h30m, 7d or 1d12h`,
		},
		"a path out of the folder": {
			scenario: "include: ../subdir/b.yaml\n",
			want: `dir/it.yaml:2:10: include: expected a path inside the folder of this file, such as ` +
				`included/behaviour.yaml, found "../subdir/b.yaml"`,
		},
		"a path out of the folder and back": {
			scenario: "include: subdir/../../dir/subdir/b.yaml\n",
			want: `dir/it.yaml:2:10: include: expected a path inside the folder of this file, such as ` +
				`included/behaviour.yaml, found "subdir/../../dir/subdir/b.yaml"`,
		},
		"a path through a folder and back": {
			"include: subdir/../subdir/b.yaml\n", "behaviour: {ack: 7s}", "",
			must(sim.Constant(7 * time.Second)), DefaultBehaviour().Probe, 0,
		},
		"mistakes in both": {
			scenario: "include: subdir/b.yaml\ntraffic: [{channel: stable, arrivals: 5ms}, {channel: " +
				"stabel, periodic: 1h}]\n",
			included: "behaviour: {}\ntraffic:\n  - {channel: stable, periodic: 1h}\n  - {channel: edge, " +
				"periodic: 1h}\n",
			want: `dir/it.yaml:3:11: channel stable already has traffic with prefix "r": set another one
dir/it.yaml:3:39: ref changes must be at least 1s apart on average
dir/it.yaml:3:55: unknown channel "stabel": did you mean "stable"?
dir/subdir/b.yaml:4:15: unknown channel "edge": expected one of stable`,
		},
		"an invalid distribution": {
			scenario: "include: subdir/b.yaml\n",
			included: "behaviour:\n  ack: {uniform: {min: 2s, max: 1s}}\n",
			want:     "dir/subdir/b.yaml:2:8: ack: the upper end 1s is below the lower end 2s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"dir/it.yaml":       {Data: []byte(head + c.scenario)},
				"dir/subdir/b.yaml": {Data: []byte(c.included)},
			}
			f, err := LoadFS(fsys, "dir/it.yaml")
			if c.want != "" {
				if err == nil || err.Error() != c.want {
					t.Fatalf("got\n%v\nwant\n%s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			b := f.Scenario.Behaviour
			if !reflect.DeepEqual(b.Ack, c.ack) || !reflect.DeepEqual(b.Probe, c.probe) ||
				len(f.Scenario.Traffic) != c.traffic {
				t.Errorf("got %s", describe(f))
			}
		})
	}
	_, err := Parse("it.yaml", []byte(head+"include: b.yaml\n"))
	want := "it.yaml:2:10: include: this scenario was not read from a file, so there is no " +
		"folder to look in"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestIncludeStaysInside includes files of the operating system: what is not a regular file inside
// the folder of the scenario is refused at once, and its text does not appear.
func TestIncludeStaysInside(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	put := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("outside/secret.yaml", "behaviour: {ack: 7s}\n# secret\n")
	put("in/real.yaml", "behaviour: {ack: 7s}\n")
	for link, to := range map[string]string{
		"in/out.yaml":    "../outside/secret.yaml",
		"in/abs.yaml":    filepath.Join(dir, "outside", "secret.yaml"),
		"in/sub":         "../outside",
		"in/inside.yaml": "real.yaml",
		"in/zero.yaml":   "/dev/zero",
	} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.FromSlash(link)); err != nil {
			t.Skip(err)
		}
	}
	for name, want := range map[string]string{
		"real.yaml": "", "inside.yaml": "", "../in/real.yaml": "expected a path inside",
		"../outside/secret.yaml": "expected a path inside",
		"out.yaml":               "escapes", "abs.yaml": "escapes", "sub/secret.yaml": "escapes",
		"zero.yaml": "escapes", "sub": "escapes", "missing.yaml": "no such file",
		".": "expected a regular file, found a folder",
	} {
		put("in/it.yaml", "include: "+name+"\nchannels: [{name: stable, waves: [{hosts: 1}]}]\n")
		_, err := LoadFS(osfs.FS{}, "in/it.yaml")
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: got %v, want %s", name, err, want)
		case err != nil && strings.Contains(err.Error(), "secret\n"):
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
}
