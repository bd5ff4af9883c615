package sim

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// unhashed lists the fields of a run's parts that may change without another hash, with the reason.
var unhashed = map[string]string{
	"controlplane.planeState.planned": "only says which plans are skipped",
	"controlplane.queue.stopped":      "each plan sets it", "controlplane.rollout.id": "of the fold",
	"controlplane.reason.a": "in logged", "controlplane.reason.b": "in logged",
	"controlplane.reason.kind": "in logged", "controlplane.reason.name": "in logged",
	"controlplane.reason.second":  "in logged",
	"controlplane.wave.counts":    "counts the hosts of the fold",
	"controlplane.wave.total":     "counts the hosts of the fold",
	"invariant.Checker.lastID":    "what was looked up last",
	"invariant.Checker.misrouted": "during one event",
	"invariant.Checker.number":    "a guess that is checked",
	"invariant.Checker.raw":       "during one event",
	"invariant.account.channel":   "of the record",
	"invariant.account.latest":    "not after the present time",
	"invariant.message.host":      "of the last message, which is acknowledged at once",
	"invariant.message.rollout":   "of the last message, which is acknowledged at once",
	"invariant.message.seq":       "of the last message, which is acknowledged at once",
	"invariant.account.closure":   "of the record",
	"invariant.channels.number":   "of the scenario",
	"invariant.account.offset":    "a guess that is checked",
	"invariant.dispatches.absent": "of the shipped control plane",
	"invariant.dispatches.each":   "for recorded logs",
	"invariant.dispatches.moved":  "for recorded logs",
	"invariant.evidence.probes":   "the one probe",
	"invariant.evidence.soaks":    "of the scenario",
	"invariant.facts.counts":      "counts the hosts",
	"invariant.host.budgets":      "of the scenario",
	"invariant.records.retention": "of the scenario",
	"invariant.reports.at":        "the time of the last entry",
	"invariant.reports.defect":    "of the shipped control plane",
	"invariant.reports.seq":       "numbers of entries",
	"reducer.Fleet.recentID":      "what was looked up last",
	"reducer.channelFold.open":    "those of unsettled are",
	"sim.Walk.before":             "numbers of entries",
	"sim.Walk.begun":              "follows from the time",
	"sim.Walk.digests":            "of who asks",
	"sim.Walk.end":                "of the scenario",
	"sim.Walk.hash":               "the hash itself",
	"sim.Walk.hashed":             "only says what need not be hashed again",
	"sim.Walk.known":              "only says what need not be hashed again",
	"sim.agent.host":              "its place",
	"sim.agent.key":               "of the host",
	"sim.chance.seed":             "of the run",
	"sim.choices.quiet":           "of who asks",
	"sim.clock.start":             "of the scenario",
	"sim.driver.back":             "of the work that is due",
	"sim.driver.keys":             "of the channels",
	"sim.driver.misrouted":        "during one event",
	"sim.driver.polls":            "for draws",
	"sim.driver.ticks":            "for draws",
	"sim.link.key":                "of the host",
	"sim.link.attempts":           "for draws",
	"sim.link.skewLogged":         "of clocks that are drawn",
	"sim.message.id":              "of the shipped control plane",
	"sim.message.volatile":        "of the shipped control plane",
	"sim.network.calm":            "of who asks",
	"sim.network.landed":          "places that are free",
	"sim.profile.own":             "whether it may be shared",
	"sim.queue.now":               "the time of the clock",
	"sim.queue.used":              "follows from the buckets",
	"sim.recorder.at":             "the time of the last entry",
	"sim.recorder.drop":           "of the shipped control plane",
	"sim.recorder.keeps":          "of the scenario",
	"sim.recorder.seq":            "numbers of entries",
	"sim.recorder.step":           "for a debugger",
	"sim.recorder.trails":         "for a debugger",
	"sim.refSet.all":              "in its hash",
	"sim.rollout.key":             "of the rollout",
	"sim.rollout.moved":           "of the shipped control plane",
	"sim.rollouts.number":         "of the list",
	"sim.rollouts.recent":         "what was looked up last",
	"sim.rollouts.timers":         "a counter",
	"sim.upstream.seed":           "of the run",
	"sim.world.perInstant":        "a limit",
}

