package replay

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// production writes the log of a control plane while it is read. It has one channel, all of whose
// hosts converge to each ref. Between refs its gates are decided again and again.
type production struct{ rollouts, hosts, gates int }

func (l production) open() io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		to := trace.NewWriter(w)
		var seq uint64
		now := start
		for n := range l.rollouts {
			l.write(n, &seq, &now, to)
		}
		w.CloseWithError(to.Close())
	}()
	return r
}

// write writes the entries of one rollout.
func (l production) write(made int, seq *uint64, now *reducer.Time, w *trace.Writer) {
	ref := func(n int) reducer.ChannelRef { return reducer.ChannelRef(fmt.Sprintf("%040x", n)) }
	id := reducer.NewRolloutID("edge", ref(made))
	before := reducer.NewRolloutID("edge", ref(made-1))
	log := func(e trace.Entry) {
		*seq++
		e.Seq, e.At = *seq, *now
		_ = w.Write(&e) // a reader that has gone ends the test
	}
	event := func(ev reducer.Event) {
		ev.At = *now
		log(trace.Entry{Kind: trace.KindRolloutEvent, Rollout: ev.Rollout, Event: &ev})
	}
	transition := func(id reducer.RolloutID, from, to reducer.State) {
		log(trace.Entry{Kind: trace.KindEffect, Rollout: id, Effect: &reducer.Effect{
			Kind: reducer.RecordRolloutTransition, Rollout: id, From: from, To: to, At: *now,
		}})
	}
	*now += second
	log(trace.Entry{
		Kind: trace.KindManifestPoll,
		Poll: &trace.ManifestPoll{Channel: "edge", Outcome: "200", Ref: ref(made)},
	})
	event(reducer.Event{
		Kind: reducer.RolloutOpened, Rollout: id, Channel: "edge", TargetRef: ref(made),
	})
	if made > 0 {
		event(reducer.Event{Kind: reducer.SuccessorOpened, Rollout: before, Successor: id})
		transition(before, reducer.Terminal, reducer.Superseded)
	}
	for h := range l.hosts {
		event(reducer.Event{Kind: reducer.HostJoined, Rollout: id, Host: hostName(h)})
		if h == 0 {
			transition(id, reducer.Opening, reducer.Active)
		}
	}
	for h := range l.hosts {
		log(trace.Entry{
			Kind: trace.KindPlanAction, Host: hostName(h), Rollout: id,
			Plan: &trace.PlanAction{
				Action: trace.QueueDispatch, Host: hostName(h), Rollout: id,
				Closure: "c", SoakDueAt: *now, Attempt: 1,
			},
		})
	}
	for n := range l.gates {
		*now += second
		h := hostName(n % l.hosts)
		log(trace.Entry{Kind: trace.KindGateDecision, Host: h, Rollout: id, Gate: &trace.GateDecision{
			Gate: trace.GateDisruptionBudget, Reason: "disruption-budget: 1 of 1 in flight",
			Host: h, Rollout: id,
		}})
	}
	states := []reducer.HostState{
		reducer.HostPending,
		reducer.HostActivating,
		reducer.HostSoaking,
		reducer.HostConverged,
	}
	kinds := []reducer.AgentEventKind{
		reducer.DispatchAck, reducer.ActivationCompleted, reducer.ProbesPassed,
	}
	for i, kind := range kinds {
		for h := range l.hosts {
			*now += second
			from, to, host := states[i], states[i+1], hostName(h)
			log(trace.Entry{Kind: trace.KindAgentEvent, Host: host, Rollout: id, Agent: &trace.AgentEvent{
				Kind: kind, Seq: uint64(i + 1), At: *now, Closure: "c",
			}})
			log(trace.Entry{Kind: trace.KindEffect, Host: host, Rollout: id, HostEffect: &trace.HostEffect{
				Effect: trace.RecordTransition, Host: host, Rollout: id, From: from, To: to, At: *now,
			}})
			event(reducer.Event{Kind: reducer.HostStateChanged, Rollout: id, Host: host, From: from, To: to})
		}
	}
	event(reducer.Event{Kind: reducer.RolloutTerminal, Rollout: id})
	transition(id, reducer.Active, reducer.Terminal)
}

func hostName(n int) reducer.HostID { return reducer.HostID(fmt.Sprintf("edge-%04d", n)) }

// replayed replays a log, and returns how many bytes are held for it at its end.
func replayed(t *testing.T, log production) (*replay, int64) {
	t.Helper()
	before := heap()
	in := log.open()
	defer in.Close()
	r, err := trace.NewReader("log", in)
	if err != nil {
		t.Fatal(err)
	}
	reported := uint64(0)
	p := newReplay(r, Options{Progress: func(entries uint64) { reported = entries }})
	if err := p.readAll(); err != nil {
		t.Fatal(err)
	}
	if p.cursor.n-reported >= progressEvery {
		t.Errorf("%d entries were read, and %d reported", p.cursor.n, reported)
	}
	held := heap() - before
	res := p.finalResult()
	if len(res.Findings) > 0 {
		t.Fatal(show(res.Findings[:1]))
	}
	if all := uint64(len(res.Rollouts)) + res.MoreEnded; all != uint64(log.rollouts) ||
		len(res.Rollouts) > maxEnded+2 ||
		len(p.rollouts.byID) > maxEnded+2 {
		t.Errorf(
			"of %d rollouts %d are shown, %d more have ended, %d are kept", log.rollouts, len(res.Rollouts),
			res.MoreEnded, len(p.rollouts.byID),
		)
	}
	return p, held
}

// heap returns how many bytes are held.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one finalized, the second frees
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemory: memory grows neither with the entries of a log nor with the hosts of rollouts that
// have ended, but by a few dozen bytes for each rollout.
func TestMemory(t *testing.T) {
	const most = 100
	_, few := replayed(t, production{rollouts: 20_000, hosts: 1}) // buffers may differ by a megabyte
	_, many := replayed(t, production{rollouts: 120_000, hosts: 1})
	each := (many - few) / 100_000
	if t.Logf("%d bytes for each rollout that has ended", each); each > most {
		t.Errorf("%d bytes are kept for each rollout that has ended, want at most %d", each, most)
	}
	const perHost = 15 // the account of the invariants alone takes 24
	_, few = replayed(t, production{rollouts: 100, hosts: 200})
	_, many = replayed(t, production{rollouts: 400, hosts: 200}) // the last 500 are kept
	each = (many - few) / 300 / 200
	if t.Logf("%d bytes for each host of a rollout that has ended", each); each > perHost {
		t.Errorf("%d bytes are kept for each host of a rollout that has ended, want at most %d", each,
			perHost)
	}
	const hosts = 8
	const some = 20_000 // so that every buffer is in use
	p, short := replayed(t, production{rollouts: 2, hosts: hosts, gates: some})
	q, long := replayed(t, production{rollouts: 2, hosts: hosts, gates: some + 100_000})
	if growth, entries := long-short, q.cursor.n-p.cursor.n; growth > int64(entries) ||
		entries < 200_000 {
		t.Errorf("%d entries more keep %d bytes more", entries, growth)
	}
}
