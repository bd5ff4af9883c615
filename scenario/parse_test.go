package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/reducer"
	"rollsim/sim"
)

// TestBad holds every broken input in testdata/bad against the message beside it.
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

// compareFile compares a file with what it should hold. With UPDATE=1 in the environment it is
// written instead.
func compareFile(t *testing.T, path string, want []byte) {
	t.Helper()
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not current; UPDATE=1 go test ./scenario -run '%s' rewrites it\n"+
			"-- it holds --\n%s-- it should hold --\n%s", path, t.Name(), got, want)
	}
}

// TestEverything reads a file that uses every field, and compares all that it became.
func TestEverything(t *testing.T) {
	data, err := os.ReadFile("testdata/good/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	within, err := os.ReadFile("testdata/good/included/behaviour.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := LoadFS(fstest.MapFS{
		"some/where/everything.yaml": {Data: data}, "some/where/included/behaviour.yaml": {Data: within},
	}, "some/where/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	chance := func(p sim.Probability) *sim.Probability { return &p }
	event := func(at time.Duration, ev reducer.Event) sim.Action { return sim.Action{At: at, Event: &ev} }
	ownTime := event(time.Hour, reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: "r1", Channel: "other", TargetRef: "x", At: 1778893200_123456789,
	})
	ownTime.KeepAt = true
	brings := func(f sim.FaultNow) sim.Action { return sim.Action{At: 3 * time.Hour, Fault: &f} }
	none, half := reducer.Opt[time.Duration]{}, sim.Certain/2
	want := &File{
		Path:    "some/where/everything.yaml",
		Comment: "Shows every field of the format,\nin two lines.\n\nAnd a second paragraph.",
		Golden:  GoldenTransitions,
		Scenario: sim.Scenario{
			Name:    "everything",
			Start:   1778893200_500000000,
			Horizon: 36 * time.Hour,
			Seed:    18446744073709551615,
			Machine: "v0.2",

			ControlPlane: controlplane.Shipped,
			Channels: []sim.Channel{
				{
					ID: "stable", PollInterval: 90 * time.Second,
					Policy: reducer.Policy{OnHealthFailure: reducer.RollbackAndHalt, RetentionSeconds: 172800},
					Waves: []sim.Wave{
						{Hosts: []reducer.HostID{"stable-01"}, Soak: 30 * time.Minute},
						{},
						{Hosts: []reducer.HostID{"web-01", "web-02"}, Soak: time.Hour},
						{Hosts: []reducer.HostID{"stable-02", "stable-03"}},
					},
					After: []reducer.ChannelID{"edge", "x"},
					HostEdges: []sim.HostEdge{
						{Host: "web-02", After: "web-01"},
						{Host: "stable-03", After: "web-02"},
					},
				},
				{ID: "edge", PollInterval: 60 * time.Second, Policy: reducer.DefaultPolicy()},
				{
					ID:           "x",
					PollInterval: 60 * time.Second,
					Policy:       reducer.DefaultPolicy(),
					After:        []reducer.ChannelID{"edge"},
				},
			},
			Budgets: []sim.Budget{
				{Name: "web", Hosts: []string{"web-*", "stable-02"}, MaxInFlight: 2},
				{Name: "all", Hosts: []string{"*"}, MaxInFlight: 2_000_000},
			},
			Quarantine: []sim.QuarantineEntry{
				{Channel: "stable", Closure: "a1"},
				{Channel: "edge", Closure: "r17"},
			},
			Behaviour: sim.Behaviour{
				Ack:        must(sim.Uniform(time.Second, 5*time.Second)),
				Activation: must(sim.LogNormalP99(40*time.Second, 3*time.Minute)),
				Reboot:     must(sim.Exponential(10 * time.Minute)),
				Probe:      must(sim.Constant(21 * time.Second)),
				Converge:   must(sim.Constant(2 * time.Second)),
				Rollback:   must(sim.LogNormal(30*time.Second, 0.5)),

				ActivationFailure: chance(85899345), // 2 % of 1<<32
				Deferral:          chance(1 << 30),
				ProbeFailure:      chance(1 << 29),
				RollbackFailure:   chance(sim.Certain),
				NoAnswer:          chance(0),
			},
			Groups: []sim.Group{
				{
					Hosts: []string{"web-01"},
					Behaviour: sim.Behaviour{
						Ack: must(sim.Normal(10*time.Second, 2*time.Second, none, none)),
						Activation: must(sim.Normal(10*time.Second, 2*time.Second,
							reducer.Some(5*time.Second), reducer.Some(12*time.Second))),
						Reboot:   must(sim.Weibull(10*time.Minute, 1.5)),
						Probe:    must(sim.Gamma(30*time.Second, 3)),
						Converge: must(sim.GammaByScale(4*time.Second, 2.5)),
						Rollback: must(sim.Empirical([]time.Duration{
							10 * time.Second, 20 * time.Second, 20 * time.Second, 3 * time.Minute,
						})),
					},
				},
				{
					Hosts: []string{"web-*", "stable-01"},
					Behaviour: sim.Behaviour{
						Activation: must(sim.Constant(5 * time.Minute)),
						Deferral:   chance(sim.Certain),
					},
				},
			},
			Fates: []sim.Fate{
				{Host: "stable-03", Ref: "a1", Kind: sim.FailsActivation},
				{Host: "stable-03", Kind: sim.FailsProbes},
				{Host: "stable-02", Kind: sim.Defers, RebootAfter: reducer.Some(6 * time.Hour)},
				{Host: "stable-02", Kind: sim.Defers, RebootAfter: reducer.Some(time.Duration(-1))},
				{Host: "web-01", Kind: sim.NeverAnswers},
				{Host: "web-01", Kind: sim.NeverRollsBack},
				{Host: "web-02", Kind: sim.ConvergesAnyway},
			},
			Timeline: []sim.Action{
				{SetRef: &sim.RefChange{Channel: "stable", Ref: "a1"}},
				event(24*time.Hour, reducer.Event{
					Kind: reducer.OperatorClearance, Rollout: "stable@a1", Operator: "alice", Reason: "fixed\nby hand\n",
				}),
				event(
					36*time.Hour,
					reducer.Event{Kind: reducer.OperatorClearance, Rollout: "stable@a1", Operator: "operator"},
				),
				{
					At: 5 * time.Minute,
					When: &sim.Moment{
						Rollout:   "stable@a1",
						Wave:      reducer.Some(uint32(2)),
						HostState: reducer.HostSoaking,
					},
					SetRef: &sim.RefChange{Channel: "edge", Ref: "b2"},
				},
				{
					When:   &sim.Moment{Rollout: "stable@a1", Host: "web-01", HostState: reducer.HostActivating},
					SetRef: &sim.RefChange{Channel: "stable", Ref: "1234567"},
				},
				{
					When:  &sim.Moment{Rollout: "r1", State: reducer.Opening},
					Event: &reducer.Event{Kind: reducer.HostJoined, Rollout: "r1", Host: "h1", Wave: 4294967295},
				},
				ownTime,
				event(time.Hour, reducer.Event{
					Kind: reducer.HostStateChanged, Rollout: "r1", Host: "h1", From: reducer.HostPending, To: reducer.HostActivating,
				}),
				event(
					time.Hour, reducer.Event{Kind: reducer.WaveAdvanced, Rollout: "r1", FromWave: 1, ToWave: 2},
				),
				event(time.Hour, reducer.Event{Kind: reducer.RolloutTerminal, Rollout: "r1"}),
				event(time.Hour, reducer.Event{Kind: reducer.SuccessorOpened, Rollout: "r1", Successor: "r2"}),
				event(time.Hour, reducer.Event{Kind: reducer.RetentionExpired, Rollout: "r1"}),
				event(time.Hour, reducer.Event{
					Kind: reducer.OperatorClearance, Rollout: "r1", Operator: "bob", Reason: "because",
				}),
				{At: 2 * time.Hour, Lift: &sim.QuarantineEntry{Channel: "stable", Closure: "a1"}},
				brings(sim.FaultNow{Kind: sim.ControlPlaneCrash}),
				brings(sim.FaultNow{Kind: sim.ControlPlaneCrash, For: 10 * time.Minute}),
				brings(sim.FaultNow{Kind: sim.HostOffline, Host: "web-01", For: time.Hour}),
				brings(sim.FaultNow{Kind: sim.HostLost, Host: "web-02"}),
				brings(sim.FaultNow{Kind: sim.AgentRestart, Host: "web-01"}),
				brings(sim.FaultNow{Kind: sim.ClockSkew, Host: "web-01", For: 5 * time.Minute}),
			},
			Traffic: []sim.Traffic{
				{Channel: "x", Kind: sim.Arrivals, Every: must(sim.Constant(12 * time.Hour)), Prefix: "half-"},
				{
					Channel: "edge", Kind: sim.Arrivals, Every: must(sim.Exponential(6 * time.Hour)), Prefix: "r",
					From: time.Hour, Until: 20 * time.Hour,
				},
				{
					Channel: "stable",
					Kind:    sim.Arrivals,
					Every:   must(sim.Constant(24 * time.Hour)),
					Prefix:  "nightly-",
				},
				{
					Channel: "x", Kind: sim.Flapping, Every: must(sim.Constant(30 * time.Minute)),
					Between: []reducer.ChannelRef{"a1", "b2"},
				},
			},
			Faults: []sim.Fault{
				{
					Kind: sim.MessageDelayed, Probability: half, For: must(sim.Uniform(time.Second, 2*time.Minute)),
					From: time.Hour, Until: 3 * time.Hour, Hosts: []string{"web-*"},
				},
				{
					Kind:        sim.MessageDuplicated,
					Probability: sim.Certain,
					For:         must(sim.Constant(5 * time.Second)),
				},
				{Kind: sim.MessageDuplicated, Probability: half},
				{Kind: sim.MessageReordered, Probability: half},
				{Kind: sim.MessageDropped, Probability: half, Hosts: []string{"web-01"}},
				{Kind: sim.HostOffline, Probability: half, For: must(sim.Constant(time.Hour))},
				{Kind: sim.HostLost, Probability: half},
				{Kind: sim.AgentRestart, Probability: half},
				{Kind: sim.ControlPlaneCrash, Probability: half, For: must(sim.Constant(10 * time.Minute))},
				{Kind: sim.PollFailed, Probability: half},
				{Kind: sim.PollStale, Probability: half, Until: time.Hour},
				{Kind: sim.ClockSkew, Probability: half, For: must(sim.Constant(3 * time.Minute))},
			},
			Sometimes: []sim.Moment{
				{Rollout: "stable@a1", State: reducer.Converging},
				{Rollout: "stable@nightly-2", Wave: reducer.Some(uint32(0)), HostState: reducer.HostDeferred},
			},
			ExpectViolations: []invariant.Violation{
				{Invariant: invariant.Stuck, Subject: "edge@b2"},
				{Invariant: invariant.Unpruned, Subject: "stable@nightly-12"},
				{Invariant: invariant.BudgetKept, Subject: "web"},
				{Invariant: invariant.Stranded, Subject: "stable"},
			},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", describe(got), describe(want))
	}
	eachField(func(of reflect.Type, f reflect.StructField, name string, _ bool) {
		if !regexp.MustCompile(`\b`+name+`: `).Match(data) &&
			!bytes.Contains(data, []byte(" "+name+":\n")) &&
			!bytes.Contains(data, []byte("\n"+name+":\n")) {
			t.Errorf("the file does not use %v.%s", of, name)
		}
	})
}

// describe prints a file deeply enough to see a difference.
func describe(f *File) string {
	text, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
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
			Name: "small", Start: 1767225600_000000000, Horizon: 14 * 24 * time.Hour, Seed: 1, Machine: "rfc0008",
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

// TestSpellings reads texts that differ and mean the same.
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
		"JSON":              `{"channels": [{"name": "stable", "waves": [{"hosts": ["a", "b"], "soak": "90m"}]}]}`,
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

func TestTooLarge(t *testing.T) {
	fsys := fstest.MapFS{"big.yaml": {Data: bytes.Repeat([]byte("#"), MaxSize+1)}}
	_, err := LoadFS(fsys, "big.yaml")
	if want := "big.yaml:1:1: the file is larger than 8388608 " +
		"bytes"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
	if _, err := LoadFS(fsys, "small.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that does not exist: %v", err)
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
	if _, err := List(fsys, "bad"); err == nil || err.Error() != "bad/a.yml: the name of a "+
		"scenario file ends in .yaml" {
		t.Errorf("a .yml file: %v", err)
	}
	if _, err := List(fsys, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that does not exist: %v", err)
	}
}

// TestParseFaults reads files of faults, good and bad.
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
			Kind:        sim.MessageDropped,
			Probability: sim.Certain / 4,
			Hosts:       []string{"web-*", "no-such-host"},
		},
		{
			Kind: sim.ControlPlaneCrash, Probability: sim.Certain / 2, For: must(sim.Constant(10 * time.Minute)),
			From: 1000 * 24 * time.Hour,
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for text, want := range map[string]string{
		"":           "f.yaml:1:1: the file is empty: a file of faults has at least faults",
		"- a":        "f.yaml:1:1: a file of faults is a mapping of fields such as faults, found a list",
		"faults: []": "f.yaml:1:9: faults: at least one is needed",
		"faults: 5":  "f.yaml:1:9: faults: expected a list, found the number 5",
		"{}":         `f.yaml:1:1: missing field "faults"`,
		"faults: &a []": "f.yaml:1:9: anchors, aliases and merge keys are not used in scenarios: " +
			"write the value out",
		"channels: []": `f.yaml:1:1: unknown field "channels": known are faults` + "\n" + `f.yaml:1:1: missing field "faults"`,
		"faults:\n  - {fault: host-lost, probability: 1%, hosts: [\"[a\", \"\"]}\n  - {fault: " +
			"poll-failed, probability: 1%, for: 1s}": `f.yaml:2:49: "[a" is not a pattern for hosts such as "web-*"
f.yaml:2:55: "" is not a pattern for hosts such as "web-*"
f.yaml:3:48: for: poll-failed does not last`,
	} {
		faults, err := ParseFaults("f.yaml", []byte(text))
		if err == nil || err.Error() != want || faults != nil {
			t.Errorf("%q: got %v, %v; want %s", text, faults, err, want)
		}
	}
}

// TestCost reads files that are made to cost a lot: work that grew with the square of their size
// would take many times as long as they may.
func TestCost(t *testing.T) {
	const deadline = time.Minute // far above what any takes: it tells a hang, it measures nothing
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const head = "channels:\n  - name: stable\n    waves:\n      - hosts: 3\n"
	for name, c := range map[string]struct{ text, want string }{
		"many fields": {many(40_000, "k%d: 1\n"), "a mapping of more than 200 fields"},
		"many flow fields": {
			head + "behaviour: {probe: {" + many(20_000, "k%d: 1, ") + "}}\n",
			"unknown distribution \"k0\": known are constant, uniform, exponential, lognormal, normal, " +
				"weibull, gamma, empirical",
		},
		"deep":        {strings.Repeat("[", 100_000), "nested more than 20 deep"},
		"deep blocks": {strings.Repeat("- ", 100_000) + "a", "nested more than 20 deep"},
		"many documents": {strings.Repeat("---\n", 100_000), "a second document begins here: a file " +
			"holds one scenario"},
		"many hosts":    {"channels:\n  - name: stable\n    waves:\n      - hosts:\n" + many(20_000, "        - h%d\n"), ""},
		"many channels": {"channels:\n" + many(20_000, "  - name: c%d\n"), ""},
		"many edges": {
			"channels:\n  - name: c0\n" + strings.ReplaceAll(many(10_000, "  - name: c%d\n    after: "+
				"[c0]\n"), "name: c0\n", "name: c\n"), "",
		},
		"a long circle": {
			"channels:\n" + many(3_000, "  - {name: c%d, after: [b%[1]d]}\n  - {name: b%[1]d, after: "+
				"[c%[1]d]}\n"),
			"after: channels c0, b0 wait for each other in a circle",
		},
		"many refs": {head + "timeline:\n" + many(10_000, "  - {at: 1s, channel: stable, ref: "+
			"r%d}\n"), ""},
		"many unknown refs": {head + "fates:\n" + many(10_000, "  - {host: stable-01, ref: r%d, fate: "+
			"defers}\n"), `channel stable never moves to ref "r0"`},
		"many hosts and an unknown one": {
			"channels:\n  - name: stable\n    waves:\n      - hosts: 50000\nfates:\n  - {host: " +
				"stable-00000, fate: defers}\n",
			`unknown host "stable-00000": did you mean "stable-00001"?`,
		},
		"many quantiles": {head + "behaviour: {ack: {empirical: [" + many(20_000, "%ds, ") + "6h]}}\n", ""},
		"many groups": {
			head + "groups:\n" + many(5_000, "  - {hosts: [stable-01], behaviour: {ack: %dms}}\n"), "groups: more than 500",
		},
	} {
		t.Run(name, func(t *testing.T) {
			parsed := make(chan error, 1)
			go func() {
				_, err := Parse("x.yaml", []byte(c.text))
				parsed <- err
			}()
			var err error
			select {
			case err = <-parsed:
			case <-time.After(deadline):
				t.Fatalf("not done after %v", deadline)
			}
			var e *Error
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &e) || e.Message != c.want):
				t.Errorf("got %v; want %s", err, c.want)
			}
		})
	}
}

