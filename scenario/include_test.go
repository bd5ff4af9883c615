package scenario

import (
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"rollsim/sim"
)

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
			"include: shared/b.yaml\n", "behaviour: {ack: 7s, probe: 8s}", "",
			must(sim.Constant(7 * time.Second)), must(sim.Constant(8 * time.Second)), 0,
		},
		"behaviour that the scenario overrides": {
			"include: ./shared/b.yaml\nbehaviour: {ack: 9s}\n", "behaviour: {ack: 7s, probe: 8s}", "",
			must(sim.Constant(9 * time.Second)), must(sim.Constant(8 * time.Second)), 0,
		},
		"traffic": {
			"include: shared/b.yaml\ntraffic: [{channel: stable, periodic: 1h, prefix: b}]\nfates: " +
				"[{host: stable-01, ref: r3, fate: defers}]\n",
			"traffic: [{channel: stable, periodic: 2h}]", "",
			DefaultBehaviour().Ack, DefaultBehaviour().Probe, 2,
		},
		"an absolute path": {
			included: "behaviour: {ack: 7s}", scenario: "include: /shared/b.yaml\n",
			want: `dir/it.yaml:2:10: include: expected a path relative to the folder of this file, ` +
				`such as included/behaviour.yaml, found "/shared/b.yaml"`,
		},
		"no such file": {
			scenario: "include: shared/c.yaml\n",
			want:     "dir/it.yaml:2:10: include: open dir/shared/c.yaml: file does not exist",
		},
		"a scenario": {
			scenario: "include: it.yaml\n",
			want: `dir/it.yaml:1:1: unknown field "channels": expected one of behaviour, traffic
dir/it.yaml:2:1: unknown field "include": expected one of behaviour, traffic`,
		},
		"an empty file": {
			scenario: "include: shared/b.yaml\n", included: "# nothing",
			want: "dir/shared/b.yaml:1:1: the file is empty: an included file needs at least behaviour or " +
				"traffic",
		},
		"mistakes in both": {
			scenario: "include: shared/b.yaml\ntraffic: [{channel: stable, arrivals: 5ms}, {channel: " +
				"stabel, periodic: 1h}]\n",
			included: "behaviour: {}\ntraffic:\n  - {channel: stable, periodic: 1h}\n  - {channel: edge, " +
				"periodic: 1h}\n",
			want: `dir/it.yaml:3:11: channel stable already has traffic with prefix "r": set another one
dir/it.yaml:3:39: ref changes must be at least 1s apart on average
dir/it.yaml:3:55: unknown channel "stabel": did you mean "stable"?
dir/shared/b.yaml:4:15: unknown channel "edge": expected one of stable`,
		},
		"an invalid distribution": {
			scenario: "include: shared/b.yaml\n",
			included: "behaviour:\n  ack: {uniform: {min: 2s, max: 1s}}\n",
			want:     "dir/shared/b.yaml:2:8: ack: the upper end 1s is below the lower end 2s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"dir/it.yaml":       {Data: []byte(head + c.scenario)},
				"dir/shared/b.yaml": {Data: []byte(c.included)},
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