// TestHashIsComplete changes each field of each part of a run. In some state the hash must be
// another one, except for the fields that are listed. So a field that is added must be hashed, or
// listed with a reason.
func TestHashIsComplete(t *testing.T) {
	exists := make(map[string]bool)
	for _, raw := range []bool{true, false} { // without raw events, much is left out
		walks := variedWalks(t, raw)
		if walks[0].whole != raw {
			t.Fatalf("whole is %v, want %v", walks[0].whole, raw)
		}
		found := hashedFields(t, walks, noState)
		for _, name := range slices.Sorted(maps.Keys(found)) {
			exists[name] = true
			_, listed := unhashed[name]
			switch {
			case !found[name] && !listed && (raw || !slices.Contains(onlyRaw, name)):
				t.Errorf("%s can change, and the hash is the same (raw events: %v)", name, raw)
			case found[name] && listed:
				t.Errorf("%s changes the hash, and is listed (raw events: %v)", name, raw)
			}
		}
	}
	for name := range unhashed {
		if !exists[name] {
			t.Errorf("%s is listed, and does not exist", name)
		}
	}
}

// hashedFields returns the fields of some runs, and whether a change of them is another hash.
func hashedFields(t *testing.T, walks []*Walk, without []string) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	for _, k := range walks {
		f := fields{
			k: k, hash: k.Hash(), found: found, seen: make(map[uintptr]bool), without: without,
		}
		f.visit(reflect.ValueOf(k).Elem(), "")
		k.changes()
		if k.Hash() != f.hash {
			t.Fatal("a change was not undone")
		}
	}
	return found
}

// onlyRaw are fields that matter only while a lockstep is open, as only raw events leave it.
var onlyRaw = []string{"reducer.channelFold.at", "reducer.channelFold.id"}

// variedWalks returns runs in states in which much is under way, with raw events or without.
func variedWalks(t *testing.T, raw bool) []*Walk {
	t.Helper()
	sc := chancy(t)
	sc.Faults = nil
	sc.Channels[0].Absent = []reducer.HostID{"f"}
	sc.Budgets = []controlplane.Budget{{Name: "most", Hosts: []string{"*"}, MaxInFlight: 2}}
	sc.Sometimes = []Moment{{Rollout: "stable@r9", State: reducer.Terminal}}
	crash := &FaultNow{Kind: ControlPlaneCrash, For: 3 * time.Minute}
	sc.Timeline = append(sc.Timeline,
		Action{At: time.Hour, When: &Moment{Rollout: "stable@r9", State: reducer.Failed}, Fault: crash},
		Action{At: 21*time.Minute + time.Second, Fault: crash},
		Action{At: 22 * time.Minute, Order: &Order{Kind: controlplane.AddHost, Host: "f"}},
		Action{At: 23 * time.Minute, Order: &Order{Kind: controlplane.PauseDispatch}},
		Action{At: 24 * time.Minute, Order: &Order{Kind: controlplane.ResumeDispatch}},
		Action{At: 25 * time.Minute, Order: &Order{
			Kind: controlplane.AbortRollout, Rollout: "stable@r2",
		}},
		Action{At: 26 * time.Minute, Fault: &FaultNow{Kind: ClockSkew, Host: "a", For: time.Second}},
		Action{At: 50 * time.Minute, Event: &reducer.Event{ // its lockstep stays open
			Kind: reducer.RolloutOpened, Rollout: "stable@x", Channel: "stable", TargetRef: "x",
		}},
		Action{At: 50 * time.Minute, Event: &reducer.Event{
			Kind: reducer.SuccessorOpened, Rollout: "stable@x", Successor: "stable@y",
		}},
	)
	if !raw {
		sc.Timeline = slices.DeleteFunc(sc.Timeline, func(a Action) bool { return a.Event != nil })
	}
	for _, host := range []reducer.HostID{"a", "b", "c"} {
		sc.Timeline = append(sc.Timeline,
			Action{At: time.Second, Fault: &FaultNow{Kind: MessageDelayed, Host: host, For: time.Minute}},
			Action{At: time.Minute, Fault: &FaultNow{Kind: MessageReordered, Host: host}},
			Action{At: 2 * time.Minute, Fault: &FaultNow{Kind: MessageDropped, Host: host}},
			Action{At: 42 * time.Minute, Fault: &FaultNow{
				Kind: HostOffline, Host: host, For: time.Minute,
			}},
		)
	}
	sc.Timeline = append(sc.Timeline, Action{
		At: 10 * time.Minute, Fault: &FaultNow{Kind: PollStale, Channel: "stable"},
	})
	sc.Fates = []Fate{{Host: "a", Kind: FailsProbes, Once: true}}
	var all []*Walk
	for seed := range uint64(2) {
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008(), Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Forkable(); err != nil {
			t.Fatal(err)
		}
		for _, e := range []*Edit{
			{ID: 7, Delay: &Delay{
				Host: "b", Ref: "r2", Stage: ConvergeStage, Takes: constant(t, time.Second),
			}},
			{ID: 8, Fate: &Fate{Host: "c", Ref: "r2", Kind: NeverRollsBack}},
			{ID: 9, Lines: []Action{{At: 10 * time.Minute, Fault: &FaultNow{
				Kind: MessageDropped, Host: "d",
			}}}},
		} {
			if err := k.Edit(e); err != nil {
				t.Fatal(err)
			}
		}
		for i := 0; k.Next(); i++ {
			if i%7 == 0 || k.Elapsed() == 50*time.Minute {
				all = append(all, k.Fork(false))
			}
		}
	}
	return all
}

