package explore

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollsim/controlplane"
	"rollsim/invariant"
	"rollsim/logs/replay"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// long makes TestLogsShowViolations run 500 seeds.
var long = flag.Bool("long", false, "compare the logs of 500 seeds with their violations")

// shortRange and longRange are the seeds whose logs are compared with their violations.
var (
	shortRange = Range{1, 40}
	longRange  = Range{1, 500}
)

// shownRun is a run of the shipped control plane, and what a replay of its log finds.
type shownRun struct {
	seed     uint64
	sc       *sim.Scenario
	result   *sim.Result
	entries  []trace.Entry
	header   bool // the log has its header
	findings []replay.Finding
}

// logOf returns a simulated trace as the log of a control plane: without what only a simulation
// writes.
func logOf(simulated []byte) []byte {
	var log bytes.Buffer
	n := 0
	for line := range bytes.Lines(simulated) {
		seq, rest, _ := bytes.Cut(line, []byte(","))
		end := bytes.LastIndex(rest, []byte(`,"sum":`))
		kind := ofSimulator.Find(rest)
		if kind != nil || end < 0 || len(seq) == 0 {
			continue
		}
		n++
		fmt.Fprintf(&log, "{\"seq\":%d,%s}\n", n, rest[:end])
	}
	return log.Bytes()
}

var ofSimulator = regexp.MustCompile(`^"ts":"[^"]*","kind":"(header|end|fault|rejection)"`)

// simulated runs a seed of a sweep of the shipped control plane, without the raw events that no
// control plane writes.
func simulated(t *testing.T, s *Source, seed uint64) (*shownRun, []byte) {
	t.Helper()
	sc, name := s.scenario(seed, 0)
	sc.Timeline = slices.DeleteFunc(slices.Clone(sc.Timeline), func(a sim.Action) bool {
		return a.Event != nil
	})
	var file bytes.Buffer
	run := &shownRun{seed: seed, sc: sc}
	w := trace.NewWriter(&file)
	var err error
	var kept trace.Collector
	if run.result, err = simulate(sc, machineOf(t, s, name), seed, both{w, &kept}); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	run.entries = kept.Entries
	return run, file.Bytes()
}

// read replays a log of the run.
func (r *shownRun) read(t *testing.T, log []byte, opts replay.Options) {
	t.Helper()
	if len(log) == 0 {
		r.findings = nil
		return
	}
	in, err := trace.NewReader("log", bytes.NewReader(log))
	if err != nil {
		t.Fatalf("seed %d: %v", r.seed, err)
	}
	result, err := replay.Run(in, opts)
	if err != nil {
		t.Fatalf("seed %d: %v", r.seed, err)
	}
	r.findings = result.Findings
}

// titled returns the findings of a title.
func (r *shownRun) titled(title string) []*replay.Finding {
	var all []*replay.Finding
	for i := range r.findings {
		if f := &r.findings[i]; f.Title() == title {
			all = append(all, f)
		}
	}
	return all
}

// has reports whether there is a finding of a title about a rollout.
func (r *shownRun) has(title, about string) bool {
	return slices.ContainsFunc(r.titled(title), func(f *replay.Finding) bool {
		return string(f.Rollout) == about || slices.ContainsFunc(f.Folded, func(w replay.Folded) bool {
			return w.Text == about
		})
	})
}

// violates reports whether an invariant does not hold of a subject because of a defect. An empty
// subject is any.
func (r *shownRun) violates(defect, name, subject string) bool {
	return slices.ContainsFunc(r.result.Violations, func(v invariant.Violation) bool {
		return (defect == "" || string(v.Defect) == defect) &&
			(name == "" || string(v.Invariant) == name) && (subject == "" || v.Subject == subject)
	})
}

