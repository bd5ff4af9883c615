package trace

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rollsim/reducer"
)

// inColumns lists fields that the text form does not show as details, because its columns show the
// same fields of the entry. It shows the rollout of an event that differs from that of the entry.
var inColumns = []string{"rolloutId", "rollout_id", "rollout", "supersededRolloutId", "host"}

// hidden lists the other fields that the text form does not show.
var hidden = []string{
	"RecordTransition.at",
	"DispatchAck.currentClosureAtDispatch",
	"DispatchAck.receivedAt",
	"ActivationCompleted.observedCurrentClosure",
	"ActivationCompleted.exitCode",
	"ActivationCompleted.completedAt",
	"ActivationDeferred.deferredAt",
	"ActivationFailed.failedAt",
	"Failed.failedAt",
	"Failed.failingProbes",
	"Converged.convergedAt",
	"Converged.currentClosure",
	"RollbackComplete.revertedToClosure",
	"RollbackComplete.exitCode",
	"RollbackComplete.completedAt",
	"ActivationStarted.startedAt",
	"ProbeTopologyDeclared probe.probeName",
	"ProbeTopologyDeclared.declaredAt",
	"ProbeObservedFirst.probeName",
	"ProbeObservedFirst.observedAt",
	"ProbeResult.probeName",
	"ProbeResult.observedAt",
	"ProbeFailureFirst.probeName",
	"ProbeFailureFirst.firstFailedAt",
	"OpenRollout.channel",
	"OpenRollout.target_ref",
	"rejection.from",
	"end.digest",
}

// payloadName returns the name under which Fields lists the payload of an entry.
func payloadName(e *Entry) string {
	switch {
	case e.Event != nil:
		return e.Event.Kind.String()
	case e.Effect != nil:
		return e.Effect.Kind.String()
	case e.HostEffect != nil:
		return e.HostEffect.Effect
	case e.Agent != nil:
		return e.Agent.Kind.String()
	case e.Plan != nil:
		return e.Plan.Action.String()
	}
	return e.Kind.String()
}

// samples returns entries with every kind of payload, by the name of the payload.
func samples() map[string][]Entry {
	all := make(map[string][]Entry)
	end := Entry{Kind: KindEnd, At: start, End: &End{Entries: 1, Digest: "0123456789abcdef"}}
	for _, e := range append(zoo(), end) {
		if e.Event != nil && e.Event.Reason != "" {
			e.Event.Reason = "looked at it" // the fast path reads no escapes
		}
		name := payloadName(&e)
		all[name] = append(all[name], e)
	}
	return all
}

// change sets what p points to to another valid value.
func change(p any) {
	switch v := p.(type) {
	case *reducer.State:
		*v = *v%reducer.State(len(reducer.States())) + 1
	case *reducer.HostState:
		*v = *v%reducer.HostState(len(reducer.HostStates())) + 1
	case *reducer.EventKind:
		*v = *v%reducer.EventKind(len(reducer.EventKinds())) + 1
	case *reducer.HealthPolicy:
		*v = *v%reducer.HealthPolicy(len(reducer.HealthPolicies())) + 1
	default:
		changeValue(reflect.ValueOf(p).Elem())
	}
}

func changeValue(v reflect.Value) {
	switch {
	case v.Kind() == reflect.String:
		v.SetString(v.String() + "x")
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	case v.Kind() == reflect.Slice:
		more := reflect.New(v.Type().Elem()).Elem()
		more.SetString("more")
		v.Set(reflect.Append(v, more))
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	default:
		v.SetUint((v.Uint() + 1) % (1 << 32))
	}
}

// consumer is a part of this package that must handle every field.
type consumer struct {
	name string

	// handles reports whether the consumer handles the field f. changed differs from base in f alone.
	handles func(f *Field, base, changed *Entry) bool
}

// consumers returns the consumers of fields, except the text form.
func consumers() []consumer {
	strict, fast := newDecoder(), newDecoder()
	same := func(f *Field, a, b *Entry) bool { return reflect.DeepEqual(f.at(a), f.at(b)) }
	return []consumer{
		{"encoder", func(f *Field, base, changed *Entry) bool {
			return !bytes.Equal(appendPayload(nil, base), appendPayload(nil, changed)) &&
				bytes.Contains(appendPayload(nil, changed), fmt.Appendf(nil, "%q:", f.Name))
		}},
		{"strict decoder", func(f *Field, _, changed *Entry) bool {
			var e Entry
			err := strict.entry(append(appendEntry(nil, changed), '}'), &e)
			return err == nil && e.Raw == nil && reflect.DeepEqual(&e, changed) && same(f, &e, changed)
		}},
		{"fast path", func(f *Field, _, changed *Entry) bool {
			if leftToStrict(changed.Kind) {
				return true
			}
			var e Entry
			return fast.fast(append(appendEntry(nil, changed), '}'), &e) &&
				reflect.DeepEqual(&e, changed) && same(f, &e, changed)
		}},
		{"tagged form", func(f *Field, _, changed *Entry) bool {
			tagged, decoded := taggedForm(changed)
			return (f.Tagged == "") == (tagged == nil) && (tagged == nil ||
				bytes.Contains(tagged, fmt.Appendf(nil, "%q:", f.Tagged)) && same(f, decoded, changed))
		}},
		{"digest", func(_ *Field, base, changed *Entry) bool {
			return !bytes.Equal(content(base), content(changed))
		}},
	}
}

