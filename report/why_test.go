package report

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/trace"
)

func whyAnswer() *replay.Answer {
	at := replay.Where{Seq: 9, At: minutes(75)} // on the next day
	return &replay.Answer{
		Host: "web-1", Rollout: "stable@e0ad98d833892ea529e3c31e2166f8b3ac195d5b", Channel: "stable",
		State: reducer.HostPending, At: at, AsOf: at, Times: trace.Lines{Absolute: true},
		Lines: []replay.Reason{
			{Text: "not yet: Pending", Since: replay.Where{At: minutes(0)}, Then: "in wave 1"},
			{Depth: 1, Text: "host web-2 turned Failed", Once: true,
				Since: replay.Where{Seq: 5, At: minutes(70)}},
			{Depth: 1, Text: "later than it answers", Since: replay.Where{At: minutes(76)}},
			{Depth: 1, Text: "later, once", Once: true, Since: replay.Where{At: minutes(76)}},
			{Depth: 2, Text: "waits for stable@e0ad98d833892ea529e3c31e2166f8b3ac195d5b \x1b"},
		},
	}
}

func TestWhy(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*replay.Answer, *WhyView)
		want   string
	}{
		{"as it is", func(*replay.Answer, *WhyView) {},
			`host web-1, rollout stable@e0ad98d833892ea529e3c31e2166f8b3ac195d5b, as of entry 9, ` +
				`2026-05-17 00:15:00 UTC
not yet: Pending, for 1 h 15 min, since 2026-05-16 23:00:00: in wave 1
  host web-2 turned Failed, 5 min ago, at 00:10:00 (entry 5)
  later than it answers, since 00:16:00
  later, once, at 00:16:00
    waits for stable@e0ad98d83389 \u001b
`},
		{"narrow, of a channel, superseded", func(a *replay.Answer, v *WhyView) {
			v.Width = 50
			a.Whole, a.AsOf, a.Lines = true, replay.Where{Seq: 7, At: minutes(1)}, a.Lines[:1]
		}, `channel stable, rollout
    stable@e0ad98d833892ea529e3c31e2166f8b3ac195d5b,
    as of its supersession after entry 7,
    2026-05-16 23:01:00 UTC
not yet: Pending, for 1 min, since 23:00:00: in
    wave 1
`},
		{"of a trace", func(a *replay.Answer, _ *WhyView) {
			a.Times, a.Host, a.Lines = trace.Lines{Start: minutes(0)}, "", a.Lines[1:2]
		}, `rollout stable@e0ad98d833892ea529e3c31e2166f8b3ac195d5b, as of entry 9, 0d 01:15:00.000
  host web-2 turned Failed, 5 min ago, at 0d 01:10:00.000 (entry 5)
`},
	} {
		a, view := whyAnswer(), WhyView{}
		c.change(a, &view)
		var b strings.Builder
		if err := Why(&b, a, view); err != nil {
			t.Fatal(err)
		}
		if b.String() != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, b.String(), c.want)
		}
	}
}

// TestWhyJSON writes the fields that docs/replay.md describes.
func TestWhyJSON(t *testing.T) {
	var b strings.Builder
	if err := WhyJSON(&b, "state.db", whyAnswer()); err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(b.String()), &doc); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../docs/replay.md")
	if err != nil {
		t.Fatal(err)
	}
	_, described, _ := strings.Cut(string(page), "`rollsim-why`")
	for name := range doc {
		if !strings.Contains(described, "`"+name) {
			t.Errorf("%s is not described", name)
		}
	}
	lines := doc["lines"].([]any)
	first, second := lines[0].(map[string]any), lines[1].(map[string]any)
	if len(lines) != 5 || first["for_seconds"] != 75*60.0 || first["seq"] != nil ||
		second["seq"] != 5.0 || second["since"] != "2026-05-17T00:10:00Z" ||
		lines[4].(map[string]any)["since"] != nil || doc["state"] != "Pending" {
		t.Error(b.String())
	}
	for name := range first {
		if !strings.Contains(described, "`lines[]."+name+"`") {
			t.Errorf("lines[].%s is not described", name)
		}
	}
}
