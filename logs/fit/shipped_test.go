package fit

import (
	"strings"
	"testing"
	"time"

	"rollsim/internal/longlog"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// shippedFleet is fleet under the shipped control plane.
var shippedFleet = strings.Replace(
	fleet, "horizon: 20d\n", "horizon: 2d\ncontrol_plane: shipped\n", 1,
)

const shippedBehaviour = `behaviour:
  ack: {uniform: {min: 1s, max: 5s}}
  activation: {lognormal: {median: 40s, p99: 3m}}
  probe: {uniform: {min: 1s, max: 25s}}
  converge: 0s
  rollback: {uniform: {min: 10s, max: 50s}}
  activation_failure: 20%
  deferral: 0
  probe_failure: 10%
  rollback_failure: 0
  no_answer: 0
`

const shippedRefs = `timeline:
  - {at: 0s, release: a1}
  - {at: 6h, release: a2}
  - {at: 12h, release: a3}
  - {at: 18h, release: a4}
  - {at: 24h, release: a5}
`

// TestShippedRoundTrip learns from a simulation of the shipped control plane, and compares what it
// learns with the behaviour of the scenario. The learned behaviour then runs under shipped too.
func TestShippedRoundTrip(t *testing.T) {
	sc := load(t, shippedFleet+shippedBehaviour+shippedRefs, nil)
	b := simulated(t, sc, 1).finish()
	compareDelays(t, b, &sc.Behaviour)
	b.Arrivals = nil
	included := b.YAML("a simulation")
	again := load(t, shippedFleet+"include: included/behaviour.yaml\n"+shippedRefs, included)
	compareDelays(t, simulated(t, again, 2).finish(), &sc.Behaviour)
}

// compareDelays compares the quantiles of learned delays with those of a behaviour.
func compareDelays(t *testing.T, b *Behaviour, want *sim.Behaviour) {
	t.Helper()
	for i, wanted := range delays(want) {
		d := &b.Delays[i]
		if stageKind(i+1) == reboot {
			continue
		}
		if d.Shape == nil || d.Ended < 100 {
			t.Errorf("%s: %d observed: %q", d.Name, d.Ended, d.Remarks)
			continue
		}
		compare(t, d.Name, drawn(d.Shape.Distribution), nil, drawn(wanted), nil)
	}
	for _, c := range b.Chances {
		want := map[string]float64{"activation_failure": 0.2, "probe_failure": 0.1}[c.Name]
		if low, high := c.Interval(); c.Learned && (want < low-0.02 || want > high+0.02) {
			t.Errorf("%s: %.3f, want %.3f", c.Name, c.Value, want)
		}
	}
}

// shippedLog is a log of one host of the shipped control plane. The payload times are those of
// production: the ack has the time of the dispatch, and the end of the switch that of its start.
const shippedLog = `
0 plan a1 {"action":"QueueDispatch","host":"h","rollout":"s@a1",
  "target_closure":"c1","soak_due_at":"T240"}
15 plan a1 {"action":"QueueDispatch","host":"h","rollout":"s@a1",
  "target_closure":"c1","soak_due_at":"T240"}
20 agent a1 {"kind":"DispatchAck","currentClosureAtDispatch":"ACK","receivedAt":"T0","seq":1}
21 agent a1 {"kind":"ActivationStarted","startedAt":"T21","switchMethod":"x","seq":2}
81 agent a1 {"kind":"ActivationCompleted","observedCurrentClosure":"c1","exitCode":0,
  "completedAt":"DONE","seq":3}
91 agent a1 {"kind":"ProbeResult","probeName":"p","mode":"enforce","status":"pass",
  "observedAt":"T91","subResults":null,"failureReason":null,"seq":4}
247 agent a1 {"kind":"Converged","convergedAt":"T247","currentClosure":"c1","seq":5}
`

// logOf returns NDJSON of lines with the seconds, the kind, the ref and the payload. T and a number
// stand for a time.
func logOf(t *testing.T, lines string) string {
	t.Helper()
	at := func(seconds string) string {
		d, err := time.ParseDuration(seconds + "s")
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2026, 5, 16, 1, 0, 0, 0, time.UTC).Add(d).Format(time.RFC3339)
	}
	var b strings.Builder
	lines = strings.ReplaceAll(strings.TrimSpace(lines), "\n  ", "")
	for i, line := range strings.Split(lines, "\n") {
		part := strings.SplitN(line, " ", 4)
		payload := part[3]
		for strings.Contains(payload, `"T`) {
			before, rest, _ := strings.Cut(payload, `"T`)
			seconds, after, _ := strings.Cut(rest, `"`)
			payload = before + `"` + at(seconds) + `"` + after
		}
		kind := map[string]string{"plan": "plan_action", "agent": "agent_event"}[part[1]]
		b.WriteString(strings.NewReplacer("N", string(rune('1'+i)), "AT", at(part[0]), "K", kind,
			"R", "s@"+part[2]).Replace(`{"seq":N,"ts":"AT","kind":"K","host":"h","rollout":"R",`))
		b.WriteString(`"payload":` + payload + "}\n")
	}
	return b.String()
}

