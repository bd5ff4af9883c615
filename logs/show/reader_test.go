package show

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// sample returns rows of the log of an evening.
func sample(t *testing.T, filter Filter) ([]Row, *Reader, error) {
	t.Helper()
	in, err := os.Open("../replay/testdata/shipped-11.ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	return rowsOf(t, in, filter)
}

func rowsOf(t *testing.T, in io.Reader, filter Filter) ([]Row, *Reader, error) {
	t.Helper()
	log, err := trace.NewReader("log", in)
	if err != nil {
		t.Fatal(err)
	}
	r := NewReader(log, filter, UTC)
	var rows []Row
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, r, nil
		}
		if err != nil {
			return rows, r, err
		}
		rows = append(rows, row)
	}
}

func text(r *Row) string {
	wave := "-"
	if r.Wave.Set {
		wave = fmt.Sprint(r.Wave.Value)
	}
	return strings.TrimRight(fmt.Sprintf("%d %s %s %s %s %s: %s", r.Seq, r.Channel, r.Host, wave,
		r.State, r.Name, r.Text), " ")
}

// TestRows compares rows of each kind with what they should say.
func TestRows(t *testing.T) {
	rows, r, err := sample(t, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	const entries = 5151
	if len(rows) != entries || r.Entries() != entries || r.First().Seq != 1 ||
		r.Last().Seq != entries {
		t.Fatalf("%d rows, %d entries, %v to %v", len(rows), r.Entries(), r.First(), r.Last())
	}
	for _, want := range []string{
		"1 stable  - Opening RolloutOpened: opened at ref e0ad98d",
		"2 stable build-02 1 Pending HostJoined: joined wave 1",
		"3 stable  - Active RecordRolloutTransition: rollout Opening → Active",
		"7 stable  - Active OpenRollout: planned: open with 4 hosts",
		"20 kiosk kiosk-gate-05 0 Pending DispatchAck: agent 1: DispatchAck, synthesised by a heartbeat",
		"28 kiosk kiosk-gate-05 0 Converged HostStateChanged: moved Soaking → Converged",
		"29 stable build-02 1 Pending channel-edges: blocked by channel-edges: " +
			"channel 'edge' not converged",
		"33 edge gw-waw-10 1 Pending wave-promotion: blocked by wave-promotion: " +
			"host_wave=1 > current_wave=0",
		"34 edge gw-lis-01 0 Pending QueueDispatch: dispatched: closure 6c52hg6, soak due 01:05:00",
		"2905 stable  - Active SuccessorOpened: superseded by stable@b562921",
		"4184 stable ci-09 0 Soaking ProbeResult: agent 8: ProbeResult unit-active failed: exit status 3",
		"4232 stable ci-09 0 Soaking Failed: agent 11: Failed, probe unit-active, policy halt",
		"4234 stable ci-09 0 Failed HostStateChanged: moved Soaking → Failed",
		"4235 stable  - Failed RecordRolloutTransition: rollout Active → Failed",
	} {
		var seq int
		if _, err := fmt.Sscan(want, &seq); err != nil {
			t.Fatal(err)
		}
		if got := text(&rows[seq-1]); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	}
	repeats := 0
	for i := range rows {
		if rows[i].Repeats {
			repeats++
		}
		if rows[i].Gap.Missing() > 0 {
			t.Errorf("entry %d: a gap before it", rows[i].Seq)
		}
	}
	if !rows[2000].Repeats || rows[28].Repeats || repeats < 4000 || repeats > 4800 {
		t.Errorf("%d rows repeat an earlier one", repeats)
	}
}

// TestFilter: a filter selects the rows that it names, and no others. Rows of a stretch have the
// waves and states that earlier entries have shown.
func TestFilter(t *testing.T) {
	all, _, err := sample(t, Filter{})
	if err != nil {
		t.Fatal(err)
	}
	from, to := at(t, "2026-05-16T03:10:00Z"), at(t, "2026-05-16T03:11:00Z")
	for name, c := range map[string]struct {
		filter Filter
		want   func(*Row) bool
	}{
		"channel": {Filter{Channel: "kiosk"}, func(r *Row) bool { return r.Channel == "kiosk" }},
		"host":    {Filter{Host: "ci-09"}, func(r *Row) bool { return r.Host == "ci-09" }},
		"since":   {Filter{Since: reducer.Some(from)}, func(r *Row) bool { return r.At >= from }},
		"until":   {Filter{Until: reducer.Some(to)}, func(r *Row) bool { return r.At <= to }},
		"stretch": {
			Filter{Since: reducer.Some(from), Until: reducer.Some(to), Channel: "stable"},
			func(r *Row) bool { return r.At >= from && r.At <= to && r.Channel == "stable" },
		},
		"kinds": {
			Filter{Kinds: []string{"agent", "host-edge", "HostJoined", "plan_action"}},
			func(r *Row) bool {
				return r.Kind == "agent_event" || r.Name == "host-edge" || r.Name == "HostJoined" ||
					r.Kind == "plan_action"
			},
		},
		"rollout": {Filter{Rollout: "edge@242bdc0"}, func(r *Row) bool {
			return strings.HasPrefix(string(r.Rollout), "edge@242bdc0") ||
				r.Text == "superseded by edge@242bdc0"
		}},
	} {
		got, _, err := sample(t, c.filter)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var want []Row
		for i := range all {
			if c.want(&all[i]) {
				want = append(want, all[i])
			}
		}
		if len(want) == 0 || len(got) != len(want) {
			t.Errorf("%s: %d rows, want %d", name, len(got), len(want))
			continue
		}
		for i := range want {
			if text(&got[i]) != text(&want[i]) {
				t.Errorf("%s: %s\nwant %s", name, text(&got[i]), text(&want[i]))
				break
			}
		}
	}
}

// TestAround: ten rows before an entry, ten after it, and no repeated ones among them.
func TestAround(t *testing.T) {
	rows, _, err := sample(t, Filter{Around: 4187})
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2*aroundRows+1 || rows[aroundRows].Seq != 4187 {
		t.Fatalf("%d rows, the middle one is %d", len(rows), rows[len(rows)/2].Seq)
	}
	for i := range rows {
		if rows[i].Repeats {
			t.Errorf("entry %d repeats an earlier one", rows[i].Seq)
		}
	}
	if rows, _, _ = sample(t, Filter{Around: 4187, Repeats: true}); rows[0].Seq != 4177 ||
		rows[20].Seq != 4197 {
		t.Errorf("with repeated rows: %d to %d", rows[0].Seq, rows[20].Seq)
	}
	if rows, _, _ = sample(t, Filter{Around: 1}); len(rows) != aroundRows+1 || rows[0].Seq != 1 {
		t.Errorf("around the first entry: %d rows", len(rows))
	}
	// A repeated row that was asked for is shown.
	if rows, _, _ = sample(t, Filter{Around: 2001}); !rows[aroundRows].Repeats {
		t.Error("the entry itself is left out")
	}
}

// TestUnknown: a filter that names what the log does not have is an error with what it has.
func TestUnknown(t *testing.T) {
	for want, filter := range map[string]Filter{
		"there is no host ci-99 in this log":                    {Host: "ci-99"},
		"there is no channel stabel in this log":                {Channel: "stabel"},
		"there is no rollout stable@e0 in this log":             {Rollout: "stable@e0"},
		"--kind gates: there is no such kind of entries":        {Kinds: []string{"gates"}},
		"the log has no entry 5152: it has entries 1 to 5151":   {Around: 5152},
		"the log has no entry 5152: it has entries 1 to 5151 ":  {Around: 5152, Channel: "stable"},
		"--kind EventKind(0): there is no such kind of entries": {Kinds: []string{"EventKind(0)"}},
		"there is no rollout stable@e0ad98d8338920 in this log": {Rollout: "stable@e0ad98d8338920"},
	} {
		_, _, err := sample(t, filter)
		var unknown *Unknown
		if !errors.As(err, &unknown) || unknown.What != strings.TrimSpace(want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	for _, kind := range []string{"OperatorClearance", "poll", "quarantine", "fault"} {
		if rows, _, err := sample(t, Filter{Kinds: []string{kind}}); err != nil || len(rows) != 0 {
			t.Errorf("%s: %d rows, %v", kind, len(rows), err)
		}
	}
}

// TestGap: missing entries are shown before the next one, except in a document of one rollout.
func TestGap(t *testing.T) {
	const entry = `{"seq":%d,"ts":"2026-05-16T01:00:00Z","kind":"odd","host":null,"rollout":null,` +
		`"payload":{}}` + "\n"
	var log strings.Builder
	for _, seq := range []int{5, 6, 8, 12, 11} {
		fmt.Fprintf(&log, entry, seq)
	}
	rows, _, err := rowsOf(t, strings.NewReader(log.String()), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Gap{{}, {}, {7, 7}, {9, 11}, {}}
	for i := range rows {
		if rows[i].Gap != want[i] {
			t.Errorf("before entry %d: %v, want %v", rows[i].Seq, rows[i].Gap, want[i])
		}
	}
	document := `{"rollout_id":"a@b","events":[` + strings.TrimRight(strings.ReplaceAll(
		log.String(), "\n", ","), ",") + "]}"
	if rows, _, err = rowsOf(t, strings.NewReader(document), Filter{}); err != nil || len(rows) != 5 {
		t.Fatal(len(rows), err)
	}
	if rows[3].Gap.Missing() != 0 {
		t.Error("a document has gaps")
	}
}

// TestShort: refs are shortened to what is unique.
func TestShort(t *testing.T) {
	n := newNames()
	const a, b = "e0ad98d833892ea529e3c31e2166f8b3ac195d5b", "e0ad98d933892ea529e3c31e2166f8b3ac195d5b"
	for long, want := range map[string]string{
		"": "", "a1": "a1", "deadbeef": "deadbeef", "main": "main",
	} {
		if got := n.ref(long); got != want {
			t.Errorf("%q: %q", long, got)
		}
	}
	if n.ref(a) != "e0ad98d" || n.ref(b) != "e0ad98d9" || n.ref(a) != "e0ad98d" {
		t.Errorf("%s, %s", n.ref(a), n.ref(b))
	}
	if got := n.text("x@" + b + ", " + a + "."); got != "x@e0ad98d9, e0ad98d." {
		t.Error(got)
	}
	if got := n.rollout("stable@" + a); got != "stable@e0ad98d" || n.rollout("plain") != "plain" {
		t.Error(got)
	}
	for c, want := range map[reducer.ClosureHash]string{
		"6c52hg63cj337fhql088aidhv3flimyc-nixos-system-gw-lis-01-25.11": "6c52hg6",
		"c1": "c1", "system-of-web-01": "system-of-web-01", a: "e0ad98d", "": "",
		"a-long-name-without-hash": "a-long-name-without-hash",
	} {
		if got := shortClosure(c); got != want {
			t.Errorf("%s: %s, want %s", c, got, want)
		}
	}
}
