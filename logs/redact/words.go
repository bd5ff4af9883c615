package redact

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

// class says what a field holds.
type class uint8

const (
	unknown class = iota // whatever it holds is replaced
	name                 // a name, or a compound of names, or a list of them
	moment               // a time
	word                 // one of the format's own words; anything else is replaced
	// the same, and one that this version does not know stays if it looks like one
	kind
	message // a text of the format's words and of names
	free    // a text that somebody wrote
	number
	verbatim // the trace's own bookkeeping
	nested   // an object, or a list of them
)

// classes has the class of each class of the format's fields.
var classes = [trace.ClassCount]class{
	trace.ClassTag:     kind,
	trace.ClassName:    name,
	trace.ClassWord:    word,
	trace.ClassTime:    moment,
	trace.ClassNumber:  number,
	trace.ClassMessage: message,
	trace.ClassText:    free,
	trace.ClassObject:  nested,
	trace.ClassLiteral: verbatim,
}

// fields has the class of every field of the format, in both spellings, wherever it occurs.
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

// vocabulary are the format's own words.
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
		fields[k.String()] = nested // as the tag of an event
	}
	for _, k := range reducer.EffectKinds() {
		add(k.String())
		fields[k.String()] = nested
	}
	addAll(add, reducer.States())
	addAll(add, reducer.HostStates())
	addAll(add, reducer.AgentEventKinds())
	addAll(add, reducer.HealthPolicies())
	addAll(add, sim.FaultKinds())
	for k := trace.KindAgentEvent; k < trace.KindOther; k++ {
		add(k.String())
	}
	add(machine.Names()...)
	add(trace.OpenRollout.String(), trace.QueueDispatch.String())
	add(trace.RecordTransition, trace.RemoteInsertQuarantine, trace.RemoteRemoveQuarantine)
	add(
		trace.ErrorIllegalForState, trace.ErrorUnimplemented, trace.ErrorInvariant,
		trace.ErrorSupersessionExpected, trace.ErrorUnknownRollout,
	)
	add(trace.Gates()...)
	add("channelEdges", "hostEdges")
	add(
		"systemd-run-detached", "http", "https", "tcp", "exec", "enforce", "observe", "pass", "fail",
		"kernel", "dbus", "systemd",
	)
	return all
}

func addAll[T fmt.Stringer](add func(...string), values []T) {
	for _, v := range values {
		add(v.String())
	}
}

// knownKinds are the kinds of entries whose payload this version knows.
var knownKinds = makeKnownKinds()

func makeKnownKinds() map[string]bool {
	all := make(map[string]bool)
	for k := trace.KindAgentEvent; k < trace.KindOther; k++ {
		all[k.String()] = k != trace.KindVerifyOutcome
	}
	return all
}

// phrases are how gates and the reducer put things. Their words stay within a message.
var phrases = []string{
	"host_wave current_wave",
	"predecessor channel not converged",
	"predecessor host not ordering-eligible",
	"closure rolled back on channel",
	"has in flight",
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

// token is what may be a name within a text.
var token = regexp.MustCompile(`[\pL\pN_](?:[\pL\pN_.@/+-]*[\pL\pN_])?`)

// looksLikeKind tells whether a word may be one that a later version of the format has.
var looksLikeKind = regexp.MustCompile(`^[A-Za-z]+([_-][A-Za-z]+)*$`)

// plainNumber tells whether a text is a number that is too short to be a name.
func plainNumber(s string) bool {
	return len(s) <= 9 && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
}
