package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rollsim/internal/deviation"
	"rollsim/internal/osfs"
	"rollsim/machine"
	"rollsim/machine/external"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/conform"
	"rollsim/suite/prove"
)

// asShim is the variable that makes the test binary act as the shim.
const asShim = "ROLLSIM_TEST_SHIM"

func TestMain(m *testing.M) {
	if os.Getenv(asShim) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func shim(t *testing.T, machine string) reducer.Machine {
	t.Helper()
	t.Setenv(asShim, "1")
	m, err := external.Start(fmt.Sprintf("'%s' %s", os.Args[0], machine), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func TestShimPassesTheVectors(t *testing.T) {
	m := shim(t, "v0.2")
	for _, name := range []string{"cells", "walks"} {
		path := "../../suite/conform/testdata/" + name + ".ndjson.gz"
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		result, err := conform.Run(f, path, m)
		if err != nil || result.Failed > 0 || result.Steps < 960 {
			t.Errorf("%s: %+v, %v", name, result, err)
		}
	}
}

// TestThePage compares docs/machines.md with the shim: its code, and examples of requests and
// answers.
func TestThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/machines.md")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(page), "```go\n")
	if shown, _, _ = strings.Cut(shown, "```"); len(shown) < 1000 ||
		!strings.Contains(string(code), shown) {
		t.Errorf("the page shows other code:\n%s", shown)
	}
	lines := regexp.MustCompile("(?m)^{.*}$").FindAllString(string(page), -1)
	if len(lines) != 4 {
		t.Fatalf("expected two requests and their answers, found %d lines", len(lines))
	}
	for ; len(lines) > 0; lines = lines[2:] {
		var q request
		var got, want any
		err := errors.Join(
			json.Unmarshal([]byte(lines[0]), &q), json.Unmarshal([]byte(answer(reducer.V02(), &q)), &got),
			json.Unmarshal([]byte(lines[1]), &want),
		)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\nis answered with %v\nwant %v, %v", lines[0], got, want, err)
		}
	}
}

// TestShimDrivesASimulation runs scenarios whose machine refuses some events, through the reducer
// and through the shim.
func TestShimDrivesASimulation(t *testing.T) {
	for _, name := range []string{
		"failure-under-rfc0008",
		"failure-under-v0.2",
		"successor-without-supersession",
		"retention-from-reverted",
		"shipped-no-halt",
		"shipped-set-back",
		"shipped-compliance-sticky",
		"shipped-reopened",
	} {
		t.Run(name, func(t *testing.T) {
			file, err := scenario.LoadFS(osfs.FS{}, "../../scenarios/"+name+".yaml")
			if err != nil {
				t.Fatal(err)
			}
			own, err := machine.ByName(file.Scenario.Machine)
			if err != nil {
				t.Fatal(err)
			}
			outside := shim(t, file.Scenario.Machine)
			var want, got bytes.Buffer
			if _, err := file.WriteText(&want, sim.Options{Machine: own, Seed: 1}); err != nil {
				t.Fatal(err)
			}
			opt := sim.Options{Machine: reducer.Named(outside, own.Name()), Seed: 1}
			if _, err := file.WriteText(&got, opt); err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() {
				t.Errorf("got\n%s\nwant\n%s", &got, &want)
			}
			if name != "shipped-compliance-sticky" {
				return
			}
			got.Reset() // another machine in the other process shows
			opt.Machine = reducer.Named(shim(t, "v0.1"), own.Name())
			if _, err := file.WriteText(&got, opt); err != nil || got.String() == want.String() {
				t.Errorf("the machine in another process made no difference: %v", err)
			}
		})
	}
}

// TestShimInProofs tries all runs of a fleet with one deviation under a machine in another process.
// It finds what the same machine shows here, and is asked each question once.
func TestShimInProofs(t *testing.T) {
	fleets, err := prove.Fleets()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(fleets, func(f *scenario.File) bool {
		return f.Scenario.Name == "rollback"
	})
	kinds := deviation.Of(deviation.FailsActivation, deviation.PollFailed, deviation.MessageDropped)
	for name, found := range map[string]bool{"rfc0008": false, "v0.2": true} {
		var results [2]*prove.Result
		own, err := machine.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		other := external.Remember(shim(t, name).(*external.Machine))
		for i, m := range []reducer.Machine{own, other} {
			p, err := prove.New(prove.Options{
				Scenario: &fleets[at].Scenario, Machine: m, Kinds: kinds, Continue: true,
			})
			if err == nil {
				results[i], err = p.Run(t.Context(), 1, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		a, b := results[0], results[1]
		if len(a.Found) != len(b.Found) || (len(a.Found) > 0) != found || a.Runs() != b.Runs() {
			t.Errorf("%s: %s; in another process: %s", name, a.Verdict(), b.Verdict())
		}
		for i := range a.Found {
			if a.Found[i].Key != b.Found[i].Key || a.Found[i].Detail != b.Found[i].Detail {
				t.Errorf("%s: %+v; in another process: %+v", name, a.Found[i], b.Found[i])
			}
		}
		if most := 20 * b.Runs(); other.Asked() == 0 || other.Asked() > most {
			t.Errorf("%s: %d questions in %d runs, want at most %d", name, other.Asked(), b.Runs(), most)
		}
	}
}
