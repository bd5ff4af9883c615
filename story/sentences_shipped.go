package story

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/reducer"
	"rollsim/sim"
)

var shippedSteps = []step{
	{
		topic: "The shipped control plane", phase: sets,
		words: `(the )control plane is shipped(,) with {defects} mended`,
		doc: "The control plane is the shipped one without some of its defects, which have the " +
			"names that scenario files use.",
		example: `the control plane is shipped, with no-halt and late-wave-soak mended`,
		do: func(w *world, defects []controlplane.Defect) error {
			return setMended(w, defects)
		},
	},
	{
		topic: "The shipped control plane", phase: sets,
		words:   `(the )control plane is shipped(,) with all (its )defects mended`,
		doc:     "The control plane is the shipped one without any of its defects.",
		example: `the control plane is shipped, with all its defects mended`,
		do:      func(w *world) error { return setMended(w, controlplane.Defects()) },
	},
	{
		topic: "The shipped control plane", phase: sets,
		words: `(the )first {recurring} come(s) {duration} after the start`,
		doc: "When that which recurs under the shipped control plane happens for the first time: " +
			"the heartbeat of every host, less than 60 seconds after the start; the tick of the planner, " +
			"15 seconds; the poll of all channels, 30 seconds; the prune, which deletes old rollouts, 1 " +
			"hour. By default each is drawn from the seed, and the heartbeat for each host.",
		example: `the first heartbeat comes 12 seconds after the start`,
		do:      setPhase,
	},
	{
		topic: "The shipped control plane", phase: sets,
		words: `host(s) {hosts} run(s) (the )closure of (ref ){ref} at the start`,
		doc: "What the hosts run before anything happens: the closure that their channel has " +
			"under the ref. By default each host runs a closure of its own.",
		example: `hosts "stable-01" and "stable-02" run the closure of ref "a1" at the start`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			hosts, err := w.fleet.match(hosts)
			if err != nil {
				return err
			}
			w.fleet.Running = append(w.fleet.Running, sim.Running{Hosts: as[string](hosts), Ref: ref})
			return nil
		},
	},
	{
		topic: "The shipped control plane", phase: fates,
		words: `ref {ref} does not change host(s) {hosts}`,
		doc: "The closure of the hosts under the ref is that of the ref before it. Their " +
			"heartbeats then report what the rollout wants, without a switch.",
		example: `ref "b2" does not change hosts "stable-01" and "stable-02"`,
		do: func(w *world, ref reducer.ChannelRef, hosts []reducer.HostID) error {
			hosts, err := w.fleet.match(hosts)
			if err != nil {
				return err
			}
			return w.detail(ref, "", func(r *controlplane.Release) {
				r.Unchanged = append(r.Unchanged, as[string](hosts)...)
			})
		},
	},
	{
		topic: "The shipped control plane", phase: fates,
		words: `ref {ref} has {manifest} manifest( for (channel ){channel})`,
		doc: "What a poll finds under the ref, for the channel or for all: no manifest; a stale " +
			"one, which is too old; or an invalid one, whose signature is wrong. Only the shipped control " +
			"plane reads manifests.",
		example: `ref "b2" has no manifest for channel "stable"`,
		do: func(
			w *world, ref reducer.ChannelRef, m controlplane.Manifest, id reducer.ChannelID,
		) error {
			return w.detail(ref, id, func(r *controlplane.Release) { r.Manifest = m })
		},
	},
	{
		topic: "The shipped control plane", phase: fates,
		words: `ref {ref} is signed {from_start}( for (channel ){channel})`,
		doc: "When the manifest of the ref was signed. By default when the channel moves to the " +
			"ref.",
		example: `ref "b2" is signed 2 hours before the start`,
		do: func(
			w *world, ref reducer.ChannelRef, at time.Duration, id reducer.ChannelID,
		) error {
			return w.detail(ref, id, func(r *controlplane.Release) { r.Signed = reducer.Some(at) })
		},
	},
	{
		topic: "The shipped control plane", phase: fates,
		words: `host(s) {hosts} fail(s) a (compliance )control( under (ref ){ref})( for {length})`,
		doc: "A compliance control of the hosts fails once they have switched, for that time or " +
			"for 1 minute; a host whose control fails for 2 minutes has failed. The shipped control plane " +
			"keeps the hosts of later waves back.",
		example: `host "stable-01" fails a control under ref "a1" for 50 seconds`,
		do: func(
			w *world, hosts []reducer.HostID, ref reducer.ChannelRef, lasts reducer.Opt[time.Duration],
		) error {
			w.fleet.allowSilence(lasts.Value)
			return addFates(w, hosts, sim.Fate{Ref: ref, Kind: sim.FailsControl, PassesAfter: lasts})
		},
	},
	{
		topic: "The shipped control plane", phase: fates,
		words:   `host(s) {hosts} fail(s) a (compliance )control for good( under (ref ){ref})`,
		doc:     "A compliance control of the hosts fails once they have switched, and never passes.",
		example: `host "stable-01" fails a control for good`,
		do: func(w *world, hosts []reducer.HostID, ref reducer.ChannelRef) error {
			return addFates(w, hosts, sim.Fate{
				Ref: ref, Kind: sim.FailsControl, PassesAfter: reducer.Some(time.Duration(-1)),
			})
		},
	},
	{
		topic: "The shipped control plane", phase: happens,
		words: `(the )control plane crashes after {number} host(s) of the next opening( for ` +
			`{duration}){when}`,
		doc: "The shipped control plane is down for that time, once that many hosts have joined " +
			"the next rollout that it opens. The other hosts never join.",
		example: `the control plane crashes after 1 host of the next opening for 1 minute`,
		do:      tearOpening,
	},
	{
		topic: "The shipped control plane", phase: happens,
		words: `(the )database fails at the next {message} of host {host}{when}`,
		doc: "A statement of the shipped control plane fails, and the rest of its work on the " +
			"message is not done. The agent has an acknowledgement.",
		example: `the database fails at the next ActivationCompleted of host "stable-01" while host ` +
			`"stable-01" is activating`,
		do: func(w *world, kind reducer.AgentEventKind, host reducer.HostID, when timing) error {
			return failNext(w, sim.DatabaseError, kind, host, when)
		},
	},
	{
		topic: "The shipped control plane", phase: happens,
		words: `(the )log loses a row of the next {message} of host {host}{when}`,
		doc: "The shipped control plane acts on the message, and a row of its log is not " +
			"written.",
		example: `the log loses a row of the next ActivationCompleted of host "stable-01" while host ` +
			`"stable-01" is activating`,
		do: func(w *world, kind reducer.AgentEventKind, host reducer.HostID, when timing) error {
			return failNext(w, sim.LogInsertFailed, kind, host, when)
		},
	},
}

