package replay

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// forge changes the entries of the small trace and seals them again, so that a replay can find only
// contradictions between entries. Without a header it is what a control plane might export.
func forge(t *testing.T, withHeader bool, change func([]trace.Entry) []trace.Entry) []byte {
	t.Helper()
	r, err := trace.NewReader("t.ndjson", bytes.NewReader(small(t)))
	if err != nil {
		t.Fatal(err)
	}
	all, err := trace.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	entries := change(all[:len(all)-1]) // without the end
	if !withHeader {
		entries = entries[1:]
	}
	var b bytes.Buffer
	w := trace.NewWriter(&b)
	for i := range entries {
		entries[i].Seq = uint64(i)
		if err := w.Write(&entries[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// where returns the index of the only entry that has all words in its text.
func where(t *testing.T, all []trace.Entry, words ...string) int {
	t.Helper()
	var lines trace.Lines
	found := -1
	for i := range all {
		line := string(lines.Append(nil, &all[i]))
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			if found >= 0 {
				t.Fatalf("two entries with %v", words)
			}
			found = i
		}
	}
	if found < 0 {
		t.Fatalf("no entry with %v", words)
	}
	return found
}

// withoutContext removes the entries around findings from a text.
func withoutContext(before string) string {
	var b strings.Builder
	for line := range strings.Lines(before) {
		if !strings.HasPrefix(line, "  before ") && !strings.HasPrefix(line, "  then ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestFindings(t *testing.T) {
	remove := func(words ...string) func([]trace.Entry) []trace.Entry {
		return func(all []trace.Entry) []trace.Entry {
			i := where(t, all, words...)
			return slices.Delete(all, i, i+1)
		}
	}
	change := func(to func(*trace.Entry), words ...string) func([]trace.Entry) []trace.Entry {
		return func(all []trace.Entry) []trace.Entry {
			to(&all[where(t, all, words...)])
			return all
		}
	}
	for _, c := range []struct {
		name   string
		log    bool // of a control plane
		opts   Options
		change func([]trace.Entry) []trace.Entry
		want   string
		notes  []string
	}{
		{
			name:   "effect not recorded",
			change: remove("effect", "RecordRolloutTransition", "Active → Converging"),
			want: `entry 13 (line 14), missing effect
  after     WaveAdvanced  edge@a1  wave 0 → 0  0d 00:00:06.000
  recorded  nothing
  machine   RecordRolloutTransition  Active → Converging
`,
		},
		{
			name:   "first of two effects not recorded",
			change: remove("effect", "RecordRolloutTransition", "Converging → Active"),
			want: `entry 19 (line 20), missing effect
  after     WaveAdvanced  edge@a1  wave 0 → 1  0d 00:00:09.000
  recorded  nothing
  machine   RecordRolloutTransition  Converging → Active
`,
		},
		{
			name:   "quarantine not recorded",
			change: remove("InsertQuarantineFromRollout"),
			want: `entry 52 (line 53), missing effect
  after     HostStateChanged  edge@b2  e1  Failed → Reverted  0d 00:00:26.000
  recorded  nothing
  machine   InsertQuarantineFromRollout  closure b2 on edge
`,
		},
		{
			name: "last effect not recorded",
			change: func(all []trace.Entry) []trace.Entry {
				i := where(t, all, "RetentionExpired", "edge@a1")
				return slices.Delete(all, i+1, len(all))
			},
			want: `entry 56 (line 57), missing effect
  after     RetentionExpired  edge@a1  0d 00:00:27.000
  recorded  nothing
  machine   RecordRolloutTransition  Superseded → Pruned
`,
		},
		{
			name: "effect recorded that the machine does not make",
			change: func(all []trace.Entry) []trace.Entry {
				i := where(t, all, "event", "HostStateChanged", "edge@a1", "e1", "Pending → Activating")
				e := all[where(t, all, "UpdateCurrentWave")]
				return slices.Insert(all, i+1, e)
			},
			want: `entry 11 (line 12), extra effect
  after     HostStateChanged  edge@a1  e1  Pending → Activating  0d 00:00:04.000
  recorded  UpdateCurrentWave  wave 1
  machine   nothing
`,
		},
		{
			name: "another effect recorded",
			change: change(
				func(e *trace.Entry) { e.Effect.To = reducer.Reverted },
				"effect", "RecordRolloutTransition", "Active → Failed",
			),
			want: `entry 34 (line 35), different effect
  after     HostStateChanged  stable@a1  s1  Activating → Failed  0d 00:00:17.000
  recorded  RecordRolloutTransition  Active → Reverted
  machine   RecordRolloutTransition  Active → Failed
`,
		},
		{
			name: "effect at another time",
			change: change(
				func(e *trace.Entry) { e.Effect.At++ },
				"effect", "RecordRolloutTransition", "Active → Failed",
			),
			want: `entry 34 (line 35), different effect
  after     HostStateChanged  stable@a1  s1  Activating → Failed  0d 00:00:17.000
  recorded  RecordRolloutTransition  Active → Failed  at 0d 00:00:17.000000001
  machine   RecordRolloutTransition  Active → Failed  at 0d 00:00:17.000
`,
		},
		{
			name: "derived RolloutTerminal not recorded",
			change: func(all []trace.Entry) []trace.Entry {
				i := where(t, all, "event", "RolloutTerminal", "edge@a1")
				return slices.Delete(all, i, i+3) // with its effects
			},
			want: `entry 28 (line 29), missing event
  after     HostStateChanged  edge@a1  e2  Soaking → Converged  0d 00:00:15.000
  recorded  nothing
  machine   RolloutTerminal  edge@a1
`,
		},
		{
			name: "derived RolloutTerminal not recorded before the end",
			change: func(all []trace.Entry) []trace.Entry {
				return slices.Delete(all, where(t, all, "event", "RolloutTerminal", "edge@a1"), len(all))
			},
			want: `entry 28 (line 29), missing event
  after     HostStateChanged  edge@a1  e2  Soaking → Converged  0d 00:00:15.000
  recorded  nothing
  machine   RolloutTerminal  edge@a1
`,
		},
		{
			name:   "rejection not recorded",
			change: remove("reject", "wave regression"),
			want: `entry 15 (line 16), missing rejection
  after     WaveAdvanced  edge@a1  wave 1 → 0  0d 00:00:07.000
  recorded  nothing
  machine   Invariant  wave regression: event WaveAdvanced in state Converging (rollout edge@a1)
`,
		},
		{
			name: "another rejection recorded",
			change: change(
				func(e *trace.Entry) { e.Rejection.Error = trace.ErrorUnimplemented },
				"reject", "wave regression",
			),
			want: `entry 16 (line 17), different rejection
  after     WaveAdvanced  edge@a1  wave 1 → 0  0d 00:00:07.000
  recorded  Unimplemented  wave regression: event WaveAdvanced in state Converging (rollout edge@a1)
  machine   Invariant  wave regression: event WaveAdvanced in state Converging (rollout edge@a1)
`,
		},
		{
			name: "rejection recorded where nothing was refused",
			change: func(all []trace.Entry) []trace.Entry {
				return slices.Insert(all, 11, all[where(t, all, "reject", "wave regression")])
			},
			want: `entry 11 (line 12), extra rejection
  recorded  Invariant  wave regression: event WaveAdvanced in state Converging (rollout edge@a1)
  machine   nothing
`,
		},
		{
			name:   "late rejection not recorded",
			change: remove("reject", "SupersessionExpected", "rollout stable@b2"),
			want: `entry 40 (line 41), missing rejection
  recorded  nothing
` +
				"  machine   SupersessionExpected  rollout stable@b2 was opened while stable@a1 " +
				"stands for channel stable: a SuccessorOpened in lockstep was expected\n",
		},
		{
			name: "another late rejection recorded",
			change: change(
				func(e *trace.Entry) { e.Rejection.Message = "no" },
				"reject", "SupersessionExpected", "rollout stable@b2",
			),
			want: `entry 40 (line 41), different rejection
  recorded  SupersessionExpected  no
` +
				"  machine   SupersessionExpected  rollout stable@b2 was opened while stable@a1 " +
				"stands for channel stable: a SuccessorOpened in lockstep was expected\n",
		},
		{
			name:   "last rejection not recorded",
			change: remove("reject", "SupersessionExpected", "rollout stable@c3"),
			want: `entry 58 (line 59), missing rejection
  recorded  nothing
` +
				"  machine   SupersessionExpected  rollout stable@c3 was opened while stable@a1 " +
				"stands for channel stable: a SuccessorOpened in lockstep was expected\n",
		},
		{
			name: "rejection of the last event not recorded",
			change: func(all []trace.Entry) []trace.Entry {
				return slices.Delete(all, where(t, all, "reject", "wave regression"), len(all))
			},
			want: `entry 15 (line 16), missing rejection
  after     WaveAdvanced  edge@a1  wave 1 → 0  0d 00:00:07.000
  recorded  nothing
  machine   Invariant  wave regression: event WaveAdvanced in state Converging (rollout edge@a1)
`,
		},
		{
			name: "two findings, the later one made first",
			change: func(all []trace.Entry) []trace.Entry {
				all[where(t, all, "Superseded → Pruned")].Effect.From = reducer.Terminal
				i := where(t, all, "effect", "RecordRolloutTransition", "Active → Reverted")
				return slices.Delete(all, i, i+3) // with the effects of the event
			},
			want: `entry 52 (line 53), missing effect
  after     HostStateChanged  edge@b2  e1  Failed → Reverted  0d 00:00:26.000
  recorded  nothing
  machine   RecordRolloutTransition  Active → Reverted
entry 52 (line 53), missing effect
  after     HostStateChanged  edge@b2  e1  Failed → Reverted  0d 00:00:26.000
  recorded  nothing
  machine   InsertQuarantineFromRollout  closure b2 on edge
entry 52 (line 53), missing effect
  after     HostStateChanged  edge@b2  e1  Failed → Reverted  0d 00:00:26.000
  recorded  nothing
  machine   SchedulePruning  after 60 s
entry 54 (line 55), different effect
  after     RetentionExpired  edge@a1  0d 00:00:27.000
  recorded  RecordRolloutTransition  Terminal → Pruned
  machine   RecordRolloutTransition  Superseded → Pruned
`,
		},
		{
			name: "partial log of a control plane",
			log:  true,
			change: func(all []trace.Entry) []trace.Entry {
				from := where(t, all, "event", "WaveAdvanced", "edge@a1", "wave 0 → 0")
				to := where(t, all, "event", "OperatorClearance")
				return slices.Delete(slices.Delete(all, to, len(all)), 1, from)
			},
			notes: []string{
				"entry 20: channel stable: no entry states the policy, the replay applies halt",
				"the log has no agent events: moves without one are not judged (extra host " +
					"move: 2)",
				"rollout edge@a1 is never opened in this log: its entries are skipped (11)",
				"rollout nowhere@x is never opened in this log: its entries are skipped (1)",
			},
		},
		{
			name: "policies that a control plane's log states",
			log:  true,
			opts: Options{Machine: reducer.RFC0008()},
			change: func(all []trace.Entry) []trace.Entry {
				failed := func(id reducer.RolloutID, policy reducer.HealthPolicy) trace.Entry {
					return trace.Entry{
						At: start, Kind: trace.KindAgentEvent, Rollout: id,
						Agent: &trace.AgentEvent{Kind: reducer.ProbesFailed, Policy: policy},
					}
				}
				all = slices.Delete(all, where(t, all, "event", "OperatorClearance"), len(all))
				all = slices.Insert(
					all, where(t, all, "event", "HostStateChanged", "stable@a1", "Activating → Failed"),
					failed("nowhere@x", reducer.Halt), failed("stable@a1", reducer.RollbackAndHalt),
					failed("stable@a1", reducer.Halt),
				)
				return remove("event", "WaveAdvanced", "wave 1 → 0")(all)
			},
			want: `entry 35 (line 36), extra effect
  after     HostStateChanged  stable@a1  s1  Activating → Failed  2026-05-16T01:00:17Z
  recorded  RecordRolloutTransition  Active → Failed
  machine   nothing
`,
			notes: []string{
				"entry 33: channel stable: an agent applied policy halt, the replay applies rollback-and-halt",
				"rollout nowhere@x is never opened in this log: its entries are skipped (2)",
			},
		},
		{
			name: "as a control plane's log",
			log:  true,
			opts: Options{Machine: reducer.RFC0008(), Policies: map[reducer.ChannelID]reducer.Policy{
				"edge": {OnHealthFailure: reducer.RollbackAndHalt},
			}},
			change: func(all []trace.Entry) []trace.Entry { return all },
			want: `entry 14 (line 15), refused event
  after     WaveAdvanced  edge@a1  wave 1 → 0  2026-05-16T01:00:07Z
  reason    wave regression: event WaveAdvanced in state Converging (rollout edge@a1)
entry 38 (line 39), refused event
  after     RolloutOpened  stable@b2  ref b2 on stable  2026-05-16T01:00:19Z
` +
				"  reason    rollout stable@b2 was opened while stable@a1 stands for channel stable: " +
				"a SuccessorOpened in lockstep was expected\n" +
				`entry 45 (line 46), extra RolloutOpened
  recorded  RolloutOpened  edge@b2  ref b2 on edge  2026-05-16T01:00:21Z
  machine   nothing
  reason    the last poll of channel edge shows another ref
`,
			notes: []string{
				"entry 32: channel stable: no entry states the policy, the replay applies halt",
				"the log has no agent events: moves without one are not judged (extra host " +
					"move: 12)",
				"rollout nowhere@x is never opened in this log: its entries are skipped (1)",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := run(forge(t, !c.log, c.change), c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if c.log { // other tests cover the other classes
				got.Findings = slices.DeleteFunc(
					got.Findings, func(f Finding) bool { return f.Class != Effect && f.Class != Illegal },
				)
			}
			if d := trace.Diff(c.want, withoutContext(show(got.Findings))); d != "" {
				t.Error(d)
			}
			if !slices.Equal(got.Notes, c.notes) {
				t.Errorf("notes %q, want %q", got.Notes, c.notes)
			}
		})
	}
}

func TestFindingShowsWhatCameBefore(t *testing.T) {
	got, err := run(forge(t, true, func(all []trace.Entry) []trace.Entry {
		i := where(t, all, "effect", "RecordRolloutTransition", "Active → Converging")
		all[i].Effect.To = reducer.Terminal
		return all
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := `entry 14 (line 15), different effect
` +
		"  before    0d 00:00:04.000   event     HostStateChanged             edge@a1        " +
		"         e1              Pending → Activating\n" +
		"  before    0d 00:00:05.000   event     HostStateChanged             edge@a1        " +
		"         e1              Activating → Soaking\n" +
		"  before    0d 00:00:05.000   effect    RecordTransition             edge@a1        " +
		"         e1              Activating → Soaking\n" +
		"  before    0d 00:00:06.000   event     WaveAdvanced                 edge@a1        " +
		"         -               wave 0 → 0\n" +
		`  after     WaveAdvanced  edge@a1  wave 0 → 0  0d 00:00:06.000
  recorded  RecordRolloutTransition  Active → Terminal
  machine   RecordRolloutTransition  Active → Converging
` +
		"  then      0d 00:00:07.000   event     WaveAdvanced                 edge@a1        " +
		"         -               wave 1 → 0\n" +
		"  then      0d 00:00:07.000   reject    WaveAdvanced                 edge@a1        " +
		"         -               Invariant: wave regression: event WaveAdvanced in state " +
		"Converging (rollout edge@a1)\n"
	if d := trace.Diff(want, show(got.Findings)); d != "" {
		t.Error(d)
	}
	altered := bytes.Replace(small(t), []byte(`"probeName":"http"`), []byte(`"probeName":"tcp"`), 1)
	if got, err = run(altered, Options{}); err != nil {
		t.Fatal(err)
	}
	want = `entry 9 (line 10), altered entry
` +
		"  before    0d 00:00:02.000   effect    RecordRolloutTransition      edge@a1        " +
		"         -               Opening → Active\n" +
		"  before    0d 00:00:03.000   event     HostJoined                   edge@a1        " +
		"         e2              wave 1\n" +
		"  before    0d 00:00:03.000   open      OpenRollout                  edge@a1        " +
		"         -               2 hosts\n" +
		"  before    0d 00:00:03.000   dispatch  QueueDispatch                edge@a1        " +
		"         e1              closure a1, soak due 0d 00:01:03.000, attempt 2\n" +
		`  reason    entry 9 (line 10): changed after it was written: its content does not match its sum
` +
		"  then      0d 00:00:04.000   event     HostStateChanged             edge@a1        " +
		"         e1              Pending → Activating\n" +
		"  then      0d 00:00:05.000   event     HostStateChanged             edge@a1        " +
		"         e1              Activating → Soaking\n"
	if d := trace.Diff(want, show(got.Findings)); d != "" {
		t.Error(d)
	}
}

func TestReplayErrors(t *testing.T) {
	unknown := forge(t, true, func(all []trace.Entry) []trace.Entry {
		all[0].Header.Machine = "v9"
		return all
	})
	if _, err := run(unknown, Options{}); err == nil ||
		err.Error() != "t.ndjson:1: payload.machine: no machine is named \"v9\": there are rfc0008, "+
			"v0.2 and v0.1; choose another one by --machine" {
		t.Errorf("unknown machine: %v", err)
	}
	if got, err := run(unknown, Options{Machine: reducer.RFC0008()}); err != nil ||
		len(got.Findings) > 0 {
		t.Errorf("unknown machine, another given: %v", err)
	}
	lines := cut(small(t))
	got, err := run([]byte(strings.Join(lines[:20], "")), Options{})
	if err == nil || err.Error() != "t.ndjson:20: the trace was cut off: expected an end line "+
		"after entry 19, found the end of the file" {
		t.Errorf("cut off: %v", err)
	}
	if got.Entries != 19 || len(got.Findings) > 0 {
		t.Errorf("what was read before: %d entries\n%s", got.Entries, show(got.Findings))
	}
}

// TestContextOfMissing: a missing entry is found long after the one that it should follow, and
// is shown with the entries around that one.
func TestContextOfMissing(t *testing.T) {
	for what, log := range map[string]string{
		"missing host effect": opening + "e1 says edge@a1 Converged\n",
		"missing effect":      strings.Replace(failing, "to edge@a1 Active Failed\n", "", 1),
		"missing quarantine":  failing + "e1 does edge@a1 RollbackComplete\n",
	} {
		got, err := run(inWords(t, log+strings.Repeat("e2 says edge@a1 ProbeResult\n", 200)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(got.Findings, func(f Finding) bool { return f.Title() == what })
		if i < 0 {
			t.Fatalf("%s: %s", what, show(got.Findings))
		}
		if f := &got.Findings[i]; len(f.Before) != shownBefore || len(f.Later) != shownLater ||
			!strings.Contains(strings.Join(f.Before, ""), "e1") {
			t.Errorf("%s: %s", what, f.Body())
		}
	}
}