// shows reports whether a finding names a violation.
func (r *shownRun) shows(v *invariant.Violation) bool {
	switch {
	case v.Invariant == invariant.Stuck:
		return r.has("stuck", v.Subject) && (v.Defect == "" || len(r.titled(string(v.Defect))) > 0)
	case v.Invariant == invariant.BudgetKept:
		return slices.ContainsFunc(r.titled(string(v.Defect)), func(f *replay.Finding) bool {
			return strings.HasPrefix(f.Reason, "budget "+v.Subject+": ")
		})
	case v.Defect == controlplane.LossyLog:
		return slices.ContainsFunc(r.findings, func(f replay.Finding) bool {
			return isLoss(&f) && string(f.Rollout) == v.Subject
		})
	case v.Defect != "":
		return r.has(string(v.Defect), v.Subject)
	}
	return r.has(string(v.Invariant), v.Subject)
}

// explains reports whether a violation explains a finding.
func (r *shownRun) explains(f *replay.Finding) bool {
	title, about := f.Title(), string(f.Rollout)
	switch {
	case title == string(controlplane.BudgetOvershoot):
		budget, _, _ := strings.Cut(strings.TrimPrefix(f.Reason, "budget "), ":")
		return r.violates(title, "", budget)
	case f.Class == replay.Defect:
		return r.violates(title, "", about)
	case f.Class == replay.Invariant:
		return r.violates("", title, about)
	}
	return false
}

// isLoss reports whether a finding may show that the log has lost a row.
func isLoss(f *replay.Finding) bool {
	return f.Kind == replay.Missing || f.Kind == replay.Extra || f.Title() == "lossy-log" ||
		f.Title() == "acknowledged-lost"
}

// lost reports whether the log has lost a row about a rollout, or any for a finding about none.
func (r *shownRun) lost(about string) bool {
	return slices.ContainsFunc(r.result.Lost, func(e trace.Entry) bool {
		return about == "" || string(e.Rollout) == about
	})
}

var messageOfHost = regexp.MustCompile(`message (\d+) of host (\S+),`)

// leavesNoGap reports whether a violation names a message after which the log has no gap: its seq
// was used again, or no later one was.
func (r *shownRun) leavesNoGap(v *invariant.Violation) bool {
	named, same, later := r.message(v, r.entries)
	return named && (same || !later)
}

// message reports whether a violation names a message of a host, and whether logs have one of that
// host under that rollout with its seq, and with a later one.
func (r *shownRun) message(
	v *invariant.Violation, logs ...[]trace.Entry,
) (named, same, later bool) {
	m := messageOfHost.FindStringSubmatch(v.Detail)
	if m == nil {
		return false, false, false
	}
	seq, _ := strconv.ParseUint(m[1], 10, 64)
	for _, e := range slices.Concat(logs...) {
		if e.Agent != nil && string(e.Host) == m[2] && string(e.Rollout) == v.Subject {
			same = same || e.Agent.Seq == seq
			later = later || e.Agent.Seq > seq
		}
	}
	return true, same, later
}

// closureUnknown reports whether a violation names a host whose closure before it no row of the log
// shows.
func (r *shownRun) closureUnknown(v *invariant.Violation) bool {
	host := hostOf(v)
	return host != "" && !slices.ContainsFunc(r.entries, func(e trace.Entry) bool {
		return e.At < v.At && e.Agent != nil && e.Host == host && e.Agent.Closure != "" &&
			e.Agent.Kind != reducer.DispatchAck
	})
}

// hostOf returns the host that a violation names; empty if it names none.
func hostOf(v *invariant.Violation) reducer.HostID {
	if m := namedHost.FindStringSubmatch(v.Detail); m != nil {
		return reducer.HostID(m[1])
	}
	return ""
}

var namedHost = regexp.MustCompile(`host (\S+)`)

// quarantinedFirst reports whether a violation names a closure that is in quarantine from the
// start on the channel of its rollout.
func (r *shownRun) quarantinedFirst(v *invariant.Violation) bool {
	m := namedClosure.FindStringSubmatch(v.Detail)
	channel, _, _ := strings.Cut(v.Subject, "@")
	return m != nil && slices.Contains(r.sc.Quarantine, sim.QuarantineEntry{
		Channel: reducer.ChannelID(channel), Closure: reducer.ClosureHash(m[1]),
	})
}

var namedClosure = regexp.MustCompile(`closure (\S+), which is quarantined`)

