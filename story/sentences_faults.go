package story

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/story/gherkin"
)

// How faults are written in sentences.
const (
	mishapForm = `activations fail|activations are deferred|probes fail|rollbacks never complete|` +
		`dispatches are never acked`
	spoiltForm = `lost|overtaken|doubled(?: after (?:` + delayForm + `))?` +
		`|late by (?:` + delayForm + `)`
)

var faultSteps = []step{
	{
		topic: "What goes wrong", phase: sets,
		words: `{percent} of (the )messages( of host(s) {hosts}) are {spoilt}`,
		doc: "The chance that an agent's message is lost (and sent again each 30 seconds until it " +
			"is acknowledged), overtaken (by the next message), doubled (the second one arrives at once, " +
			"or after a delay) or late by a delay. A message that is late by more than 30 seconds is " +
			"sent again.",
		example: `10% of messages are late by 30 seconds`,
		do: func(w *world, chance sim.Probability, hosts []reducer.HostID, s messageFault) error {
			return addFault(w, sim.Fault{Kind: s.kind, Probability: chance, For: s.by.Distribution}, hosts)
		},
	},
	{
		topic: "What goes wrong", phase: sets,
		words: `{percent} of (the )polls {poll_fault}`,
		doc: "The chance that a poll fails, and sees nothing, or is stale, and sees what the poll " +
			"before it saw.",
		example: `20% of polls fail`,
		do: func(w *world, chance sim.Probability, kind sim.FaultKind) error {
			return addFault(w, sim.Fault{Kind: kind, Probability: chance}, nil)
		},
	},
	{
		topic: "What goes wrong", phase: sets,
		words: `these faults come by chance:`,
		doc: "Any faults, by the names that scenario files use: the chance of each, how long it " +
			"lasts, the hosts that it is limited to, and the span of time in which it may happen, " +
			"counted from the start.",
		example: `these faults come by chance:`,
		table:   []string{"fault", "chance", "for?", "hosts?", "from?", "until?"},
		sample: [][]string{
			{"fault", "chance", "for", "hosts", "until"},
			{"host-offline", "2%", "10 minutes", "stable-01, stable-02", "1 hour"},
			{"control-plane-crash", "1%", "1 minute", "", "1 hour"},
		},
		do: addFaults,
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )messages of host(s) {hosts} are {spoilt} for {duration}{when}`,
		doc: "Every message that the hosts send in that time is lost, overtaken, doubled or late. " +
			"A message that is late or lost delays those after it.",
		example: `the messages of host "stable-01" are lost for 10 minutes while wave 0 is soaking`,
		do: func(w *world, hosts []reducer.HostID, s messageFault, d time.Duration, when timing) error {
			hosts, err := w.fleet.match(hosts)
			if err != nil {
				return err
			}
			return w.scheduleChange(when, w.names.last, func(w *world) error {
				addCertain(
					w, sim.Fault{Kind: s.kind, For: s.by.Distribution}, hosts, w.timeline.now+faultDelay, d,
				)
				return nil
			})
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )next {message} of host {host} is {spoilt}{when}`,
		doc: "The next message of the host, or the next of a kind such as DispatchAck or " +
			"ActivationCompleted, and with it what the host sends in the same instant. A message that is " +
			"lost, or late by more than 30 seconds, is then sent again.",
		example: `the next ActivationCompleted of host "stable-01" is lost while wave 0 is activating`,
		do: func(
			w *world, kind reducer.AgentEventKind, host reducer.HostID, s messageFault, when timing,
		) error {
			if err := w.fleet.checkHosts([]reducer.HostID{host}); err != nil {
				return err
			}
			return w.scheduleChange(
				when, w.names.last, func(w *world) error { return addCertainNext(w, kind, host, s) },
			)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )next {message} of host {host} under (rollout ){rollout} is {spoilt}{when}`,
		doc: "The next message of the host about the rollout, or the next of a kind, and no other " +
			"message.",
		example: `the next Converged of host "stable-01" under "stable@b2" is lost while ` +
			`"stable@b2" is Active`,
		do: func(
			w *world, kind reducer.AgentEventKind, host reducer.HostID, id reducer.RolloutID,
			s messageFault, when timing,
		) error {
			if err := w.names.checkRollout(id); err != nil {
				return err
			}
			f := sim.FaultNow{Kind: s.kind, Rollout: id, Message: kind}
			if s.by.Distribution != nil {
				if q := s.by.Quantiles(2); q[0] != q[1] {
					return errors.New("one message is late by one length of time, such as 5 minutes")
				}
				f.For = s.by.longest
			}
			return scheduleFaults(w, []reducer.HostID{host}, f, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )next poll of (channel ){channel} {poll_fault}{when}`,
		doc: "The next poll of the channel alone fails or is stale. The shipped control plane polls " +
			"all channels at once.",
		example: `the next poll of channel "stable" fails at once`,
		do: func(w *world, id reducer.ChannelID, kind sim.FaultKind, when timing) error {
			if _, err := w.fleet.channel(id); err != nil {
				return err
			}
			if w.fleet.ControlPlane == controlplane.Shipped {
				return errors.New("the shipped control plane polls all channels at once: say for example " +
					`"polls fail for 30 seconds"`)
			}
			return w.schedule(
				when, w.names.last, &sim.Action{Fault: &sim.FaultNow{Kind: kind, Channel: id}},
			)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `(the )polls {poll_fault} for {duration}{when}`,
		doc:     "Every poll in that time fails or is stale.",
		example: `polls fail for 10 minutes`,
		do: func(w *world, kind sim.FaultKind, d time.Duration, when timing) error {
			return w.scheduleChange(when, w.names.last, func(w *world) error {
				addCertain(w, sim.Fault{Kind: kind}, nil, w.timeline.now+faultDelay, d)
				return nil
			})
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `host(s) {hosts} go(es) silent for {duration}{when}`,
		doc: "The hosts cannot be reached for that time. Their agents keep working, and report " +
			"once the hosts are back.",
		example: `host "stable-02" goes silent for 10 minutes while wave 1 is activating`,
		do: func(w *world, hosts []reducer.HostID, d time.Duration, when timing) error {
			return scheduleFaults(w, hosts, sim.FaultNow{Kind: sim.HostOffline, For: d}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `host(s) {hosts} go(es) silent{when}`,
		doc:     "The hosts cannot be reached until a sentence says that they return.",
		example: `host "stable-02" goes silent while wave 1 is activating`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			return scheduleFaults(w, hosts, sim.FaultNow{Kind: sim.HostOffline, For: endless}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `host(s) {hosts} return(s){when}`,
		doc:     "The hosts, which went silent, can be reached again.",
		example: `host "stable-02" returns 2 hours later`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			hosts, err := w.fleet.match(hosts)
			if err != nil {
				return err
			}
			return w.scheduleChange(when, w.names.last, func(w *world) error {
				for _, h := range hosts {
					i, found := w.timeline.endFault(sim.HostOffline, h)
					if !found {
						return fmt.Errorf(
							"host %s has not gone silent, or an earlier sentence says when it returns", h,
						)
					}
					w.addedEnd(i, sim.HostOffline, []reducer.HostID{h})
				}
				return nil
			})
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `host(s) {hosts} is/are lost for good{when}`,
		doc:     "The hosts are gone, and never come back.",
		example: `host "stable-02" is lost for good while wave 1 is activating`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			return scheduleFaults(w, hosts, sim.FaultNow{Kind: sim.HostLost}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )agent(s) of host(s) {hosts} restart(s)( taking {duration}){when}`,
		doc: "The agents restart in the middle of a switch, which starts again. Their records " +
			"survive.",
		example: `the agent of host "stable-01" restarts taking 30 seconds while host "stable-01" is ` +
			`activating`,
		do: func(w *world, hosts []reducer.HostID, d time.Duration, when timing) error {
			return scheduleFaults(w, hosts, sim.FaultNow{Kind: sim.AgentRestart, For: d}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `(the )clock(s) of host(s) {hosts} is/are {skew}{when}`,
		doc:     "The times in the hosts' messages are off from now on.",
		example: `the clock of host "stable-01" is 5 minutes ahead`,
		do: func(w *world, hosts []reducer.HostID, by time.Duration, when timing) error {
			return scheduleFaults(w, hosts, sim.FaultNow{Kind: sim.ClockSkew, For: by}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )control plane crashes for {duration}{when}`,
		doc: "The control plane is down for that time. Its state is then rebuilt from the trace " +
			"alone, and compared with the state before the crash.",
		example: `the control plane crashes for 10 minutes while wave 1 is activating`,
		do: func(w *world, d time.Duration, when timing) error {
			return w.schedule(
				when, w.names.last, &sim.Action{Fault: &sim.FaultNow{Kind: sim.ControlPlaneCrash, For: d}},
			)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `(the )control plane crashes{when}`,
		doc:     "The control plane is down until a sentence says that it restarts.",
		example: `the control plane crashes while wave 1 is activating`,
		do: func(w *world, when timing) error {
			return w.schedule(
				when, w.names.last,
				&sim.Action{Fault: &sim.FaultNow{Kind: sim.ControlPlaneCrash, For: endless}},
			)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `(the )control plane restarts{when}`,
		doc:     "The control plane, which crashed, is back.",
		example: `the control plane restarts 5 minutes later`,
		do: func(w *world, when timing) error {
			return w.scheduleChange(when, w.names.last, func(w *world) error {
				i, found := w.timeline.endFault(sim.ControlPlaneCrash, "")
				if !found {
					return errors.New(
						"the control plane has not crashed, or an earlier sentence says when it restarts",
					)
				}
				w.addedEnd(i, sim.ControlPlaneCrash, nil)
				return nil
			})
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `these faults happen:`,
		doc: "Several faults, in order, by the names that scenario files use; those of messages " +
			"and polls have sentences of their own. The column when holds what would end a sentence.",
		example: `these faults happen:`,
		table:   []string{"fault", "host?", "for?", "when?"},
		sample: [][]string{
			{"fault", "host", "for", "when"},
			{"control-plane-crash", "", "1 minute", "10 minutes later"},
			{"host-lost", "stable-02", "", "at once"},
		},
		do: scheduleFaultTable,
	},
}

// faultDelay is how long after the present a fault begins that is not an action of the timeline. It
// then changes nothing that happened at the present or before.
const faultDelay = time.Millisecond

// ofHosts reports whether a fault can be limited to hosts.
func ofHosts(kind sim.FaultKind) bool {
	return kind != sim.ControlPlaneCrash && kind != sim.PollFailed && kind != sim.PollStale &&
		kind != sim.TornOpeningCrash
}

// ofTimeline reports whether a fault can be an action of a timeline: those of messages and polls
// cannot.
func ofTimeline(kind sim.FaultKind) bool {
	switch kind {
	case sim.HostOffline, sim.HostLost, sim.AgentRestart, sim.ClockSkew, sim.ControlPlaneCrash:
		return true
	case sim.MessageDelayed, sim.MessageDropped, sim.MessageDuplicated, sim.MessageReordered,
		sim.PollFailed, sim.PollStale, sim.DatabaseError, sim.LogInsertFailed, sim.TornOpeningCrash:
	}
	return false
}

// lasting reports whether a fault needs a length of time.
func lasting(kind sim.FaultKind) bool {
	return kind == sim.MessageDelayed || kind == sim.HostOffline || kind == sim.ClockSkew
}

// addFault adds a fault that happens by chance.
func addFault(w *world, f sim.Fault, hosts []reducer.HostID) error {
	if len(hosts) > 0 && !ofHosts(f.Kind) {
		return fmt.Errorf("%v is not a fault of hosts: delete the hosts", f.Kind)
	}
	if f.Kind.ShippedOnly() {
		if err := needShipped(w); err != nil {
			return err
		}
	}
	hosts, err := w.fleet.match(hosts)
	if err == nil {
		thing := fmt.Sprintf("the chance of %v", f.Kind)
		if f.From > 0 || f.Until > 0 {
			thing += fmt.Sprintf(" from %s until %s", elapsed(f.From), elapsed(f.Until))
		}
		err = w.giveHosts(thing, hosts)
	}
	if err != nil {
		return err
	}
	r := w.added()
	r.chance, r.faults = true, append(r.faults, len(w.fleet.Faults))
	w.fleet.addFault(f, hosts)
	return nil
}

func addFaults(w *world, t gherkin.Table) error {
	w.row = 0
	return t.Each(func(r gherkin.Row) error {
		w.row++ // each row is a chance of its own
		f := sim.Fault{}
		var err error
		if f.Kind, err = gherkin.Cell(r, "fault", parseFault); err != nil {
			return err
		}
		if f.Probability, err = gherkin.Cell(r, "chance", parsePercent); err != nil {
			return err
		}
		length, err := gherkin.Cell(r, "for", parseDelay)
		if err != nil {
			return err
		}
		if f.From, err = gherkin.Cell(r, "from", parseDuration); err != nil {
			return err
		}
		if f.Until, err = gherkin.Cell(r, "until", parseDuration); err != nil {
			return err
		}
		switch f.For = length.Distribution; {
		case f.Kind == 0 || r["chance"] == "":
			return fmt.Errorf("the row needs a fault and a chance")
		case f.For == nil && lasting(f.Kind):
			return fmt.Errorf("column for: %v needs a length of time", f.Kind)
		case r["until"] != "" && f.Until <= f.From:
			return fmt.Errorf("column until: the fault must end after it begins")
		}
		return addFault(w, f, parseHosts(r["hosts"]))
	})
}

// scheduleFaults adds the same fault of several hosts at one time.
func scheduleFaults(w *world, hosts []reducer.HostID, f sim.FaultNow, when timing) error {
	hosts, err := w.fleet.match(hosts)
	if err != nil {
		return err
	}
	if f.For < endless {
		w.fleet.allowSilence(max(f.For, -f.For))
	}
	for i, h := range hosts {
		if i > 0 {
			when = timing{kind: together}
		}
		f.Host = h
		one := f
		if err := w.schedule(when, w.names.last, &sim.Action{Fault: &one}); err != nil {
			return err
		}
	}
	return nil
}

func scheduleFaultTable(w *world, t gherkin.Table) error {
	return t.Each(func(r gherkin.Row) error {
		kind, err := gherkin.Cell(r, "fault", parseFault)
		if err != nil {
			return err
		}
		length, err := gherkin.Cell(r, "for", parseDuration)
		if err != nil {
			return err
		}
		when, err := parseWhen(r["when"])
		f := sim.FaultNow{Kind: kind, For: length}
		switch {
		case err != nil:
			return err
		case kind == 0:
			return fmt.Errorf("the row needs a fault")
		case !ofTimeline(kind):
			return fmt.Errorf(
				"%v has a sentence of its own, which says for how long, as in \"polls fail for 10 minutes\"",
				kind,
			)
		case (r["host"] != "") != ofHosts(kind):
			return fmt.Errorf(
				"%v and this host do not fit: a fault is either of a host or of the control plane", kind,
			)
		case lasting(kind) && length == 0:
			return fmt.Errorf("column for: %v needs a length of time", kind)
		case kind == sim.ControlPlaneCrash:
			return w.schedule(when, w.names.last, &sim.Action{Fault: &f})
		}
		return scheduleFaults(w, []reducer.HostID{reducer.HostID(r["host"])}, f, when)
	})
}

// addCertain adds a fault that always happens for a time, and announces it.
func addCertain(w *world, f sim.Fault, hosts []reducer.HostID, from, lasts time.Duration) {
	f.Probability, f.From, f.Until = sim.Certain, from, from+lasts
	r := w.added()
	r.faults = append(r.faults, len(w.fleet.Faults))
	r.addSpan(faultSpan{f.Kind, f.From, f.Until, hosts})
	w.fleet.addFault(f, hosts)
	w.fleet.allowSilence(lasts)
	if hosts == nil {
		w.announced.add(announcedFault{
			kind: f.Kind, from: f.From, to: f.Until, sentence: w.sentence,
		})
	}
	for _, h := range hosts {
		w.announced.add(announcedFault{
			kind: f.Kind, host: h, from: f.From, to: f.Until, sentence: w.sentence,
		})
	}
}

// addCertainNext adds a fault of the next message that a host sends after the present. A kind of 0
// stands for any message.
func addCertainNext(
	w *world, kind reducer.AgentEventKind, host reducer.HostID, s messageFault,
) error {
	now := w.timeline.now
	h, err := w.forecast(w.timeline.actions)
	if err != nil {
		return err
	}
	for i := range h.entries {
		e, at := &h.entries[i], h.at(i)
		if e.Agent != nil && e.Host == host && at > now && (kind == 0 || e.Agent.Kind == kind) {
			fault := sim.Fault{Kind: s.kind, For: s.by.Distribution}
			addCertain(w, fault, []reducer.HostID{host}, at.Truncate(faultDelay), faultDelay)
			return nil
		}
	}
	return fmt.Errorf(
		"host %s sends no such message after %s; a sentence that does not say when waits until "+
			"everything has settled: say \"at once\", or while what", host, elapsed(now),
	)
}

// A messageFault is what happens to messages.
type messageFault struct {
	kind sim.FaultKind
	by   delay
}

var messageFaultForm = regexp.MustCompile(`^(lost|overtaken|doubled|late)(?: (?:after|by) (.*))?$`)

func parseMessageFault(text string) (any, error) {
	m := messageFaultForm.FindStringSubmatch(text)
	s := messageFault{kind: map[string]sim.FaultKind{
		"lost":      sim.MessageDropped,
		"overtaken": sim.MessageReordered,
		"doubled":   sim.MessageDuplicated,
		"late":      sim.MessageDelayed,
	}[m[1]]}
	var err error
	if m[2] != "" {
		s.by, err = parseDelay(m[2])
	}
	return s, err
}

func parsePollFault(s string) (any, error) {
	if strings.HasPrefix(s, "fail") {
		return sim.PollFailed, nil
	}
	return sim.PollStale, nil
}

func parseSkew(s string) (any, error) {
	text, behind := strings.CutSuffix(s, "behind")
	d, err := parseDuration(strings.TrimSpace(strings.TrimSuffix(text, "ahead")))
	if behind {
		d = -d
	}
	return d, err
}

func parseMessage(s string) (any, error) {
	if s == "message" {
		return reducer.AgentEventKind(0), nil
	}
	return parseEnum("message of an agent", s, reducer.AgentEventKinds())
}

func parseFault(s string) (sim.FaultKind, error) {
	kinds := append(sim.FaultKinds(), sim.ShippedFaultKinds()...)
	return parseEnum("fault", strings.ReplaceAll(s, " ", "-"), kinds)
}
