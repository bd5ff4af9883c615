package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"rollsim/internal/longlog"
	"rollsim/reducer"
	"rollsim/trace"
	"rollsim/trace/input"
)

// TestArchive: the findings do not depend on how rollouts that have ended are kept, as records in
// the fleet or in the archive. For rollouts that ended as usual, the findings do not depend on
// whether they are kept at all.
func TestArchive(t *testing.T) {
	const edit = `
		DELETE FROM rollouts WHERE rowid % 2 = 0;
		UPDATE rollouts SET superseded_at = NULL, opened_event_log_seq = 5 WHERE rowid % 3 = 0`
	const late = `;
		INSERT INTO event_log(ts, kind, rollout_id, payload)
			SELECT '2026-05-16T18:00:00Z', 'rollout_event', rollout_id,
			json_object('kind', 'RetentionExpired', 'rolloutId', rollout_id, 'at', '2026-05-16T18:00:00Z')
			FROM rollouts WHERE state = 'Superseded'`
	for _, sample := range []string{"sample-4", "sample-6"} {
		short := plain(t, sample+".ndjson.gz")
		var long bytes.Buffer
		if _, err := longlog.Write(&long, short, 4*bytes.Count(short, []byte("\n")), 1); err != nil {
			t.Fatal(err)
		}
		db := plain(t, sample+".state.db.gz")
		for _, c := range []struct {
			name string
			log  []byte
			sql  string
			late bool
		}{
			{name: "long", log: long.Bytes()},
			{name: "long, with late entries", log: withLate(t, long.Bytes(), 31), late: true},
			{name: "long, stranded", log: withLate(t, long.Bytes(), math.MaxInt)},
			{name: "state.db", log: db, sql: edit},
			{name: "state.db, with late entries", log: db, sql: edit + late, late: true},
		} {
			path := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(path, c.log, 0o600); err != nil {
				t.Fatal(err)
			}
			if c.sql != "" {
				db, err := sqlite3.Open(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(db.Exec(c.sql), db.Close()); err != nil {
					t.Fatal(err)
				}
			}
			all := replayKeeping(t, path, maxEnded, archive{})
			for _, most := range []int{0, 1} {
				var a, none archive
				none.channels = make([]reducer.ChannelID, math.MaxUint16+1) // it accepts no more
				got, want := replayKeeping(t, path, most, a), replayKeeping(t, path, most, none)
				if n, of := len(got.Fleet.Rollouts()), len(want.Fleet.Rollouts()); n >= of ||
					of != len(all.Fleet.Rollouts()) {
					t.Errorf("%s, %s: with %d kept the fleet has %d of %d rollouts", sample, c.name, most, n, of)
				}
				if c.name != "long" && len(got.Findings) == 0 {
					t.Errorf("%s, %s: no findings", sample, c.name)
				}
				got.Fleet, want.Fleet = nil, nil
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s, %s: with %d "+
						"kept\n%s\nwant\n%s", sample, c.name, most, summarize(got), summarize(want))
				}
				if !reflect.DeepEqual(got.Groups, all.Groups) && !c.late { // late entries need the hosts
					t.Errorf(
						"%s, %s: with %d kept %v, with all kept %v", sample, c.name, most, got.Groups, all.Groups,
					)
				}
				if summarize(got) != summarize(all) && !c.late {
					t.Errorf("%s, %s: with %d kept\n%s\nwith all "+
						"kept\n%s", sample, c.name, most, summarize(got), summarize(all))
				}
			}
		}
	}
}