// dispatchesOlder reports whether the log shows that the ref of a channel was set back: a dispatch
// of another rollout of it comes after the opening of its last one.
func (r *shownRun) dispatchesOlder(about string) bool {
	channel, _, _ := strings.Cut(about, "@")
	opened := false
	return slices.ContainsFunc(r.entries, func(e trace.Entry) bool {
		if e.Kind == trace.KindRolloutEvent && e.Event != nil && e.Event.Kind == reducer.RolloutOpened {
			opened = opened || string(e.Event.Rollout) == about
		}
		return opened && e.Plan != nil && e.Plan.Action == trace.QueueDispatch &&
			string(e.Plan.Rollout) != about && strings.HasPrefix(string(e.Plan.Rollout), channel+"@")
	})
}

// isWhole reports whether all hosts of its channel have joined a rollout.
func (r *shownRun) isWhole(id reducer.RolloutID) bool {
	ch := r.channel(id)
	declared := len(ch.Outside)
	for _, w := range ch.Waves {
		declared += len(w.Hosts)
	}
	o := r.result.Fleet.Rollout(id)
	return o != nil && len(o.Hosts()) == declared
}

// faulty reports whether a host had a fault of one of some kinds.
func (r *shownRun) faulty(host reducer.HostID, kinds ...sim.FaultKind) bool {
	return slices.ContainsFunc(r.entries, func(e trace.Entry) bool {
		return e.Fault != nil && e.Host == host && slices.ContainsFunc(kinds, func(k sim.FaultKind) bool {
			return e.Fault.Fault == k.String()
		})
	})
}

// endsEarly reports whether the log ends within two hours of the last move of a rollout's hosts: it
// has no entries while nothing happens.
func (r *shownRun) endsEarly(about string) bool {
	var moved, end reducer.Time
	for i := range r.entries {
		e := &r.entries[i]
		end = e.At
		if e.Event != nil && string(e.Event.Rollout) == about {
			moved = e.At
		}
	}
	return end < moved+reducer.Time(2*time.Hour)
}

// opensWhole reports whether a rollout of the channel of another one has an OpenRollout.
func (r *shownRun) opensWhole(about string) bool {
	channel, _, _ := strings.Cut(about, "@")
	return slices.ContainsFunc(r.entries, func(e trace.Entry) bool {
		return e.Plan != nil && e.Plan.Action == trace.OpenRollout && string(e.Plan.Channel) == channel
	})
}

// isOver reports whether a rollout has ended, or is stuck for whatever cause.
func (r *shownRun) isOver(id reducer.RolloutID) bool {
	o := r.result.Fleet.Rollout(id)
	return o == nil || !o.Record.State.Underway() || r.violates("", "stuck", string(id))
}

// undelivered reports whether messages of a host may not have arrived.
func (r *shownRun) undelivered(host reducer.HostID) bool {
	return r.faulty(host, sim.MessageDropped, sim.MessageDelayed, sim.MessageReordered,
		sim.HostOffline, sim.HostLost, sim.AgentRestart) ||
		r.faulty("", sim.ControlPlaneCrash, sim.TornOpeningCrash)
}

// channel returns the declaration of the channel of a rollout.
func (r *shownRun) channel(id reducer.RolloutID) *sim.Channel {
	name, _, _ := strings.Cut(string(id), "@")
	for i := range r.sc.Channels {
		if ch := &r.sc.Channels[i]; string(ch.ID) == name {
			return ch
		}
	}
	return &sim.Channel{}
}

type unseenViolation struct {
	name  string
	holds func(*shownRun, *invariant.Violation) bool
}

type otherFinding struct {
	name  string
	holds func(*shownRun, *replay.Finding) bool
}

