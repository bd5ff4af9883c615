package story

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// How what goes wrong is called.
const (
	mishapForm = `activations fail|activations are deferred|probes fail|rollbacks never complete|dispatches are never acked`
	spoiltForm = `lost|overtaken|doubled(?: after (?:` + delayForm + `))?|late by (?:` + delayForm + `)`
)

var faultSteps = []step{
	{
		topic: "What goes wrong", phase: sets,
		words: `{percent} of (the )messages( of host(s) {hosts}) are {spoilt}`,
		doc: "Chance spoils messages of agents: they are lost (and sent again, each 30 seconds, " +
			"until they are acknowledged), overtaken (by the next message), doubled (the second arrives " +
			"at once, or after a delay) or late by a delay, of which 30 seconds count at most: then it " +
			"is sent again.",
		example: `10% of messages are late by 30 seconds`,
		do: func(w *world, chance sim.Probability, hosts []reducer.HostID, s spoilt) error {
			return w.addFault(sim.Fault{Kind: s.kind, Probability: chance, For: s.by.Distribution}, hosts)
		},
	},
	{
		topic: "What goes wrong", phase: sets,
		words: `{percent} of (the )polls {poll_fault}`,
		doc: "Chance spoils polls: they fail, and see nothing, or are stale, and see what was " +
			"there before.",
		example: `20% of polls fail`,
		do: func(w *world, chance sim.Probability, kind sim.FaultKind) error {
			return w.addFault(sim.Fault{Kind: kind, Probability: chance}, nil)
		},
	},
	{
		topic: "What goes wrong", phase: sets,
		words: `these faults come by chance:`,
		doc: "Any fault, as scenario files name it, its chance each time that it is asked, how " +
			"long it lasts, which hosts it is limited to, and from when until when it may come, counted " +
			"from the start.",
		example: `these faults come by chance:`,
		table:   []string{"fault", "chance", "for?", "hosts?", "from?", "until?"},
		sample: [][]string{
			{"fault", "chance", "for", "hosts", "until"},
			{"host-offline", "2%", "10 minutes", "stable-01, stable-02", "1 hour"},
			{"control-plane-crash", "1%", "1 minute", "", "1 hour"},
		},
		do: (*world).addFaults,
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )messages of host(s) {hosts} are {spoilt} for {duration}{when}`,
		doc: "Every message that the hosts send in that time is lost, overtaken, doubled or late. " +
			"What is late or lost holds up what comes after it.",
		example: `the messages of host "stable-01" are lost for 10 minutes while wave 0 is soaking`,
		do: func(w *world, hosts []reducer.HostID, s spoilt, d time.Duration, when timing) error {
			hosts, err := w.hostsNamed(hosts)
			if err != nil {
				return err
			}
			return w.tellLater(when, w.moved, func(w *world) error {
				return w.spoil(sim.Fault{Kind: s.kind, For: s.by.Distribution}, hosts, w.now+breakOff, d)
			})
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )next {message} of host {host} is {spoilt}{when}`,
		doc: "The next message of the host, or the next of that kind, such as DispatchAck or " +
			"ActivationCompleted; and with it what the host sends in the same instant. What is lost, or " +
			"late by more than 30 seconds, is sent again then.",
		example: `the next ActivationCompleted of host "stable-01" is lost while wave 0 is activating`,
		do: func(w *world, kind reducer.AgentEventKind, host reducer.HostID, s spoilt, when timing) error {
			if err := w.checkHosts([]reducer.HostID{host}); err != nil {
				return err
			}
			return w.tellLater(when, w.moved, func(w *world) error { return w.spoilNext(kind, host, s) })
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `(the )polls {poll_fault} for {duration}{when}`,
		doc:     "Every poll in that time fails or is stale.",
		example: `polls fail for 10 minutes`,
		do: func(w *world, kind sim.FaultKind, d time.Duration, when timing) error {
			return w.tellLater(when, w.moved, func(w *world) error {
				return w.spoil(sim.Fault{Kind: kind}, nil, w.now+breakOff, d)
			})
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `host(s) {hosts} go(es) silent for {duration}{when}`,
		doc: "The hosts cannot be reached for that time. Their agents work on, and report when " +
			"they are back.",
		example: `host "stable-02" goes silent for 10 minutes while wave 1 is activating`,
		do: func(w *world, hosts []reducer.HostID, d time.Duration, when timing) error {
			return w.tellFaults(hosts, sim.FaultNow{Kind: sim.HostOffline, For: d}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `host(s) {hosts} go(es) silent{when}`,
		doc:     "The same, until a sentence says that they return.",
		example: `host "stable-02" goes silent while wave 1 is activating`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			return w.tellFaults(hosts, sim.FaultNow{Kind: sim.HostOffline, For: endless}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `host(s) {hosts} return(s){when}`,
		doc:     "The hosts, which went silent, can be reached again.",
		example: `host "stable-02" returns 2 hours later`,
		do: func(w *world, hosts []reducer.HostID, when timing) error {
			hosts, err := w.hostsNamed(hosts)
			if err != nil {
				return err
			}
			return w.tellLater(when, w.moved, func(w *world) error {
				for _, h := range hosts {
					if !w.end(sim.HostOffline, h) {
						return fmt.Errorf("host %s has not gone silent, or it is known already when it returns", h)
					}
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
			return w.tellFaults(hosts, sim.FaultNow{Kind: sim.HostLost}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )agent(s) of host(s) {hosts} restart(s)( taking {duration}){when}`,
		doc: "The agents restart in the middle of a switch, which starts again. What they know " +
			"survives.",
		example: `the agent of host "stable-01" restarts taking 30 seconds while host "stable-01" is activating`,
		do: func(w *world, hosts []reducer.HostID, d time.Duration, when timing) error {
			return w.tellFaults(hosts, sim.FaultNow{Kind: sim.AgentRestart, For: d}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `(the )clock(s) of host(s) {hosts} is/are {skew}{when}`,
		doc:     "The times in the hosts' messages are off from now on.",
		example: `the clock of host "stable-01" is 5 minutes ahead`,
		do: func(w *world, hosts []reducer.HostID, by time.Duration, when timing) error {
			return w.tellFaults(hosts, sim.FaultNow{Kind: sim.ClockSkew, For: by}, when)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `(the )control plane crashes for {duration}{when}`,
		doc: "The control plane is down for that time. What it knew is then rebuilt from the " +
			"trace alone, and held against what it was.",
		example: `the control plane crashes for 10 minutes while wave 1 is activating`,
		do: func(w *world, d time.Duration, when timing) error {
			return w.tell(
				when, w.moved, &sim.Action{Fault: &sim.FaultNow{Kind: sim.ControlPlaneCrash, For: d}},
			)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `(the )control plane crashes{when}`,
		doc:     "The same, until a sentence says that it restarts.",
		example: `the control plane crashes while wave 1 is activating`,
		do: func(w *world, when timing) error {
			return w.tell(
				when, w.moved, &sim.Action{Fault: &sim.FaultNow{Kind: sim.ControlPlaneCrash, For: endless}},
			)
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words:   `(the )control plane restarts{when}`,
		doc:     "The control plane, which crashed, is back.",
		example: `the control plane restarts 5 minutes later`,
		do: func(w *world, when timing) error {
			return w.tellLater(when, w.moved, func(w *world) error {
				if !w.end(sim.ControlPlaneCrash, "") {
					return fmt.Errorf("the control plane has not crashed, or it is known already when it restarts")
				}
				return nil
			})
		},
	},
	{
		topic: "What goes wrong", phase: happens,
		words: `these faults happen:`,
		doc: "Several faults, as scenario files name them, in order: any but those of messages " +
			"and polls. The column when says what the end of a sentence would say.",
		example: `these faults happen:`,
		table:   []string{"fault", "host?", "for?", "when?"},
		sample: [][]string{
			{"fault", "host", "for", "when"},
			{"control-plane-crash", "", "1 minute", "10 minutes later"},
			{"host-lost", "stable-02", "", "at once"},
		},
		do: (*world).tellFaultTable,
	},
}

const (
	// endless is how long something lasts of which no sentence says yet when it ends.
	endless = maxDuration

	// breakOff is how long after the present a fault begins that is no action of the timeline, so that
	// it changes nothing of what has been told.
	breakOff = time.Millisecond
)

// begun is a fault in the timeline, and when it comes.
type begun struct {
	action int // its index
	at     time.Duration
}

// brought is a fault that the story tells, and when it should come. One that does not come was told
// in vain.
type brought struct {
	kind     sim.FaultKind
	host     reducer.HostID
	from, to time.Duration
	sentence string
}

func (w *world) note(
	kind sim.FaultKind, host reducer.HostID, from, to time.Duration, sentence string,
) {
	w.brought = append(w.brought, brought{kind, host, from, to, sentence})
}

// checkFaults refuses a fault that the story tells and that did not come: nothing was put to the
// test.
func (w *world) checkFaults() error {
	for _, b := range w.brought {
		came := false
		for i := range w.telling.entries {
			e := &w.telling.entries[i]
			at := w.telling.since(e.At)
			came = came ||
				e.Fault != nil && e.Fault.Fault == b.kind.String() && e.Host == b.host && at >= b.from &&
					at <= b.to
		}
		if !came {
			return fmt.Errorf("nothing came of this: %s\n    %s", b.sentence, w.vain(&b))
		}
	}
	return nil
}

// checkLifts refuses an operator who lifts what is in no quarantine.
func (w *world) checkLifts() error {
	for i := range w.telling.entries {
		e := w.telling.entries[i].HostEffect
		if e == nil || e.Effect != trace.RemoteRemoveQuarantine {
			continue
		}
		if from, preset := w.quarantined(reducer.ChannelRef(e.Closure), e.Channel, i); from == noEntry &&
			!preset {
			return fmt.Errorf("at %s an operator lifts the quarantine of ref %q on channel %q, and it is "+
				"not quarantined there",
				w.time(w.at(i)), e.Closure, e.Channel)
		}
	}
	return nil
}

// vain says why a fault did not come.
func (w *world) vain(b *brought) string {
	switch b.kind {
	case sim.AgentRestart:
		return fmt.Sprintf("an agent restarts only in the middle of a switch: say for example \"while "+
			"host %s is activating\"", b.host)
	case sim.HostOffline, sim.HostLost, sim.ClockSkew:
		return fmt.Sprintf("at %s host %s was silent or lost already", w.time(b.from), b.host)
	case sim.ControlPlaneCrash:
		return fmt.Sprintf("at %s it was down already", w.time(b.from))
	case sim.PollFailed, sim.PollStale:
		return fmt.Sprintf("no channel is polled from %s to %s", w.time(b.from), w.time(b.to))
	case sim.MessageDelayed, sim.MessageDropped, sim.MessageDuplicated, sim.MessageReordered:
	}
	return fmt.Sprintf("host %s sends nothing from %s to %s", b.host, w.time(b.from), w.time(b.to))
}

// ofHosts tells whether a fault can be limited to hosts.
func ofHosts(kind sim.FaultKind) bool {
	return kind != sim.ControlPlaneCrash && kind != sim.PollFailed && kind != sim.PollStale
}

// ofTimeline tells whether a fault comes by itself: it needs no message and no poll.
func ofTimeline(kind sim.FaultKind) bool {
	switch kind {
	case sim.HostOffline, sim.HostLost, sim.AgentRestart, sim.ClockSkew, sim.ControlPlaneCrash:
		return true
	case sim.MessageDelayed,
		sim.MessageDropped,
		sim.MessageDuplicated,
		sim.MessageReordered,
		sim.PollFailed,
		sim.PollStale:
	}
	return false
}

// lasting tells whether a fault says nothing without a length.
func lasting(kind sim.FaultKind) bool {
	return kind == sim.MessageDelayed || kind == sim.HostOffline || kind == sim.ClockSkew
}

// addFault lets chance bring a fault.
func (w *world) addFault(f sim.Fault, hosts []reducer.HostID) error {
	if len(hosts) > 0 && !ofHosts(f.Kind) {
		return fmt.Errorf("%v is no fault of hosts", f.Kind)
	}
	hosts, err := w.hostsNamed(hosts)
	if err != nil {
		return err
	}
	f.Hosts = as[string](hosts)
	w.scenario.Faults = append(w.scenario.Faults, f)
	if f.For != nil {
		w.silence(f.For.Longest())
	}
	return nil
}

func (w *world) addFaults(t table) error {
	return t.each(func(r row) error {
		f := sim.Fault{}
		var err error
		if f.Kind, err = cell(r, "fault", parseFault); err != nil {
			return err
		}
		if f.Probability, err = cell(r, "chance", parsePercent); err != nil {
			return err
		}
		length, err := cell(r, "for", parseDelay)
		if err != nil {
			return err
		}
		if f.From, err = cell(r, "from", parseDuration); err != nil {
			return err
		}
		if f.Until, err = cell(r, "until", parseDuration); err != nil {
			return err
		}
		switch f.For = length.Distribution; {
		case f.Kind == 0 || r["chance"] == "":
			return fmt.Errorf("it needs a fault and a chance")
		case f.For == nil && lasting(f.Kind):
			return fmt.Errorf("column for: %v lasts for some time", f.Kind)
		case r["until"] != "" && f.Until <= f.From:
			return fmt.Errorf("column until: this is not after it begins")
		}
		return w.addFault(f, names[reducer.HostID](r["hosts"]))
	})
}

// tellFaults tells of the same fault of several hosts at one time.
func (w *world) tellFaults(hosts []reducer.HostID, f sim.FaultNow, when timing) error {
	hosts, err := w.hostsNamed(hosts)
	if err != nil {
		return err
	}
	if f.For < endless {
		w.silence(max(f.For, -f.For))
	}
	for i, h := range hosts {
		if i > 0 {
			when = timing{kind: together}
		}
		f.Host = h
		one := f
		if err := w.tell(when, w.moved, &sim.Action{Fault: &one}); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) tellFaultTable(t table) error {
	return t.each(func(r row) error {
		kind, err := cell(r, "fault", parseFault)
		if err != nil {
			return err
		}
		length, err := cell(r, "for", parseDuration)
		if err != nil {
			return err
		}
		when, err := parseWhen(r["when"])
		f := sim.FaultNow{Kind: kind, For: length}
		switch {
		case err != nil:
			return err
		case kind == 0:
			return fmt.Errorf("it needs a fault")
		case !ofTimeline(kind):
			return fmt.Errorf("%v comes to what is sent or polled: say for how long, as in \"polls fail "+
				"for 10 minutes\"", kind)
		case (r["host"] != "") != ofHosts(kind):
			return fmt.Errorf("%v is of the control plane when there is no host, and else of a host", kind)
		case lasting(kind) && length == 0:
			return fmt.Errorf("column for: %v lasts for some time", kind)
		case kind == sim.ControlPlaneCrash:
			return w.tell(when, w.moved, &sim.Action{Fault: &f})
		}
		return w.tellFaults([]reducer.HostID{reducer.HostID(r["host"])}, f, when)
	})
}

// spoil makes a fault certain for a time.
func (w *world) spoil(f sim.Fault, hosts []reducer.HostID, from, lasts time.Duration) error {
	f.Probability, f.From, f.Until, f.Hosts = sim.Certain, from, from+lasts, as[string](hosts)
	w.scenario.Faults = append(w.scenario.Faults, f)
	w.silence(lasts)
	if f.For != nil {
		w.silence(f.For.Longest())
	}
	if hosts == nil {
		w.note(f.Kind, "", f.From, f.Until, w.current)
	}
	for _, h := range hosts {
		w.note(f.Kind, h, f.From, f.Until, w.current)
	}
	return nil
}

// spoilNext spoils the next message of a kind, 0 for any, that a host sends after the present.
func (w *world) spoilNext(kind reducer.AgentEventKind, host reducer.HostID, s spoilt) error {
	t, err := w.simulate(w.timeline, w.now, w.now+patience, w.quiet())
	if err != nil {
		return err
	}
	for i := range t.entries {
		e := &t.entries[i]
		if at := t.since(e.At); e.Agent != nil && e.Host == host && at > w.now &&
			(kind == 0 || e.Agent.Kind == kind) {
			return w.spoil(
				sim.Fault{Kind: s.kind, For: s.by.Distribution}, []reducer.HostID{host}, at, breakOff,
			)
		}
	}
	return fmt.Errorf("host %s sends no such message after %s; a sentence that does not say when "+
		"waits until everything has "+
		"settled: say \"at once\", or while what", host, w.time(w.now))
}

// end ends now what began without an end; false when nothing did.
func (w *world) end(kind sim.FaultKind, host reducer.HostID) bool {
	for _, b := range w.began {
		f := w.timeline[b.action].Fault
		if f.Kind == kind && f.Host == host && f.For == endless {
			ended := *f
			ended.For = w.now - b.at
			w.timeline[b.action].Fault = &ended
			return true
		}
	}
	return false
}

// spoilt is what becomes of messages.
type spoilt struct {
	kind sim.FaultKind
	by   delay
}

var spoiltBy = regexp.MustCompile(`^(lost|overtaken|doubled|late)(?: (?:after|by) (.*))?$`)

func parseSpoilt(text string) (any, error) {
	m := spoiltBy.FindStringSubmatch(text)
	s := spoilt{kind: map[string]sim.FaultKind{
		"lost": sim.MessageDropped, "overtaken": sim.MessageReordered, "doubled": sim.MessageDuplicated, "late": sim.MessageDelayed,
	}[m[1]]}
	var err error
	if m[2] != "" {
		s.by, err = parseDelay(m[2])
	}
	return s, err
}

func parsePollFault(s string) (any, error) {
	if s == "fail" {
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
	return parseEnum("fault", strings.ReplaceAll(s, " ", "-"), sim.FaultKinds())
}