// fields changes the fields of a run.
type fields struct {
	k     *Walk
	hash  uint64
	found map[string]bool // by field: whether a change was another hash
	seen  map[uintptr]bool

	without []string // parts that are no state
}

// parts that are no state: what no run of a scenario changes, memory that is used again, indices of
// what is hashed, and what only other runs have.
var noState = []string{
	"sim.Scenario", "sim.Options", "sim.Behaviour", "sim.Fate", "sim.Delay", "sim.Action",
	"sim.Moment", "controlplane.Inventory", "controlplane.channel", "trace.BudgetConfig",
	"controlplane.scratch", "controlplane.unused", "reducer.unused", "reducer.Outcome",
	"trace.Entry", "trace.Fault", "trace.Arena", "sim.Choice", "reducer.slotIndex", "sim.notes",
	"sim.ledger", "trace.Digest", "sim.production", "invariant.shipped", "hash64.State", "sim.doing",
}

// changed reports whether the hash is another one, or cannot be made.
func (f *fields) changed() (changed bool) {
	defer func() { changed = changed || recover() != nil }()
	f.k.changes()
	return f.k.Hash() != f.hash
}

func (f *fields) visit(v reflect.Value, name string) {
	v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() // may be set
	switch v.Kind() {
	case reflect.Struct:
		if slices.Contains(f.without, v.Type().String()) {
			return
		}
		of := v.Type().String()
		for i := range v.NumField() {
			field := of + "." + v.Type().Field(i).Name
			if strings.Contains(of, "[") { // a value that may be absent
				field = name
			}
			f.visit(v.Field(i), field)
		}
	case reflect.Pointer:
		if !v.IsNil() && !f.seen[v.Pointer()] {
			f.seen[v.Pointer()] = true
			f.visit(v.Elem(), name)
		}
	case reflect.Interface:
		if !v.IsNil() && v.Elem().Kind() == reflect.Pointer && strings.HasSuffix(
			strings.ToLower(v.Elem().Type().String()), "plane") {
			f.visit(v.Elem().Elem(), name)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			f.visit(v.Index(i), name)
		}
	case reflect.Map:
		f.visitMap(v, name)
	case reflect.Bool, reflect.String, reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8,
		reflect.Uint16, reflect.Uint32, reflect.Uint64:
		f.change(v, name)
	case reflect.Func:
	default:
		panic(fmt.Sprintf("%s is of kind %v", name, v.Kind()))
	}
}

// change changes one value, and undoes that.
func (f *fields) change(v reflect.Value, name string) {
	if f.found[name] {
		return
	}
	old := reflect.New(v.Type()).Elem()
	old.Set(v)
	switch {
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "x")
	case v.CanInt():
		v.SetInt(v.Int() ^ 1)
	default:
		v.SetUint(v.Uint() ^ 1)
	}
	f.found[name] = f.changed()
	v.Set(old)
}

