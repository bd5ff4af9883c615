package shrink

import (
	"context"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
)

func parsed(t *testing.T, text string) *sim.Scenario {
	t.Helper()
	file, err := scenario.Parse("case.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &file.Scenario
}

// TestClean checks that a case is clean if the specification violates nothing, and fair if what it
// violates is excused.
func TestClean(t *testing.T) {
	const moves = `
channels: [{name: stable, waves: [{hosts: 0}]}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
  - {at: 1h, channel: stable, ref: b2}
`
	for _, test := range []struct {
		name, more string
		want       verdict
	}{
		{"nothing", "", verdict{holds: true, clean: true, fair: true}},
		{"a channel that is set back", `
  - {at: 2h, channel: stable, ref: a1}`, verdict{holds: true, fair: true}},
		{"a succession that no ref explains", `
  - {at: 2h, event: {SuccessorOpened: {superseded_rollout_id: stable@b2,
      successor_rollout_id: stable@c3}}}`, verdict{holds: true}},
	} {
		key, err := ParseKey("unpruned/Superseded")
		if err != nil {
			t.Fatal(err)
		}
		sc := parsed(t, moves+test.more)
		l := &lab{
			ctx: context.Background(), key: key, machine: reducer.V02(), limit: 1 << 62,
			longest: 100_000, guard: true, verdicts: make(map[uint64]verdict),
		}
		got, err := l.judge(sc, text(sc, "v0.2"))
		if err != nil || got != test.want {
			t.Errorf("%s: %+v, %v, want %+v", test.name, got, err, test.want)
		}
	}
}

// TestExtraLines checks that the lines of a case are put into sketches together and alone, that its
// moves are not, and that there may be none.
func TestExtraLines(t *testing.T) {
	const begin = `
control_plane: shipped
channels: [{name: stable, waves: [{hosts: 1}]}]
timeline:
  - {at: 0s, channel: stable, ref: a1}
`
	lost := "  - {at: 0s, fault: message-dropped, host: stable-01}\n"
	restart := "  - {at: 1m, fault: agent-restart, host: stable-01}\n"
	for lines, want := range map[string]string{
		"": "0", lost: "0 1", lost + restart: "0 1 2", lost + lost + restart: "0 1 3",
		lost + lost + lost + lost + restart: "0", // too many
	} {
		var seen []string
		kinds := make(map[sim.FaultKind]bool)
		for _, more := range extraLines(parsed(t, begin+lines)) {
			n := string(rune('0' + len(more)))
			if len(seen) == 0 || seen[len(seen)-1] != n {
				seen = append(seen, n)
			}
			for i := range more {
				if len(more) == 1 {
					kinds[more[i].Fault.Kind] = true
				}
			}
		}
		if got := strings.Join(seen, " "); got != want {
			t.Errorf("%q: %s lines, want %s", lines, got, want)
		}
		if lines == lost+restart && (!kinds[sim.MessageDropped] || !kinds[sim.AgentRestart]) {
			t.Errorf("alone: %v", kinds)
		}
	}
}

// TestOldManifest checks that the age of a manifest becomes simple, and that the feature says it.
func TestOldManifest(t *testing.T) {
	const begin = `
control_plane: shipped
horizon: 6h
channels: [{name: stable, waves: [{hosts: 1}]}]
timeline: [{at: 0s, channel: stable, ref: a1}]
releases: [{ref: a1, channel: stable, signed: `
	key, err := ParseKey("stuck/stale-manifest")
	if err != nil {
		t.Fatal(err)
	}
	for signed, holds := range map[string]bool{"-2h15m": true, "-1m": false} {
		c, err := Shrink(t.Context(), Options{
			Scenario: parsed(t, begin+signed+"}]"), Machine: reducer.V02(), Key: &key,
		})
		if !holds {
			if err == nil {
				t.Errorf("%s is too old:\n%s", signed, File(c))
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := File(c); !strings.Contains(got, "{ref: a1, channel: stable, signed: -1h}") {
			t.Errorf("%s:\n%s", signed, got)
		}
		f := WriteFeature(t.Context(), c, reducer.V02())
		if !strings.Contains(f.Text, `ref "a1" is signed 1 hour before the start`) || !f.Passes {
			t.Errorf("%s: %+v", signed, f)
		}
	}
}
