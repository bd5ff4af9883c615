package report

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"rollsim/logs/show"
	"rollsim/reducer"
)

func minutes(n int) reducer.Time {
	return reducer.Time(time.Date(2026, 5, 16, 23, 0, 0, 0, time.UTC).UnixNano()) +
		reducer.Time(n)*reducer.Time(time.Minute)
}

// timelineRows has a row of each sort: of a host, of a rollout, of neither, repeated ones, and
// gaps.
func timelineRows() []show.Row {
	wave := reducer.Some(uint32(1))
	return []show.Row{
		{Seq: 1, At: minutes(0), Rollout: "stable@e0ad98d8338920", Channel: "stable", State: "Opening",
			Text: "opened at ref e0ad98d"},
		{Seq: 2, At: minutes(0), Rollout: "stable@e0ad98d8338920", Channel: "stable", Host: "web-1",
			Wave: wave, State: "Pending", Text: "blocked by channel-edges: channel 'edge' not converged"},
		{Seq: 3, At: minutes(1), Rollout: "stable@e0ad98d8338920", Channel: "stable", Host: "web-1",
			Wave: wave, State: "Pending", Text: "blocked again", Repeats: true},
		{Seq: 4, At: minutes(6), Channel: "edge", Text: "poll: edge"},
		{Seq: 5, At: minutes(11), Text: "just five minutes later"},
		{Seq: 7, At: minutes(12), Text: "after a gap", Gap: show.Gap{From: 6, To: 6}},
		{Seq: 11, At: minutes(13), Text: "after three, although it repeats", Repeats: true,
			Gap: show.Gap{From: 8, To: 10}},
		{Seq: 12, At: minutes(61), Rollout: "stable@e0ad98d8338920", Channel: "stable", Host: "web-1",
			Wave: wave, State: "Failed", Text: "moved Soaking → Failed \x1b[2J"},
		{Seq: 13, At: minutes(70), Host: "web-1", Text: "blocked again", Repeats: true},
	}
}

func drawn(t *testing.T, view TimelineView) string {
	t.Helper()
	view.Short = func(id reducer.RolloutID) string {
		return strings.Replace(string(id), "e0ad98d8338920", "e0ad98d", 1)
	}
	var b strings.Builder
	out := NewTimeline(&b, view)
	for _, r := range timelineRows() {
		if err := out.Row(&r); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTimeline(t *testing.T) {
	const want = `2026-05-16, times in UTC
  entry  time      rollout         host   w  state       what happened
      1  23:00:00  stable@e0ad98d            Opening     opened at ref e0ad98d
      2  23:00:00  stable@e0ad98d  web-1  1  Pending     blocked by channel-edges: channel 'edge' n…
… 6 min, 1 repeated decision
      4  23:06:00  edge                                  poll: edge
      5  23:11:00                                        just five minutes later
… entry 6 is missing
      7  23:12:00                                        after a gap
… entries 8 to 10 are missing
     11  23:13:00                                        after three, although it repeats
… 48 min
2026-05-17
     12  00:01:00  stable@e0ad98d  web-1  1  Failed      moved Soaking → Failed \u001b[2J
… 9 min, 1 repeated decision

7 entries; the planner decided the same as before in 2 more: --all shows them
`
	if got := drawn(t, TimelineView{Width: 94 + 6}); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	all := drawn(t, TimelineView{All: true, Zone: show.UTC})
	if !strings.Contains(all, "blocked again") || !strings.Contains(all, "'edge' not converged\n") ||
		!strings.HasSuffix(all, "\n9 entries\n") || strings.Contains(all, "more") {
		t.Error(all)
	}
	// A narrow line has no state, and a column that is the same everywhere is left out.
	few := drawn(t, TimelineView{Width: 50, OneRollout: true, OneHost: true, Mark: 12})
	for line := range strings.Lines(few) {
		if n := len([]rune(line)); n > 50+1 && !strings.HasPrefix(line, "7 entries") {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	for _, want := range []string{
		"\n  entry  time      w  what happened\n", "\n>    12  00:01:00  1  moved Soaking → Failed",
		"\n      2  23:00:00  1  blocked by channel-edges: c…\n",
	} {
		if !strings.Contains(few, want) {
			t.Errorf("no %q in\n%s", want, few)
		}
	}
	if one := drawn(t, TimelineView{OneChannel: true}); !strings.Contains(one, "  e0ad98d  web-1") {
		t.Error(one)
	}
	paint := func(colour, text string) string { return "<" + colour + text + ">" }
	text := drawn(t, TimelineView{Paint: paint})
	if !strings.Contains(text, "<31Failed>      moved") || strings.Contains(text, "<31web") {
		t.Error(text)
	}
}

// TestNoTimeline: without rows there is no head.
func TestNoTimeline(t *testing.T) {
	var b strings.Builder
	if err := NewTimeline(&b, TimelineView{}).Close(); err != nil || b.String() != "0 entries\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// TestTimelineJSON writes each field that docs/show.md describes, and no other.
func TestTimelineJSON(t *testing.T) {
	doc, err := os.ReadFile("../docs/show.md")
	if err != nil {
		t.Fatal(err)
	}
	_, fields, _ := strings.Cut(string(doc), "## JSON")
	for _, r := range timelineRows() {
		var b strings.Builder
		if err := TimelineJSON(&b, &r); err != nil {
			t.Fatal(err)
		}
		var row map[string]any
		err := json.Unmarshal([]byte(b.String()), &row)
		if err != nil || strings.Count(b.String(), "\n") != 1 {
			t.Fatalf("%s: %v", b.String(), err)
		}
		for name := range row {
			if !strings.Contains(fields, "`"+name+"`") {
				t.Errorf("%s is not described", name)
			}
		}
		if len(row) != 12 || row["seq"] != float64(r.Seq) || row["repeats"] != r.Repeats ||
			row["missing_before"] != float64(r.Gap.Missing()) || (row["wave"] == nil) == r.Wave.Set {
			t.Error(b.String())
		}
		if strings.ContainsRune(b.String(), '\x1b') {
			t.Errorf("%q", b.String())
		}
	}
}
