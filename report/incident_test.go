package report

import (
	"strings"
	"testing"

	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/reducer"
	"rollsim/trace"
)

// page is a page about a stretch with one rollout, under names that Markdown could obey.
func page() *IncidentPage {
	const id = "a|b@e0ad98d833892ea529e3c31e2166f8b3ac195d5b"
	var story show.Story
	for _, r := range timelineRows() {
		story.Add(&r)
	}
	story.Add(&show.Row{
		Seq: 20, At: minutes(71), Rollout: id, Channel: "a|b", Name: "RolloutOpened",
		Kind: "rollout_event", Text: "opened ```\x1b",
	})
	answer := whyAnswer()
	answer.Channel, answer.Whole, answer.Rollout = "a|b", true, id
	return &IncidentPage{
		Name: "'two words.db'", Zone: show.UTC, Since: minutes(0) + 1, Until: minutes(80) + 1,
		Story: &story, Answers: []*replay.Answer{answer}, Options: []string{"--machine", "rfc0008"},
		Short: func(id reducer.RolloutID) string { return strings.SplitN(string(id), "d", 2)[0] },
		Result: &replay.Result{
			Machine: "rfc0008",
			Rollouts: []replay.Summary{{
				Record: reducer.Record{
					RolloutID: id, State: reducer.Superseded, OpenedAt: minutes(71),
					SupersededAt: reducer.Some(minutes(75)),
				},
				States:    []replay.StateChange{{State: reducer.Superseded, At: minutes(75)}},
				Successor: "a|b@b2", Waited: "web_1 Pending: <b>",
			}},
			Findings: []replay.Finding{{
				Class: replay.Host, Kind: replay.Extra, What: "host move", Seq: 12, At: minutes(61),
				Rollout: id, Host: "web|1", Recorded: "Soaking → Failed", Expected: "nothing",
			}},
		},
	}
}

func TestIncident(t *testing.T) {
	var b strings.Builder
	if err := Incident(&b, page()); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{
		"# All channels, 2026-05-16 23:00:00 to 2026-05-17 00:20:00\n",
		"Log: 'two words.db', 10 entries in this stretch, 3 of them decisions that repeat",
		`- **a\|b**: not yet: Pending, for 1 h 15 min, since 2026-05-16 23:00:00: in wave 1` + "\n",
		`| a\|b@e0a | 2026-05-17 00:11:00 | 0 | 0 | 0 | 0 | Superseded since 2026-05-17 00:15:00 |`,
		`- a\|b@e0a, from 2026-05-17 00:11:00 to 2026-05-17 00:15:00, when a\|b@b2 superseded it: ` +
			`web\_1 Pending: \<b\>` + "\n",
		"  - host web-2 turned Failed, 5 min ago, at 2026-05-17 00:10:00 (entry 5)\n",
		`| 12 | 2026-05-17 00:01:00 | extra host move | a\|b@e0a | web\|1 | recorded Soaking → Failed`,
		"````text\n2026-05-16, times in UTC\n", "opened ```\\u001b\n````\n",
		"rollsim why 'two words.db' --channel 'a|b' --at 2026-05-17T00:20:01Z --machine rfc0008\n",
		"rollsim show 'two words.db' --around 12\n",
		"rollsim replay 'two words.db' --until 2026-05-17T00:20:01Z --since 2026-05-16T23:00:00Z " +
			"--all --machine rfc0008\n",
		"rollsim show 'two words.db' --since 2026-05-16T23:00:00Z --until 2026-05-17T00:20:01Z\n```\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

// TestIncidentTimes: a page of one day has no days except in its title, and one of several days has
// them everywhere. Both have times of the day for a simulated trace too.
func TestIncidentTimes(t *testing.T) {
	for _, c := range []struct {
		since      reducer.Time
		want, lack string
	}{
		{minutes(0), "5 min ago, at 2026-05-17 00:10:00 (entry 5)", "at 00:10:00"},
		{minutes(60), "5 min ago, at 00:10:00 (entry 5)", "ago, at 2026-05-17"},
	} {
		p := page()
		p.Since = c.since
		p.Answers[0].Times = trace.Lines{Start: minutes(0)}
		var b strings.Builder
		if err := Incident(&b, p); err != nil {
			t.Fatal(err)
		}
		if text := b.String(); !strings.Contains(text, c.want) || strings.Contains(text, c.lack) ||
			strings.Contains(text, "0d 0") {
			t.Errorf("no %q, or %q, in\n%s", c.want, c.lack, text)
		}
	}
}

// TestIncidentOfNothing: a stretch without entries is a page nevertheless.
func TestIncidentOfNothing(t *testing.T) {
	p := page()
	p.Story, p.Answers, p.Channel = new(show.Story), nil, "stable"
	p.Result = &replay.Result{Machine: "v0.2"}
	var b strings.Builder
	if err := Incident(&b, p); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Channel stable, ", "Nothing: the stretch has no entry of a rollout.", "Nothing waits.",
		"None.",
		" --channel stable\n```\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	// A channel that has converged does not wait.
	p.Answers = []*replay.Answer{{
		Channel: "edge", Times: trace.Lines{Absolute: true}, Lines: []replay.Reason{{Text: "it is"}},
	}}
	b.Reset()
	if err := Incident(&b, p); err != nil || !strings.Contains(b.String(), "Nothing waits.") ||
		!strings.Contains(b.String(), "- **edge**: it is\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