// leftToStrict reports whether the fast path leaves entries of a kind to the strict decoder.
func leftToStrict(k Kind) bool {
	return k == KindFault || k == KindRejection || k == KindHeader || k == KindEnd
}

// taggedForm returns the payload of an entry in its tagged form and the entry decoded from that;
// nil if the payload has no such form.
func taggedForm(e *Entry) ([]byte, *Entry) {
	switch {
	case e.Event != nil:
		tagged := AppendTaggedEvent(nil, e.Event)
		ev, _ := DecodeEvent(tagged)
		return tagged, &Entry{Event: &ev}
	case e.Effect != nil:
		tagged := AppendTaggedEffect(nil, e.Effect)
		effect, _ := DecodeEffect(tagged)
		return tagged, &Entry{Effect: &effect}
	}
	return nil, nil
}

// shown reports whether the text form shows a field.
func shown(_ *Field, base, changed *Entry) bool {
	lines := Lines{Start: start}
	return !bytes.Equal(lines.Append(nil, base), lines.Append(nil, changed)) ||
		base.Header != nil && !bytes.Equal(appendHeaderText(nil, base), appendHeaderText(nil, changed))
}

// compare compares a table of fields with all consumers and the text form. Each result names a
// consumer and a field that it does not handle.
func compare(table []Field) []string {
	var found []string
	all := samples()
	for i := range table {
		f := &table[i]
		if f.at == nil {
			continue
		}
		name, _, within := strings.Cut(f.Of, " ")
		bases := all[name]
		isShown := false
		for j := range bases {
			changed := bases[j].Clone()
			change(f.at(&changed))
			isShown = isShown || shown(f, &bases[j], &changed)
			for _, c := range consumers() {
				if !c.handles(f, &bases[j], &changed) {
					found = append(found, fmt.Sprintf("%s: %s.%s", c.name, f.Of, f.Name))
				}
			}
		}
		ofEvent := len(bases) > 0 && bases[0].Event != nil
		if isHidden := !within && !ofEvent && slices.Contains(inColumns, f.Name) ||
			slices.Contains(hidden, f.Of+"."+f.Name); isShown == isHidden {
			found = append(found, fmt.Sprintf("text: %s.%s", f.Of, f.Name))
		}
		if len(bases) == 0 {
			found = append(found, "no sample: "+f.Of)
		}
	}
	return slices.Compact(found)
}

// TestFields compares the tables of fields with encoder, decoders, digest and text.
func TestFields(t *testing.T) {
	for _, problem := range compare(Fields()) {
		t.Error(problem)
	}
}

// TestFieldsComparison adds unknown fields to the table, and checks that compare names each
// consumer that does not handle them.
func TestFieldsComparison(t *testing.T) {
	values := make(map[*Entry]*string)
	unknown := func(e *Entry) any {
		if values[e] == nil {
			values[e] = new(string)
		}
		return values[e]
	}
	for _, c := range []struct {
		field Field
		want  []string
	}{
		{
			Field{Of: "HostJoined", Name: "rack", Tagged: "rack", at: unknown},
			[]string{
				"encoder: HostJoined.rack", "strict decoder: HostJoined.rack", "fast path: HostJoined.rack",
				"tagged form: HostJoined.rack", "digest: HostJoined.rack", "text: HostJoined.rack",
			},
		},
		{
			Field{Of: "gate_decision", Name: "window", at: unknown},
			[]string{
				"encoder: gate_decision.window", "strict decoder: gate_decision.window",
				"fast path: gate_decision.window", "digest: gate_decision.window",
				"text: gate_decision.window",
			},
		},
		{
			// a field that the digest has, but only other events write
			Field{
				Of: "RolloutTerminal", Name: "operator", Tagged: "operator",
				at: func(e *Entry) any { return &e.Event.Operator },
			},
			[]string{
				"encoder: RolloutTerminal.operator", "strict decoder: RolloutTerminal.operator",
				"fast path: RolloutTerminal.operator", "tagged form: RolloutTerminal.operator",
				"text: RolloutTerminal.operator",
			},
		},
		{Field{Of: "HostLeft", Name: "wave", at: unknown}, []string{
			"text: HostLeft.wave", "no sample: HostLeft",
		}},
	} {
		if got := compare(append(Fields(), c.field)); !slices.Equal(got, c.want) {
			t.Errorf("%s.%s: got %q, want %q", c.field.Of, c.field.Name, got, c.want)
		}
	}
}