// TestLastOneArchived: a channel whose last rollout has expired is not stranded by that.
func TestLastOneArchived(t *testing.T) {
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	var seq uint64
	now := start
	production{hosts: 1}.write(0, &seq, &now, w)
	id := reducer.NewRolloutID("edge", reducer.ChannelRef(fmt.Sprintf("%040x", 0)))
	expired := trace.Entry{
		Seq: seq + 1, At: now, Kind: trace.KindRolloutEvent, Rollout: id,
		Event: &reducer.Event{Kind: reducer.RetentionExpired, Rollout: id, At: now},
	}
	path := filepath.Join(t.TempDir(), "log")
	if err := errors.Join(w.Write(&expired), w.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	got := replayKeeping(t, path, 0, archive{})
	if n := len(got.Fleet.Rollouts()); n > 0 || countedTitles(got)["invariant: stranded"] > 0 {
		t.Errorf("%d rollouts are in the fleet\n%s", n, show(got.Findings))
	}
}

// replayKeeping replays a log and keeps so many rollouts that have ended.
func replayKeeping(t *testing.T, path string, most int, a archive) *Result {
	t.Helper()
	r, err := input.Open(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	p := newReplay(r, Options{})
	p.rollouts.keep, p.rollouts.archive = most, a
	if most < maxEnded {
		p.maxIdle = 0
	}
	if err := errors.Join(p.readAll(), r.Close()); err != nil {
		t.Fatal(err)
	}
	return p.finalResult()
}

// summarize returns a result as text, with the number of its rollouts instead of them.
func summarize(r *Result) string {
	rest := *r
	all := uint64(len(r.Rollouts)) + r.MoreEnded
	rest.Rollouts, rest.MoreEnded = nil, all
	rest.Fleet, rest.Findings, rest.Tables, rest.Notes = nil, nil, nil, nil
	return fmt.Sprintf(
		"%+v\n%+v\n%s\n%s", rest, r.Tables, strings.Join(r.Notes, "\n"), show(r.Findings),
	)
}

// withLate adds entries of every kind to a log, one after every so many, about rollouts that ended
// long before. At its end a channel is stranded.
func withLate(t *testing.T, log []byte, every int) []byte {
	t.Helper()
	in, err := trace.NewReader("log", bytes.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	out := trace.NewWriter(&b)
	seq := uint64(0)
	write := func(e *trace.Entry) {
		seq++
		e.Seq = seq
		if err := out.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	const since = 10 // openings
	var opened []reducer.Event
	for n := 0; ; n++ {
		e, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		at := e.At
		if e.Event != nil && e.Event.Kind == reducer.RolloutOpened {
			opened = append(opened, *e.Event)
		}
		write(e)
		if n%every > 0 || len(opened) <= since {
			continue
		}
		old := opened[(n/every)%(len(opened)-since)]
		late := lateEntries(&old, at)
		write(&late[(n/every/7)%len(late)])
	}
	old := opened[3] // it has no finding, so it is evicted
	write(&trace.Entry{Kind: trace.KindManifestPoll, At: opened[since].At, Poll: &trace.ManifestPoll{
		Channel: old.Channel, Outcome: "200", Ref: old.TargetRef,
	}})
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lateEntries returns entries about a rollout that was opened by an event.
func lateEntries(opened *reducer.Event, at reducer.Time) []trace.Entry {
	id := opened.Rollout
	event := func(ev reducer.Event) trace.Entry {
		ev.Rollout, ev.At = id, at
		return trace.Entry{Kind: trace.KindRolloutEvent, At: at, Rollout: id, Event: &ev}
	}
	return []trace.Entry{
		event(reducer.Event{
			Kind: reducer.HostStateChanged, Host: "edge-0001",
			From: reducer.HostSoaking, To: reducer.HostConverged,
		}),
		event(reducer.Event{
			Kind: reducer.RolloutOpened, Channel: opened.Channel, TargetRef: opened.TargetRef,
		}),
		event(reducer.Event{Kind: reducer.RetentionExpired}),
		event(reducer.Event{Kind: reducer.WaveAdvanced, ToWave: 1}),
		event(reducer.Event{Kind: reducer.HostJoined, Host: "edge-0001"}),
		event(reducer.Event{Kind: reducer.SuccessorOpened, Successor: "edge@x"}),
		event(reducer.Event{Kind: reducer.RolloutTerminal}),
		event(reducer.Event{Kind: reducer.OperatorClearance, Operator: "o", Reason: "r"}),
		{Kind: trace.KindAgentEvent, At: at, Host: "edge-0001", Rollout: id, Agent: &trace.AgentEvent{
			Kind: reducer.ProbesPassed, Seq: 9, At: at, Closure: "c",
		}},
		{Kind: trace.KindEffect, At: at, Host: "edge-0001", Rollout: id, HostEffect: &trace.HostEffect{
			Effect: trace.RecordTransition, Host: "edge-0001", Rollout: id,
			From: reducer.HostSoaking, To: reducer.HostConverged, At: at,
		}},
		{Kind: trace.KindEffect, At: at, Rollout: id, Effect: &reducer.Effect{
			Kind: reducer.RecordRolloutTransition, Rollout: id,
			From: reducer.Superseded, To: reducer.Pruned, At: at,
		}},
		{Kind: trace.KindPlanAction, At: at, Host: "edge-0001", Rollout: id, Plan: &trace.PlanAction{
			Action: trace.QueueDispatch, Host: "edge-0001", Rollout: id,
			Closure: "c", SoakDueAt: at, Attempt: 1,
		}},
		{
			Kind: trace.KindManifestPoll,
			At:   at,
			Poll: &trace.ManifestPoll{Channel: opened.Channel, Outcome: "200", Ref: opened.TargetRef},
		},
	}
}

// TestArchiveChannels: as many channels are numbered as fit into 16 bits.
func TestArchiveChannels(t *testing.T) {
	var a archive
	for i := range math.MaxUint16 + 1 {
		if n, ok := a.channel(reducer.ChannelID(fmt.Sprint(i))); !ok || int(n) != i {
			t.Fatalf("channel %d has number %d, %t", i, n, ok)
		}
	}
	if n, ok := a.channel("one more"); ok {
		t.Errorf("one more has number %d", n)
	}
	if n, ok := a.channel("7"); !ok || n != 7 {
		t.Errorf("a known channel has number %d, %t", n, ok)
	}
}