// TestInclude reads a scenario with what it includes.
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
		"a path from elsewhere": {
			included: "behaviour: {ack: 7s}", scenario: "include: /shared/b.yaml\n",
			want: `dir/it.yaml:2:10: include: expected a path from the folder of this file, such as included/behaviour.yaml, found "/shared/b.yaml"`,
		},
		"no such file": {
			scenario: "include: shared/c.yaml\n", want: "dir/it.yaml:2:10: include: open " +
				"dir/shared/c.yaml: file does not exist",
		},
		"a scenario": {
			scenario: "include: it.yaml\n",
			want: `dir/it.yaml:1:1: unknown field "channels": known are behaviour, traffic
dir/it.yaml:2:1: unknown field "include": known are behaviour, traffic`,
		},
		"nothing": {
			scenario: "include: shared/b.yaml\n", included: "# nothing",
			want: "dir/shared/b.yaml:1:1: the file is empty: an included file has at least behaviour or " +
				"traffic",
		},
		"mistakes in both": {
			scenario: "include: shared/b.yaml\ntraffic: [{channel: stable, arrivals: 5ms}, {channel: " +
				"stabel, periodic: 1h}]\n",
			included: "behaviour: {}\ntraffic:\n  - {channel: stable, periodic: 1h}\n  - {channel: edge, " +
				"periodic: 1h}\n",
			want: `dir/it.yaml:3:11: channel stable has traffic of the prefix "r" already: give this one another
dir/it.yaml:3:39: ref changes must be at least 1s apart on average
dir/it.yaml:3:55: unknown channel "stabel": did you mean "stable"?
dir/shared/b.yaml:4:15: unknown channel "edge": known are stable`,
		},
		"a distribution that is none": {
			scenario: "include: shared/b.yaml\n", included: "behaviour:\n  ack: {uniform: {min: 2s, max: " +
				"1s}}\n",
			want: "dir/shared/b.yaml:2:8: ack: the upper end 1s is below the lower end 2s",
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
	want := "it.yaml:2:10: include: this scenario is not read from a file, and so there is no " +
		"folder to look in"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// FuzzParse looks for a panic, and for an error that says nothing of where.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*.yaml", "testdata/good/*.yaml", "../scenarios/*.yaml"} {
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
			t.Errorf("not a placed error: %v", err)
		}
		_, err := parse(
			fstest.MapFS{"included.yaml": {Data: data}}, "fuzz.yaml",
			[]byte("channels: [{name: stable}]\ninclude: included.yaml"), 10,
		)
		if err != nil && !errors.As(err, new(*Error)) {
			t.Errorf("not a placed error: %v", err)
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
			t.Errorf("not a placed error: %v", err)
		}
	})
}