// unseen are the violations that a log does not show, by the first column of a table of
// docs/replay.md.
var unseen = []unseenViolation{
	{"silent-cursor", func(_ *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.SilentCursor
	}},
	{"budget-overshoot", func(r *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.BudgetOvershoot && !r.header
	}},
	{"quarantine-inert", func(r *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.QuarantineInert && !r.header && r.quarantinedFirst(v)
	}},
	{"acknowledged-lost", func(r *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.AcknowledgedLost && r.leavesNoGap(v)
	}},
	{"lossy-log", func(r *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.LossyLog && r.leavesNoGap(v)
	}},
	{"late-wave-soak", func(r *shownRun, v *invariant.Violation) bool {
		host := hostOf(v)
		return v.Defect == controlplane.LateWaveSoak && host != "" && slices.ContainsFunc(
			r.result.Lost, func(e trace.Entry) bool {
				of := e.Host == host || e.Event != nil && e.Event.Host == host
				return of && string(e.Rollout) == v.Subject
			})
	}},
	{"torn-opening", func(r *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.TornOpening && (!r.opensWhole(v.Subject) ||
			!slices.ContainsFunc(r.entries, func(e trace.Entry) bool { return e.At > v.At }))
	}},
	{"set-back", func(r *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.SetBack && v.Invariant == invariant.Stuck &&
			!r.dispatchesOlder(v.Subject)
	}},
	{"stuck", func(r *shownRun, v *invariant.Violation) bool {
		return v.Invariant == invariant.Stuck &&
			(r.has("stuck", v.Subject) || r.endsEarly(v.Subject))
	}},
	{"lost-ack", func(r *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.LostAck && r.closureUnknown(v)
	}},
	{"stale-queue", func(r *shownRun, v *invariant.Violation) bool {
		return v.Defect == controlplane.StaleQueue && slices.ContainsFunc(
			r.entries, func(e trace.Entry) bool {
				return e.Agent != nil && e.Agent.Kind == reducer.DispatchAck && e.Agent.Closure == "" &&
					string(e.Rollout) == v.Subject && e.Host == hostOf(v)
			})
	}},
	{"stale-snapshot", func(r *shownRun, v *invariant.Violation) bool {
		_, same, _ := r.message(v, r.entries, r.result.Lost)
		return v.Defect == controlplane.StaleSnapshot && same
	}},
	{"stranded", func(_ *shownRun, v *invariant.Violation) bool {
		return v.Invariant == invariant.Stranded
	}},
}

// otherwise are the findings that a log has without a violation, likewise.
var otherwise = []otherFinding{
	{"empty-wave", func(r *shownRun, f *replay.Finding) bool {
		ch := r.channel(f.Rollout)
		return f.Title() == "empty-wave" && r.isOver(f.Rollout) &&
			(r.violates("torn-opening", "", string(f.Rollout)) ||
				slices.ContainsFunc(ch.Waves, func(w sim.Wave) bool { return len(w.Hosts) == 0 }))
	}},
	{"compliance-sticky", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "compliance-sticky" && r.isOver(f.Rollout) && slices.ContainsFunc(
			r.sc.Fates, func(x sim.Fate) bool { return x.Kind == sim.FailsControl },
		)
	}},
	{"stale-manifest", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "stale-manifest" && r.isOver(f.Rollout)
	}},
	{"lost-activation", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "lost-activation" && r.violates("", "stuck", string(f.Rollout))
	}},
	{"late-wave-soak", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "late-wave-soak" && (r.lost(string(f.Rollout)) || r.undelivered(f.Host))
	}},
	{"superseded-edge", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "superseded-edge" && r.isOver(f.Rollout) && slices.ContainsFunc(
			r.result.Fleet.Rollouts(), func(o *reducer.Rollout) bool {
				return o.Record.SupersededAt.Set && !o.Record.TerminalAt.Set &&
					strings.Contains(f.Reason, "rollout "+string(o.Record.RolloutID)+",")
			})
	}},
	{"stale-queue", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "stale-queue" && r.faulty(f.Host, sim.MessageDelayed, sim.MessageDropped,
			sim.MessageReordered, sim.HostOffline)
	}},
	{"different time", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "different time" && r.faulty(f.Host, sim.ClockSkew)
	}},
	{"lossy-log", func(r *shownRun, f *replay.Finding) bool {
		return isLoss(f) && r.lost(string(f.Rollout))
	}},
	{"acknowledged-lost", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "acknowledged-lost" &&
			(r.violates("stale-snapshot", "", string(f.Rollout)) || r.undelivered(f.Host))
	}},
	{"missing OpenRollout", func(r *shownRun, f *replay.Finding) bool {
		return f.Title() == "missing OpenRollout" && r.faulty("", sim.TornOpeningCrash) &&
			(r.isWhole(f.Rollout) || !r.opensWhole(string(f.Rollout)))
	}},
}