func setMended(w *world, defects []controlplane.Defect) error {
	if _, err := controlplane.NewDefectSet(defects); err != nil {
		return err
	}
	w.fleet.ControlPlane, w.fleet.Mended = controlplane.Shipped, defects
	return w.give("the control plane")
}

// needShipped refuses a sentence about what only the shipped control plane has.
func needShipped(w *world) error {
	if w.fleet.ControlPlane != controlplane.Shipped {
		return errors.New("only the shipped control plane has this: say before this: Given the control " +
			"plane is shipped")
	}
	return nil
}

// setPhase sets when something recurring happens for the first time.
func setPhase(w *world, p recurring, first time.Duration) error {
	if err := needShipped(w); err != nil {
		return err
	}
	if first >= p.period {
		return fmt.Errorf("the %s recurs each %v: its first time is less than that after the start",
			p.name, p.period)
	}
	*p.of(&w.fleet.Phases) = reducer.Some(first)
	return w.give("the first " + p.name)
}

// A recurring is something that recurs under the shipped control plane.
type recurring struct {
	name   string
	period time.Duration
	of     func(*sim.Phases) *reducer.Opt[time.Duration]
}

var recurrings = []recurring{
	{
		"heartbeat", time.Minute,
		func(p *sim.Phases) *reducer.Opt[time.Duration] { return &p.Heartbeat },
	},
	{
		"tick", 15 * time.Second,
		func(p *sim.Phases) *reducer.Opt[time.Duration] { return &p.Ticker },
	},
	{
		"poll", 30 * time.Second,
		func(p *sim.Phases) *reducer.Opt[time.Duration] { return &p.Poll },
	},
	{
		"prune", time.Hour,
		func(p *sim.Phases) *reducer.Opt[time.Duration] { return &p.Prune },
	},
}

func parseRecurring(s string) (any, error) {
	var known []string
	for _, r := range recurrings {
		if r.name == s {
			return r, nil
		}
		known = append(known, r.name)
	}
	return nil, fmt.Errorf("nothing that recurs is named %q%s", s, nearest.Hint(s, known))
}

func parseDefects(s string) (any, error) {
	var all []controlplane.Defect
	var known []string
	for _, d := range controlplane.Defects() {
		known = append(known, string(d))
	}
	for _, name := range items(s) {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("no defect is named %q%s", name, nearest.Hint(name, known))
		}
		all = append(all, controlplane.Defect(name))
	}
	return all, nil
}

// parseManifest parses "no", "a stale" and "an invalid".
func parseManifest(s string) (any, error) {
	if s == "no" {
		return controlplane.Absent, nil
	}
	_, word, _ := strings.Cut(s, " ")
	m, err := parseEnum("manifest", word, controlplane.Manifests())
	if m == controlplane.Absent && err == nil {
		err = errors.New("for an absent manifest say that the ref has no manifest")
	}
	return m, err
}

// parseFromStart parses "2 hours before the start" and "10 minutes after the start".
func parseFromStart(s string) (any, error) {
	text := strings.TrimSuffix(strings.TrimSuffix(s, " the start"), " after")
	text, before := strings.CutSuffix(text, " before")
	d, err := parseDuration(strings.TrimSpace(text))
	if before {
		d = -d
	}
	return d, err
}

// tearOpening makes the control plane crash in the middle of the next opening.
func tearOpening(w *world, hosts uint64, lasts time.Duration, when timing) error {
	if err := needShipped(w); err != nil {
		return err
	}
	if hosts > maxHosts {
		return fmt.Errorf("a channel has at most %d hosts", maxHosts)
	}
	return w.schedule(when, w.names.last, &sim.Action{Fault: &sim.FaultNow{
		Kind: sim.TornOpeningCrash, Joined: int(hosts), For: lasts,
	}})
}

// failNext adds a fault of the control plane at the next message of a host.
func failNext(
	w *world, fault sim.FaultKind, kind reducer.AgentEventKind, host reducer.HostID, when timing,
) error {
	if err := needShipped(w); err != nil {
		return err
	}
	if err := w.fleet.checkHosts([]reducer.HostID{host}); err != nil {
		return err
	}
	return w.scheduleChange(when, w.names.last, func(w *world) error {
		return addCertainNext(w, kind, host, messageFault{kind: fault})
	})
}
