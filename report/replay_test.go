package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/trace/input"
)

func replayOf(t *testing.T, opts replay.Options, names ...string) *replay.Result {
	t.Helper()
	for i, name := range names {
		names[i] = "../trace/testdata/" + name
	}
	r, err := input.Open(nil, names...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := replay.Run(r, opts)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestReplayJSONIsDocumented compares the fields of the document with those that docs/replay.md
// describes.
func TestReplayJSONIsDocumented(t *testing.T) {
	opts := replay.Options{Machine: reducer.RFC0008(), Only: replay.Filter{Host: "edge-0008"}}
	all := replayOf(t, opts, "sample-4.state.db.gz")
	lines := all.Findings[0].Key() + " known\neffect 1 00000000 gone\n"
	var err error
	if opts.Accepted, err = replay.ReadAccepted("reviewed.txt", strings.NewReader(lines)); err != nil {
		t.Fatal(err)
	}
	result := replayOf(t, opts, "sample-4.state.db.gz")
	result.Rollouts[0].NeverJoined = []reducer.HostID{"e9"} // the sample has none of either
	result.Findings[0].Folded = []replay.Folded{{Seq: 7, Host: "e9", Text: "again"}}
	var b bytes.Buffer
	if err := ReplayJSON(&b, "state.db", result); err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(b.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	written := make(map[string]bool)
	fields(document, "", written)
	maps.DeleteFunc(written, func(field string, _ bool) bool { // the same as those of findings
		return strings.HasPrefix(field, "accepted[].") && field != "accepted[].accepted"
	})
	written["accepted[]"] = true

	text, err := os.ReadFile("../docs/replay.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ = bytes.Cut(text, []byte("## JSON\n"))
	described := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?) \\| (.*) \\|$").FindAllSubmatch(text, -1) {
		for _, m := range regexp.MustCompile("`([^`]*)`").FindAllSubmatch(bytes.Join(row[1:], nil), -1) {
			if name := string(m[1]); strings.ContainsAny(name, ".[") || written[name] {
				described[name] = true
			}
		}
	}
	delete(described, "findings[]")
	delete(described, "rollouts")
	for field := range written {
		if !described[field] {
			t.Errorf("%s is written, but not described", field)
		}
	}
	for field := range described {
		if !written[field] && !strings.HasPrefix(field, "state.db") {
			t.Errorf("%s is described, but not written", field)
		}
	}
	if t.Failed() {
		t.Log(slices.Sorted(maps.Keys(written)))
	}
}

// fields records the paths of the fields of a document that hold values. A field that holds numbers
// by name counts as one.
func fields(v any, path string, all map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		if path == "kinds" || path == "rollouts[].hosts" {
			all[path] = true
			return
		}
		for name, value := range v {
			fields(value, strings.TrimPrefix(path+"."+name, "."), all)
		}
	case []any:
		for _, value := range v {
			fields(value, path+"[]", all)
		}
	case nil:
		if path != "tables" && path != "rollouts[].failure" {
			all[path] = true
		}
	default:
		all[path] = true
	}
}

// TestEscapes has names with control characters, which no report writes.
func TestEscapes(t *testing.T) {
	const name = "web-01\x1b[2J\a\u009b"
	result := replay.Result{
		Findings: []replay.Finding{
			{Class: replay.Host, Kind: replay.Extra, What: "host move", Host: name},
		},
		Groups: []replay.Group{{Class: replay.Host, Title: "extra host move", Count: 1}},
		Notes:  []string{name},
	}
	var b strings.Builder
	if err := Replay(&b, "log", &result, ReplayView{}); err != nil {
		t.Fatal(err)
	}
	answer := replay.Answer{Host: name, Lines: []replay.Reason{{Text: name}}}
	if err := Why(&b, &answer, WhyView{}); err != nil {
		t.Fatal(err)
	}
	if err := Diff(&b, []DiffLog{{Unreadable: errors.New(name)}}, DiffLabels{}, false); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.ContainsAny(text, "\x1b\a\u009b") ||
		strings.Count(text, `web-01\u001b[2J\u0007\u009b`) != 5 {
		t.Errorf("%q", text)
	}
}

// TestReplayOfManyRollouts has more rollouts than fit on a screen: the others are counted.
func TestReplayOfManyRollouts(t *testing.T) {
	result := replay.Result{MoreEnded: 100}
	for i := range 40 {
		id := reducer.RolloutID(fmt.Sprint("edge@", i))
		s := replay.Summary{
			Record: reducer.Record{
				RolloutID: id,
				TargetRef: reducer.ChannelRef(fmt.Sprint("ref", i)),
				State:     reducer.Superseded,
			},
			States: []replay.StateChange{{State: reducer.Superseded}},
		}
		switch i {
		case 3:
			s.Record.State = reducer.Failed
		case 5:
			result.Findings = []replay.Finding{
				{Class: replay.Host, Kind: replay.Extra, What: "host move", Rollout: id},
			}
			result.Groups = []replay.Group{{Class: replay.Host, Title: "extra host move", Count: 1}}
		}
		result.Rollouts = append(result.Rollouts, s)
	}
	for _, c := range []struct {
		all          bool
		first, lines int
	}{{false, 118, 22}, {true, 100, 40}} {
		var b strings.Builder
		if err := Replay(&b, "log", &result, ReplayView{All: c.all}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if !strings.HasPrefix(text, fmt.Sprintf("… %d more rollouts, ended\n", c.first)) ||
			strings.Count(text, "ref") != c.lines || !strings.Contains(text, "ref3 ") ||
			!strings.Contains(text, "ref5 ") || !strings.Contains(text, "ref39 ") {
			t.Error(text)
		}
	}
}