// unlisted returns the fields of Go's types that no entry of a table of fields points to.
func unlisted(table []Field) []string {
	listed := make(map[string]bool) // by the type and the name of the Go field
	for name, bases := range samples() {
		for i := range table {
			f := &table[i]
			if of, _, _ := strings.Cut(f.Of, " "); of != name || f.at == nil {
				continue
			}
			for j := range bases {
				p := reflect.ValueOf(f.at(&bases[j])).Pointer()
				eachField(reflect.ValueOf(&bases[j]).Elem(), func(owner reflect.Type, name string, at uintptr) {
					if at == p {
						listed[owner.Name()+"."+name] = true
					}
				})
			}
		}
	}
	missing := make(map[string]bool)
	for _, bases := range samples() {
		for j := range bases {
			eachField(reflect.ValueOf(&bases[j]).Elem(), func(owner reflect.Type, name string, _ uintptr) {
				if full := owner.Name() + "." + name; !listed[full] {
					missing[full] = true
				}
			})
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

// eachField calls do for every field within an entry that holds no other ones.
func eachField(v reflect.Value, do func(owner reflect.Type, name string, at uintptr)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachField(v.Elem(), do)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachField(v.Index(i), do)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			holds := f.Kind()
			if holds == reflect.Slice {
				holds = f.Type().Elem().Kind()
			}
			if holds == reflect.Struct || holds == reflect.Pointer {
				eachField(f, do)
			} else {
				do(v.Type(), v.Type().Field(i).Name, f.Addr().Pointer())
			}
		}
	}
}

// notInTable lists the Go fields that the tables leave out: those of the entry itself, and those
// that hold a payload's tag.
var notInTable = []string{
	"AgentEvent.Kind", "Effect.Kind", "Entry.At", "Entry.Host", "Entry.Kind", "Entry.Other",
	"Entry.Raw", "Entry.Rollout", "Entry.Seq", "Event.Kind", "HostEffect.Effect", "PlanAction.Action",
}

// TestEveryGoFieldIsListed checks that the tables have every field of the payloads' Go types.
func TestEveryGoFieldIsListed(t *testing.T) {
	if got := unlisted(Fields()); !slices.Equal(got, notInTable) {
		t.Errorf("the tables lack %q, want %q", got, notInTable)
	}
	without := slices.DeleteFunc(Fields(), func(f Field) bool {
		return f.Name == "stderrTail" || f.Name == "failureReason"
	})
	if got := unlisted(without); !slices.Contains(got, "AgentEvent.Message") {
		t.Errorf("without two fields the tables lack %q", got)
	}
}

// TestRecordFields changes every field of a record, and checks that it is written and read.
func TestRecordFields(t *testing.T) {
	base := reducer.Record{
		RolloutID: "r", Channel: "c", TargetRef: "t", State: reducer.Superseded, CurrentWave: 1,
		OpenedEventLogSeq: reducer.Some(int64(7)), LastTransitionEventLogSeq: reducer.Some(int64(9)),
		OpenedAt: start, TerminalAt: reducer.Some(start), SupersededAt: reducer.Some(start + 1),
	}
	if n := reflect.TypeFor[reducer.Record]().NumField(); n != len(recordFields) {
		t.Errorf("a record has %d fields, the table %d", n, len(recordFields))
	}
	for i := range recordFields {
		f := &recordFields[i]
		changed := base
		switch v := f.at(&changed).(type) {
		case *reducer.Opt[int64]:
			v.Value++
		case *reducer.Opt[reducer.Time]:
			v.Value++
		default:
			change(v)
		}
		text := AppendRecord(nil, &changed)
		if got, err := DecodeRecord(text); err != nil || got != changed || got == base {
			t.Errorf("%s: %s decodes to %+v, %v", f.name, text, got, err)
		}
	}
}

// TestEnumerations checks that every value of an enumeration has its fields or its name.
func TestEnumerations(t *testing.T) {
	for _, k := range reducer.EventKinds() {
		if len(eventFields[k]) == 0 {
			t.Errorf("eventFields lacks %v", k)
		}
	}
	for _, k := range reducer.EffectKinds() {
		if len(effectFields[k]) == 0 {
			t.Errorf("effectFields lacks %v", k)
		}
	}
	for _, k := range reducer.AgentEventKinds() {
		if len(agentFields[k]) == 0 {
			t.Errorf("agentFields lacks %v", k)
		}
	}
	for a := OpenRollout; int(a) < ActionCount; a++ {
		if len(planFields[a]) == 0 || actionNames[a] == "" {
			t.Errorf("planFields or actionNames lack %v", a)
		}
	}
	for k := KindAgentEvent; int(k) < KindCount; k++ {
		if kindNames[k] == "" {
			t.Errorf("kindNames lacks kind %d", k)
		}
	}
	for k := Changed; k < breachEnd; k++ {
		if text := (Breach{Kind: k}).String(); strings.HasPrefix(text, "BreachKind") {
			t.Errorf("String lacks %s", text)
		}
	}
}