// visitMap visits the values behind pointers, removes each key, and changes each number.
func (f *fields) visitMap(v reflect.Value, name string) {
	for _, key := range v.MapKeys() {
		value := v.MapIndex(key)
		if value.Kind() == reflect.Pointer {
			f.visit(value.Elem(), name)
			continue
		}
		if f.found[name] {
			continue
		}
		v.SetMapIndex(key, reflect.Value{})
		changed := f.changed()
		if other := reflect.New(value.Type()).Elem(); value.CanInt() || value.CanUint() {
			if value.CanInt() {
				other.SetInt(value.Int() ^ 1)
			} else {
				other.SetUint(value.Uint() ^ 3)
			}
			v.SetMapIndex(key, other)
			changed = changed && f.changed()
		}
		f.found[name] = changed
		v.SetMapIndex(key, value)
	}
}

// TestDelayedOfLostHost checks that a message under way counts that the control plane has not
// acknowledged, although its host is lost, and one that it has acknowledged does not.
func TestDelayedOfLostHost(t *testing.T) {
	hash := func(lost bool, faults ...*FaultNow) uint64 {
		t.Helper()
		sc := chancy(t)
		sc.Faults, sc.Timeline = nil, sc.Timeline[:1]
		two := constant(t, 2*time.Second)
		sc.Behaviour = Behaviour{Ack: two, Activation: two, Probe: two, Converge: two}
		for _, f := range faults {
			f.Host = "a"
			sc.Timeline = append(sc.Timeline, Action{At: 3 * time.Second, Fault: f})
		}
		if lost {
			sc.Timeline = append(sc.Timeline, Action{
				At: 30 * time.Second, Fault: &FaultNow{Kind: HostLost, Host: "a"},
			})
		}
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008()})
		if err != nil {
			t.Fatal(err)
		}
		for k.Elapsed() < 40*time.Second && k.Next() {
		}
		return k.Hash()
	}
	completed := reducer.ActivationCompleted
	dropped := hash(true, &FaultNow{Kind: MessageDropped, Message: completed})
	delayed := hash(true, &FaultNow{
		Kind: MessageDelayed, Message: completed, For: 10 * time.Minute,
	})
	if dropped == delayed {
		t.Error("a message that arrives is not part of the state")
	}
	plain := hash(false)
	doubled := hash(false, &FaultNow{
		Kind: MessageDuplicated, Message: completed, For: 10 * time.Minute,
	})
	if plain != doubled {
		t.Error("a message that has arrived before is part of the state")
	}
}

// TestPostponedOfHost checks that it matters which of two hosts that stand for each other will
// leave when the control plane is back: the one whose probes fail, or the other one.
func TestPostponedOfHost(t *testing.T) {
	var states [2]uint64
	var reach [2]bool
	for i, host := range []reducer.HostID{"a", "b"} {
		sc := faulty(t)
		sc.Channels, sc.Budgets, sc.Horizon = sc.Channels[:1], nil, time.Hour
		sc.Channels[0].Waves = []Wave{{Hosts: []reducer.HostID{"a", "b"}, Soak: time.Minute}}
		sc.Channels[0].Policy = reducer.DefaultPolicy()
		second := constant(t, time.Second)
		sc.Behaviour = Behaviour{Ack: second, Activation: second, Probe: second, Converge: second}
		sc.Timeline = append(sc.Timeline[:1:1],
			Action{At: 2 * time.Second, Fault: &FaultNow{Kind: ControlPlaneCrash, For: time.Minute}},
			Action{At: 3 * time.Second, Order: &Order{Kind: controlplane.RemoveHost, Host: "b"}})
		sc.Fates = []Fate{{Host: host, Kind: FailsProbes}}
		sc.Sometimes = []Moment{{Rollout: "stable@a1", State: reducer.Failed}}
		k, err := NewWalk(sc, Options{
			Machine: reducer.RFC0008(), Classes: [][]reducer.HostID{{"a", "b"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for k.Next() && k.Elapsed() < 50*time.Second {
		}
		states[i] = k.Hash()
		for k.Next() {
		}
		reach[i] = len(k.Missing()) == 0
	}
	if states[0] == states[1] || reach[0] == reach[1] {
		t.Errorf("the states are %x, and the rollout fails: %v", states, reach)
	}
}
