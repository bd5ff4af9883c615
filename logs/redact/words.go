package redact

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// class is what a field holds.
type class uint8

const (
	unknown class = iota // a field that this version does not know: any value is replaced
	name                 // a name, a compound of names, or a list of them
	moment               // a time
	word                 // a word of the format; any other value is replaced
	message              // a text of words of the format and names
	free                 // a text that a person or another program wrote
	number               // a number of the format
	end                  // the end of a run: the number of an entry, or a duration
	nested               // an object, or a list of them
)

// classes maps the classes of package trace to those of this package.
var classes = [trace.ClassCount]class{
	trace.ClassTag:     word,
	trace.ClassName:    name,
	trace.ClassWord:    word,
	trace.ClassTime:    moment,
	trace.ClassNumber:  number,
	trace.ClassMessage: message,
	trace.ClassText:    free,
	trace.ClassObject:  nested,
	trace.ClassLiteral: end,
}

// fields holds the class of each field of the format by name, in both spellings.
var fields = makeFields()

func makeFields() map[string]class {
	all := map[string]class{"events": nested}
	for _, f := range trace.Fields() {
		c := classes[f.Class]
		if f.Name == "reason" {
			c = free // the reason of a gate is a message: see Redactor.member
		}
		all[f.Name] = c
		if f.Tagged != "" {
			all[f.Tagged] = c
		}
	}
	return all
}

// faultKinds are the names of the simulator's faults. This package must not import the simulator: a
// test compares the list with it.
var faultKinds = []string{
	"message-delayed", "message-duplicated", "message-reordered", "message-dropped",
	"host-offline", "host-lost", "agent-restart", "control-plane-crash", "poll-failed",
	"poll-stale", "clock-skew", "database-error", "log-insert-failed", "torn-opening",
}

// controlPlanes are the names of control planes in the headers of simulated traces. A test compares
// the list with that of package controlplane.
var controlPlanes = []string{"specified", "shipped", "none"}

// vocabulary is the set of words of the format.
var vocabulary = makeVocabulary()

func makeVocabulary() map[string]bool {
	all := make(map[string]bool)
	add := func(words ...string) {
		for _, w := range words {
			all[w] = true
		}
	}
	for _, k := range reducer.EventKinds() {
		add(k.String())
		fields[k.String()] = nested // the tag of an event in the other spelling
	}
	for _, k := range reducer.EffectKinds() {
		add(k.String())
		fields[k.String()] = nested
	}
	addAll(add, reducer.States())
	addAll(add, reducer.HostStates())
	addAll(add, reducer.AgentEventKinds())
	addAll(add, reducer.HealthPolicies())
	add(faultKinds...)
	for k := trace.KindAgentEvent; k < trace.KindOther; k++ {
		add(k.String())
	}
	add(machine.Names()...)
	add(trace.ShippedControlPlane)
	add(trace.OpenRollout.String(), trace.QueueDispatch.String())
	add(trace.HostEffects()...)
	add(
		trace.ErrorIllegalForState, trace.ErrorUnimplemented, trace.ErrorInvariant,
		trace.ErrorSupersessionExpected, trace.ErrorUnknownRollout,
	)
	add(trace.ShippedGates()...)
	add(trace.Gates()...)
	add("host-edges") // of earlier versions
	add(controlPlanes...)
	add("channelEdges", "hostEdges")
	add(
		"systemd-run-detached", "switch-to-configuration", "http", "https", "tcp", "exec",
		"enforce", "observe", "pass", "fail",
		"kernel", "dbus", "systemd",
	)
	return all
}

func addAll[T fmt.Stringer](add func(...string), values []T) {
	for _, v := range values {
		add(v.String())
	}
}

// phrases are the reasons of gates and the errors of the reducer without their values. The words of
// phrases stay in a message.
var phrases = []string{
	"host_wave current_wave",
	"predecessor channel not converged",
	"predecessor host not ordering-eligible",
	"closure rolled back on channel",
	"has in flight",
	"channel declares waves but this host is not assigned to any of them (default-deny)",
	"gating host not yet Converged",
	"in flight (all)",
	"channel: tags: tags_any: hosts:", // before the selector of a budget
	"outstanding failure(s) on hosts in wave",
	"event is not legal in state (rollout)",
	"event is not implemented in state (rollout)",
	"event of a rollout that was never opened (rollout)",
	"event of another rollout: event in state",
	"wave regression: event in state",
	"host joined in wave and again in wave",
	"host has not joined",
	"host is, not",
	"host may not move from to",
	"successor was not opened in lockstep",
	"rollout was opened while stands for channel: a SuccessorOpened in lockstep was expected",
}

var messageWords = makeMessageWords()

func makeMessageWords() map[string]bool {
	all := make(map[string]bool)
	for _, p := range phrases {
		for _, w := range token.FindAllString(p, -1) {
			all[w] = true
		}
	}
	return all
}

// token matches a word of a message, which may be a name.
var token = regexp.MustCompile(`[\pL\pN_](?:[\pL\pN_.@/+-]*[\pL\pN_])?`)

// duration matches the text of a time.Duration.
var duration = regexp.MustCompile(`^([0-9]{1,9}(\.[0-9]{1,9})?(h|m|s|ms|µs|ns))+$`)

// plainNumber reports whether a text is a number too short to be a name, or two of them, such as
// the 1/2 of a budget.
func plainNumber(s string) bool {
	a, b, two := strings.Cut(s, "/")
	return isDigits(a) && (!two || a != "" && b != "" && isDigits(b))
}

func isDigits(s string) bool {
	return len(s) <= 9 && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}