// TestLogsShowViolations checks that the log of a run shows its violations and has no finding that
// is not one, except for those that docs/replay.md lists.
func TestLogsShowViolations(t *testing.T) {
	s := shippedSource()
	seeds := shortRange
	if *long {
		seeds = longRange
	}
	counts := make(map[string]int)
	for seed := seeds.From; seed <= seeds.To; seed++ {
		run, file := simulated(t, s, seed)
		opts := replay.Options{Policies: make(map[reducer.ChannelID]reducer.Policy)}
		for _, o := range run.result.Fleet.Rollouts() {
			id := o.Record.Channel
			opts.Policies[id] = run.channel(o.Record.RolloutID).Policy
		}
		opts.Machine = reducer.RFC0008()
		for _, header := range []bool{true, false} {
			run.header = header
			if header {
				run.read(t, file, replay.Options{})
			} else {
				run.read(t, logOf(file), opts)
			}
			run.compare(t, counts)
		}
	}
	names := slices.Sorted(maps.Keys(counts))
	for _, what := range names {
		t.Logf("%s: %d", what, counts[what])
	}
	if !*long {
		return
	}
	for _, x := range unseen {
		if !slices.Contains(names, "unseen: "+x.name) {
			t.Errorf("no log lacks %s", x.name)
		}
	}
	for _, x := range otherwise {
		if !slices.Contains(names, "otherwise: "+x.name) {
			t.Errorf("no log has another %s", x.name)
		}
	}
}

// TestExceptionsAreDocumented compares the names of the exceptions with the tables of
// docs/replay.md.
func TestExceptionsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/replay.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := func(head string) (names []string) {
		_, rest, _ := strings.Cut(string(page), "\n"+head+"\n")
		for line := range strings.Lines(rest) {
			if !strings.HasPrefix(line, "|") {
				break
			}
			if m := tableName.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
			}
		}
		return names
	}
	var code [2][]string
	for _, x := range unseen {
		code[0] = append(code[0], x.name)
	}
	for _, x := range otherwise {
		code[1] = append(code[1], x.name)
	}
	for i, head := range []string{
		"| violation | why a log may not show it |", "| finding | why there may be no violation |",
	} {
		if got := listed(head); !slices.Equal(got, code[i]) {
			t.Errorf("%s: the page lists %v, the test %v", head, got, code[i])
		}
	}
}

var tableName = regexp.MustCompile("^\\| `([^`]+)` \\|")

// compare compares the findings of a log with the violations of its run, both ways.
func (r *shownRun) compare(t *testing.T, counts map[string]int) {
	for i := range r.result.Violations {
		v := &r.result.Violations[i]
		if r.shows(v) {
			counts["shown: "+cmp.Or(string(v.Defect), string(v.Invariant))]++
			continue
		}
		n := slices.IndexFunc(unseen, func(x unseenViolation) bool { return x.holds(r, v) })
		if n < 0 {
			t.Errorf("seed %d, header %v: no finding shows %v: %s", r.seed, r.header, v, v.Detail)
			continue
		}
		counts["unseen: "+unseen[n].name]++
	}
	for i := range r.findings {
		f := &r.findings[i]
		if r.explains(f) {
			counts["found: "+f.Title()]++
			continue
		}
		n := slices.IndexFunc(otherwise, func(x otherFinding) bool { return x.holds(r, f) })
		if n < 0 {
			t.Errorf("seed %d, header %v: no violation explains %s, entry %d\n%s", r.seed, r.header,
				f.Title(), f.Seq, f.Body())
			continue
		}
		counts["otherwise: "+otherwise[n].name]++
	}
}

// both is a Sink that writes to two others.
type both [2]trace.Sink

func (b both) Write(e *trace.Entry) error { return errors.Join(b[0].Write(e), b[1].Write(e)) }
