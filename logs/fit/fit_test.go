package fit

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gonum.org/v1/gonum/stat"

	"rollsim/internal/yamltext"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/trace"
	"rollsim/trace/input"
)

// fleet is the beginning of the scenarios of the tests. It has so many hosts in one wave that every
// stage is observed thousands of times. The tests add the behaviour.
const fleet = `
horizon: 20d
channels:
  - name: stable
    policy: rollback-and-halt
    waves: [{hosts: 400, soak: 10m}]
`

// load returns the scenario of a text, with a file that it may include.
func load(t *testing.T, text string, included []byte) *sim.Scenario {
	t.Helper()
	files := fstest.MapFS{"it.yaml": {Data: []byte(text)}, "included/behaviour.yaml": {Data: included}}
	file, err := scenario.LoadFS(files, "it.yaml")
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, text, included)
	}
	return &file.Scenario
}

// simulated returns a learner that has read the trace of a simulation.
func simulated(t *testing.T, sc *sim.Scenario, seed uint64) *learner {
	t.Helper()
	l := newLearner()
	_, err := sim.Run(sc, sim.Options{Machine: reducer.RFC0008(), Seed: seed, Sink: l})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// near reports whether two delays differ by at most a part of the second, or by the rounding to
// milliseconds.
func near(a, b time.Duration, part float64) bool {
	return math.Abs(float64(a-b)) <= max(part*float64(b), float64(2*time.Millisecond))
}

// The tolerances of the round trip, which docs/from-log-to-test.md documents.
const (
	distanceWithin = 0.03
	medianWithin   = 0.05
	tailWithin     = 0.15 // the quantile 99 %
)

// drawn returns quantiles of a distribution, in milliseconds.
func drawn(d *sim.Distribution) []float64 {
	var x []float64
	for _, q := range d.Quantiles(1000) {
		x = append(x, float64(q.Milliseconds()))
	}
	return x
}

// compare compares two lists of delays in milliseconds, in ascending order.
func compare(t *testing.T, what string, got, gotWeights, want, wantWeights []float64) {
	t.Helper()
	if d := stat.KolmogorovSmirnov(got, gotWeights, want, wantWeights); d > distanceWithin {
		t.Errorf("%s: D %.3f", what, d)
	}
	for p, within := range map[float64]float64{0.5: medianWithin, 0.99: tailWithin} {
		g := stat.Quantile(p, stat.Empirical, got, gotWeights)
		w := stat.Quantile(p, stat.Empirical, want, wantWeights)
		if !near(time.Duration(g*1e6), time.Duration(w*1e6), within) {
			t.Errorf("%s: quantile %v is %vms, want %vms", what, p, g, w)
		}
	}
}

// TestRoundTrip learns from simulations of known behaviour, simulates the learned behaviour, and
// learns from that again.
func TestRoundTrip(t *testing.T) {
	for name, tt := range map[string]struct {
		behaviour string
		shapes    []string // of the delays, in order
	}{
		"work": {
			`behaviour:
  ack: {uniform: {min: 1s, max: 5s}}
  activation: {lognormal: {median: 40s, p99: 3m}}
  reboot: {exponential: {mean: 10m}}
  probe: 20s
  converge: {normal: {mean: 30s, stddev: 4s}}
  rollback: {gamma: {shape: 4, mean: 30s}}
  activation_failure: 20%
  deferral: 25%
  probe_failure: 10%
  rollback_failure: 12%
  no_answer: 2%
`, []string{"uniform", "lognormal", "exponential", "constant", "normal", "gamma"},
		},
		"machines": {
			`behaviour:
  ack: {weibull: {scale: 3s, shape: 1.6}}
  activation: {gamma: {shape: 2, mean: 2m}}
  reboot: {weibull: {scale: 8m, shape: 1.7}}
  probe: {exponential: {mean: 15s}}
  converge: {empirical: [1s, 1s, 2s, 2s, 2s, 2s, 50s, 55s, 60s, 5m]}
  rollback: {lognormal: {median: 25s, sigma: 0.8}}
  activation_failure: 20%
  deferral: 25%
  probe_failure: 10%
`, []string{"weibull", "gamma", "weibull", "exponential", "empirical", "lognormal"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			const traffic = "traffic: [{channel: stable, arrivals: {exponential: {mean: 6h}}}]\n"
			known := load(t, fleet+tt.behaviour+traffic, nil)
			recorded := simulated(t, known, 1)
			learned := recorded.finish()
			for i, d := range learned.Delays {
				if d.Ended < 5000 || d.Shape == nil || d.Shape.Name != tt.shapes[i] {
					t.Fatalf("%s: %d observed, %+v, want %s", d.Name, d.Ended, d.Shape, tt.shapes[i])
				}
				want := drawn(delays(&known.Behaviour)[i])
				compare(t, d.Name, drawn(d.Shape.Distribution), nil, want, nil)
			}
			checkChances(t, learned, &known.Behaviour)
			if a := learned.Arrivals; len(a) != 1 || a[0].Shape == nil ||
				!near(a[0].Shape.Distribution.Mean(), 6*time.Hour, 0.2) {
				t.Errorf("arrivals: %+v", a)
			}

			included := load(t, fleet+"include: included/behaviour.yaml\n", learned.YAML("a simulation"))
			again := simulated(t, included, 2)
			checkChances(t, again.finish(), &known.Behaviour)
			for k := ack; k < health; k++ {
				x, w := weigh(again.stages[k].kept).delays()
				y, v := weigh(recorded.stages[k].kept).delays()
				compare(t, stageNames[k]+" simulated again", x, w, y, v)
			}
		})
	}
}

func delays(b *sim.Behaviour) []*sim.Distribution {
	return []*sim.Distribution{b.Ack, b.Activation, b.Reboot, b.Probe, b.Converge, b.Rollback}
}

func checkChances(t *testing.T, b *Behaviour, want *sim.Behaviour) {
	t.Helper()
	for i, p := range []*sim.Probability{
		want.ActivationFailure, want.Deferral, want.ProbeFailure, want.RollbackFailure, want.NoAnswer,
	} {
		c := &b.Chances[i]
		is := float64(*p) / float64(sim.Certain)
		sure := 4 * math.Sqrt(is*(1-is)/float64(c.Of))
		if !c.Learned || math.Abs(c.Value-is) > sure {
			t.Errorf("%s is %v of %d, want %v ± %v", c.Name, c.Value, c.Of, is, sure)
		}
	}
}

// TestCutOff has new refs so often that most reboots and many convergences are cut off. The learned
// delays are right, although those that ended took half as long.
func TestCutOff(t *testing.T) {
	const text = `
behaviour:
  ack: 1s
  activation: 5s
  reboot: {exponential: {mean: 2h}}
  probe: 1s
  converge: {exponential: {mean: 20m}}
  deferral: 40%
  probe_failure: 10%
traffic: [{channel: stable, arrivals: {exponential: {mean: 70m}}}]
`
	known := load(t, fleet+text, nil)
	l := simulated(t, known, 1)
	naive, ended := 0.0, 0.0
	for _, o := range l.stages[reboot].kept {
		if o.how != cutOff {
			naive, ended = naive+float64(o.took), ended+1
		}
	}
	if naive /= ended; naive > 0.5*float64(2*time.Hour) {
		t.Fatalf("the mean of those that ended is %v: it is not biased", time.Duration(naive))
	}
	b := l.finish()
	for i, mean := range map[int]time.Duration{2: 2 * time.Hour, 4: 20 * time.Minute} {
		d := b.Delays[i]
		if d.Shape == nil || d.Shape.Name != "exponential" ||
			!near(d.Shape.Distribution.Mean(), mean, 0.1) {
			t.Errorf("%s: %+v, want a mean of %v", d.Name, d.Shape, mean)
		}
	}
	for i, want := range map[int]float64{1: 0.4, 2: 0.1} {
		if c := b.Chances[i]; math.Abs(c.Value-want) > 0.02 {
			t.Errorf("%s is %v, want %v", c.Name, c.Value, want)
		}
	}
}

// TestFaults checks that faults of messages, agents and clocks do not change the learned behaviour.
func TestFaults(t *testing.T) {
	const behaviour = `
behaviour:
  ack: {uniform: {min: 1s, max: 5s}}
  activation: {lognormal: {median: 40s, p99: 3m}}
  probe: 20s
  rollback: {gamma: {shape: 4, mean: 30s}}
  probe_failure: 10%
traffic: [{channel: stable, arrivals: {exponential: {mean: 6h}}}]
`
	known := load(t, fleet+behaviour+`faults:
  - {fault: message-dropped, probability: 3%}
  - {fault: message-duplicated, probability: 3%}
  - {fault: message-delayed, probability: 3%, for: 1m}
  - {fault: message-reordered, probability: 3%}
  - {fault: agent-restart, probability: 3%, for: 1m}
  - {fault: clock-skew, probability: 50%, for: {uniform: {min: 1m, max: 1h}}}
`, nil)
	b := simulated(t, known, 1).finish()
	for _, k := range []stageKind{activation, probe, rollback} {
		i := k - ack
		want := drawn(delays(&known.Behaviour)[i])
		compare(t, stageNames[k], drawn(b.Delays[i].Shape.Distribution), nil, want, nil)
	}
	if c := b.Chances[2]; math.Abs(c.Value-0.1) > 0.02 {
		t.Errorf("%s is %v, want 0.1", c.Name, c.Value)
	}
}

// read learns from files.
func read(t *testing.T, names ...string) *Behaviour {
	t.Helper()
	log, err := input.Open(nil, names...)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	b, err := Read(log)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSamples compares the behaviour of the samples, in every shape, with goldens. UPDATE=1 go test
// ./logs/fit -run Samples rewrites them.
func TestSamples(t *testing.T) {
	for sample, golden := range map[string]string{
		"sample-4": "../../scenarios/included/recorded-hosts.yaml", // which the suite simulates
		"sample-6": "testdata/sample-6.yaml",
	} {
		from := "../../trace/testdata/" + sample
		written := read(t, from+".ndjson.gz").YAML(sample)
		if os.Getenv("UPDATE") == "1" {
			if err := os.WriteFile(golden, written, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(written) != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", sample, written, want)
		}
		if again := read(t, from+".state.db.gz").YAML(sample); string(again) != string(want) {
			t.Errorf("%s: from state.db got\n%s", sample, again)
		}
		document := read(t, from+".events-edge.json.gz")
		for i := range document.Delays {
			if d := &document.Delays[i]; d.Ended > 8 || d.Name == "ack" && d.Ended < 7 {
				t.Errorf("%s: one rollout of 8 hosts: %+v", sample, d)
			}
		}
		if c := document.Chances[4]; c.Name != "no_answer" || c.Of != 8 {
			t.Errorf("%s: one rollout of 8 hosts: %+v", sample, c)
		}
		channels := strings.ReplaceAll(fleet, "name: stable", "name: stable\n  - name: edge")
		load(t, channels+"include: included/behaviour.yaml\n", written)
	}
}

// learnedOf learns from a log of lines such as "12 dispatch a" and "14 DispatchAck a": seconds, a
// dispatch or the kind of a message, the ref of a rollout of channel stable, and, if it is not the
// next one, the seq of the message. The soak is due at 100.
func learnedOf(t *testing.T, lines string) *Behaviour {
	t.Helper()
	l := newLearner()
	seqs := make(map[reducer.RolloutID]uint64)
	for line := range strings.Lines(lines) {
		var at int64
		var what, ref string
		var seq uint64
		if n, err := fmt.Sscan(line, &at, &what, &ref, &seq); n < 3 {
			t.Fatalf("%q: %v", line, err)
		}
		rollout := reducer.RolloutID(ref)
		if !strings.Contains(ref, "@") {
			rollout = reducer.NewRolloutID("stable", reducer.ChannelRef(ref))
		}
		now := reducer.Time(at * 1e9)
		e := &trace.Entry{At: now, Kind: trace.KindPlanAction, Host: "h1", Rollout: rollout}
		if what == "dispatch" {
			e.Plan = &trace.PlanAction{
				Action:    trace.QueueDispatch,
				Rollout:   rollout,
				Host:      "h1",
				SoakDueAt: 100e9,
				Attempt:   1,
			}
		} else {
			kind, ok := reducer.ParseAgentEventKind(what)
			if !ok {
				t.Fatalf("%s is not a kind of message", what)
			}
			if seq == 0 {
				seq = seqs[rollout] + 1
			}
			seqs[rollout] = seq
			e.Kind = trace.KindAgentEvent
			e.Agent = &trace.AgentEvent{Kind: kind, Seq: seq, At: now + 3600e9}
		}
		if err := l.Write(e); err != nil {
			t.Fatal(err)
		}
	}
	return l.finish()
}

func TestStages(t *testing.T) {
	const healthy = "10 dispatch a\n12 DispatchAck a\n12 ActivationStarted a\n20 " +
		"ActivationCompleted a\n"
	for name, tt := range map[string]struct {
		log  string
		want string
	}{
		"a healthy host": {
			healthy + "25 ProbeResult a\n40 ProbeResult a\n107 Converged a\n",
			"ack 2s of 1, activation 8s of 1, probe 5s of 1, converge 7s of 1; activation_failure 0/1, " +
				"deferral 0/1, probe_failure 0/1, no_answer 0/1",
		},
		"probes take longer than the soak": {
			healthy + "125 ProbeResult a\n132 Converged a\n",
			"ack 2s of 1, activation 8s of 1, probe 1m45s of 1, converge 7s of 1; activation_failure " +
				"0/1, deferral 0/1, probe_failure 0/1, no_answer 0/1",
		},
		"a deferred switch": {
			"10 dispatch a\n12 DispatchAck a\n20 ActivationDeferred a\n50 ActivationFailed a\n",
			"ack 2s of 1, activation 8s of 1, reboot 30s of 1; activation_failure 1/1, deferral 1/1, " +
				"no_answer 0/1",
		},
		"a failure where nobody rolls back": {
			healthy + "25 ProbeFailureFirst a\n85 Failed a\n900 dispatch b\n901 DispatchAck b\n",
			"ack 1s, 2s of 2, activation 8s of 1, probe 5s of 1; activation_failure 0/1, deferral 0/1, " +
				"probe_failure 1/1, no_answer 0/2",
		},
		"a rollback": {
			healthy + "25 ProbeFailureFirst a\n85 Failed a\n95 RollbackComplete a\n",
			"ack 2s of 1, activation 8s of 1, probe 5s of 1, rollback 10s of 1; activation_failure 0/1, " +
				"deferral 0/1, probe_failure 1/1, rollback_failure 0/1, no_answer 0/1",
		},
		"a rollback that never completes, and one that does": {
			healthy + "85 Failed a\n900 dispatch b\n901 DispatchAck b\n903 ActivationFailed b\n905 " +
				"RollbackComplete b\n",
			"ack 1s, 2s of 2, activation 2s, 8s of 2, rollback 2s of 1; activation_failure 1/2, deferral " +
				"0/2, probe_failure 1/1, rollback_failure 1/2, no_answer 0/2",
		},
		"a dispatch that comes again, and another that is never acked": {
			"10 dispatch a\n70 dispatch a\n72 DispatchAck a\n75 ActivationFailed a\n80 dispatch b\n400 " +
				"dispatch c\n402 DispatchAck c\n",
			"ack 2s, 1m2s of 2, activation 3s of 1; activation_failure 1/1, deferral 0/1, no_answer 1/3",
		},
		"a dispatch waits for another switch": {
			"10 dispatch a\n12 DispatchAck a\n15 dispatch b\n20 ActivationCompleted a\n20 DispatchAck b\n",
			"ack 2s of 1, activation 8s of 1; activation_failure 0/1, deferral 0/1, no_answer 0/1",
		},
		"a dispatch waits for a switch that does not end": {
			"10 dispatch a\n12 DispatchAck a\n15 dispatch b\n5000 dispatch c\n",
			"ack 2s of 1; no_answer 0/1",
		},
		"a dispatch is not acked yet": {
			"10 dispatch a\n12 DispatchAck a\n13 ActivationFailed a\n20 dispatch b\n23 RollbackComplete a\n",
			"ack 2s of 1, activation 1s of 1, rollback 10s of 1; activation_failure 1/1, deferral 0/1, " +
				"rollback_failure 0/1, no_answer 0/1",
		},
		"one channel rolls back, another does not": {
			"10 dispatch edge@x\n12 DispatchAck edge@x\n13 ActivationFailed edge@x\n23 RollbackComplete " +
				"edge@x\n" +
				"30 dispatch a\n32 DispatchAck a\n33 ActivationFailed a\n900 dispatch b\n902 DispatchAck b\n",
			"ack 2s of 3, activation 1s of 2, rollback 10s of 1; activation_failure 2/2, deferral 0/2, " +
				"rollback_failure 0/1, no_answer 0/3",
		},
		"an ack comes once more": {
			healthy + "21 DispatchAck a 1\n25 ProbeResult a 4\n107 Converged a\n",
			"ack 2s of 1, activation 8s of 1, probe 5s of 1, converge 7s of 1; activation_failure 0/1, " +
				"deferral 0/1, probe_failure 0/1, no_answer 0/1",
		},
		"an agent restarts while it switches": {
			"10 dispatch a\n12 DispatchAck a\n12 ActivationStarted a\n300 ActivationStarted a\n320 " +
				"ActivationCompleted a\n",
			"ack 2s of 1; no_answer 0/1",
		},
		"messages come twice, and late ones of a rollout that has ended": {
			healthy + "20 ActivationCompleted a 3\n22 dispatch b\n25 DispatchAck b\n26 ProbeResult a\n35 " +
				"ActivationCompleted b\n",
			"ack 2s, 3s of 2, activation 8s, 10s of 2; activation_failure 0/2, deferral 0/2, no_answer 0/2",
		},
		"a message is lost": {
			"10 dispatch a\n12 DispatchAck a\n50 ProbeResult a 5\n60 Converged a\n",
			"ack 2s of 1; no_answer 0/1",
		},
		"a log that begins in between": {
			"20 ActivationCompleted a 3\n25 ProbeResult a\n200 Converged a\n",
			"probe 5s of 1; probe_failure 0/1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := learnedOf(t, tt.log)
			if got := learnedParts(b); got != tt.want {
				t.Errorf("got  %s\nwant %s\n%s", got, tt.want, b.YAML("it"))
			}
		})
	}
}

// learnedParts returns the delays and chances that were learned.
func learnedParts(b *Behaviour) string {
	var delays, chances []string
	for _, d := range b.Delays {
		if d.Shape == nil {
			continue
		}
		values := strings.Trim(strings.TrimPrefix(d.Shape.Text, "{empirical: "), "[]}")
		delays = append(delays, fmt.Sprintf("%s %s of %d", d.Name, values, d.Ended))
	}
	for _, c := range b.Chances {
		if c.Learned {
			chances = append(chances, fmt.Sprintf("%s %d/%d", c.Name, c.Came, c.Of))
		}
	}
	return strings.Join(delays, ", ") + "; " + strings.Join(chances, ", ")
}

// TestWeigh compares the estimate with a published one: the remissions of Freireich et al. (1963),
// in weeks.
func TestWeigh(t *testing.T) {
	var all []observation
	for _, weeks := range []reducer.Time{6, 6, 6, 7, 10, 13, 16, 22, 23} {
		all = append(all, observation{took: weeks, how: completed})
	}
	for _, weeks := range []reducer.Time{6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35} {
		all = append(all, observation{took: weeks, how: cutOff})
	}
	s := weigh(all)
	surviving := map[reducer.Time]float64{
		6:  0.857,
		7:  0.807,
		10: 0.753,
		13: 0.690,
		16: 0.627,
		22: 0.538,
		23: 0.448,
	}
	sum := 0.0
	for i, o := range s.all {
		sum += s.weight[i]
		if want, ok := surviving[o.took]; ok && (i+1 == len(s.all) || s.all[i+1].took > o.took) &&
			math.Abs(1-sum-want) > 0.0005 {
			t.Errorf("after %d weeks: %.3f, want %.3f", o.took, 1-sum, want)
		}
	}
	if s.ended != 9 || s.cut != 12 || s.endless != 0 || math.Abs(s.left-0.448) > 0.0005 {
		t.Errorf("%d ended, %d cut off, %d endless, left %.3f", s.ended, s.cut, s.endless, s.left)
	}
}

// TestSampling checks that the number of kept observations is bounded, and that they are a uniform
// sample.
func TestSampling(t *testing.T) {
	var s stage
	s.seed(1)
	const n = 40 * maxKept // so many that the last place is drawn
	for i := range n {
		// later observations are longer, so that a preference for early ones shows
		s.add(observation{took: reducer.Time(i) * 1e6, how: completed})
	}
	if len(s.kept) != maxKept || s.seen != n {
		t.Fatalf("%d kept of %d", len(s.kept), s.seen)
	}
	x, w := weigh(s.kept).delays()
	for _, p := range []float64{0.1, 0.5, 0.9} {
		if got := quantile(p, x, w); math.Abs(got/n-p) > 0.01 {
			t.Errorf("quantile %v is %v of %d", p, got, n)
		}
	}
}

// TestArrivals has a ref that goes back and forth: a known ref is not a new one.
func TestArrivals(t *testing.T) {
	l := newLearner()
	for i, ref := range []reducer.ChannelRef{"a", "a", "b", "a", "b", "c"} {
		_ = l.Write(&trace.Entry{
			At: reducer.Time(i) * 3600e9, Kind: trace.KindManifestPoll,
			Poll: &trace.ManifestPoll{Channel: "stable", Ref: ref},
		})
	}
	_ = l.Write(&trace.Entry{At: 6 * 3600e9, Kind: trace.KindOther})
	got := string(l.finish().YAML("it"))
	want := "traffic:\n" + yamltext.Comment(
		"  ",
		"stable, from one new ref to the next, as polls saw "+
			"them: 2 observed; 1 cut off, counted as longer than observed; too few for a formula: at "+
			"least 20 "+
			"are needed; 2 changes back to an earlier ref are left out.",
	) +
		"  - {channel: stable, arrivals: {empirical: [2h, 3h]}}\n"
	if !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// FuzzRead learns from any log. A scenario that has its channels can include the result.
func FuzzRead(f *testing.F) {
	data, err := os.ReadFile("../../cmd/rollsim/testdata/script/redact.txtar")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	clocks, err := os.ReadFile("testdata/clocks.ndjson") // that disagree by centuries
	if err != nil {
		f.Fatal(err)
	}
	f.Add(clocks)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := trace.NewReader("it", bytes.NewReader(data))
		if err != nil {
			return
		}
		learned, err := Read(r)
		if err != nil {
			return
		}
		text := learned.YAML("it")
		if !learned.Anything() {
			return
		}
		_, err = scenario.LoadFS(fstest.MapFS{
			"it.yaml": {Data: []byte(fleet + "include: included.yaml\n")}, "included.yaml": {Data: text},
		}, "it.yaml")
		for line := range strings.Lines(fmt.Sprint(err)) {
			if err != nil && !strings.Contains(line, "unknown channel") {
				t.Errorf("%s\n%s", line, text)
			}
		}
	})
}