// TestShippedTimes learns from a log of production, and from its negative twins: one whose ack
// names the closure that ran before, as the specified agent's does, and two with moves that the
// control plane has made itself.
func TestShippedTimes(t *testing.T) {
	learn := func(ack, done string) map[string]string {
		log := strings.NewReplacer("ACK", ack, "DONE", done).Replace(shippedLog)
		r, err := trace.NewReader("it", strings.NewReader(logOf(t, log)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := Read(r)
		if err != nil {
			t.Fatal(err)
		}
		all := make(map[string]string)
		for _, d := range b.Delays {
			all[d.Name] = strings.Join(d.Remarks, "; ")
			if d.Shape != nil {
				all[d.Name] = d.Shape.Text
			}
		}
		return all
	}
	for _, row := range []struct {
		what, ack, done             string
		delay                       string // of the ack
		activation, probe, converge string
	}{
		{"production", "c1", "T21", "20s", "1m", "10s", "2s"},
		{"an ack of the closure before", "c0", "T21", "20s", "21s", "1m10s", "7s"},
		{
			"a completion by heartbeat", "c1", "T81", "20s",
			"not learned: the log has none; 1 not counted, because the control plane has moved the " +
				"host itself, after a heartbeat",
			"not learned: the log has none", "not learned: the log has none",
		},
		{
			"an ack by heartbeat", "", "T21",
			"not learned: the log has none; 1 not counted, because the control plane has moved the " +
				"host itself, after a heartbeat",
			"not learned: the log has none", "not learned: the log has none",
			"not learned: the log has none",
		},
	} {
		got := learn(row.ack, row.done)
		for name, want := range map[string]string{
			"ack": row.delay, "activation": row.activation, "probe": row.probe, "converge": row.converge,
		} {
			if got[name] != want {
				t.Errorf("%s: %s: %q, want %q", row.what, name, got[name], want)
			}
		}
	}
}

// TestShippedSamples learns from the samples. The hosts that a release did not change, which
// heartbeats moved, are no switches of no time.
func TestShippedSamples(t *testing.T) {
	for _, name := range []string{"shipped-11", "shipped-12"} {
		text, err := longlog.Read("../replay/testdata/" + name + ".ndjson.gz")
		if err != nil {
			t.Fatal(err)
		}
		r, err := trace.NewReader(name, strings.NewReader(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		l := newLearner()
		entries, err := trace.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for i := range entries {
			_ = l.Write(&entries[i])
		}
		for _, o := range l.stages[activation].kept {
			if o.took < reducer.Time(time.Second) && o.how != cutOff {
				t.Errorf("%s: a switch took %v", name, time.Duration(o.took))
			}
		}
		for _, o := range l.stages[converge].kept {
			if o.how == completed && o.took != 0 {
				t.Errorf("%s: a host converged %v after a tick", name, time.Duration(o.took))
			}
		}
		if n := len(l.stages[activation].kept); n < 5 {
			t.Errorf("%s: only %d switches", name, n)
		}
	}
}
