package scenario

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/sim"
)

// decoder walks the syntax tree and the types of the format together. It replaces the decoder of
// the YAML library, which reads 010 as 8 and 1_000 as 1000, stops at the first error and does not
// suggest names.
type decoder struct{ problems *problems }

// nodeDecoder is implemented by the types of the format that have several forms in a file. field is
// the name for messages.
type nodeDecoder interface {
	decodeNode(d *decoder, n ast.Node, field string)
}

// enumeration describes a type of the format whose values have names.
type enumeration struct {
	noun   string
	names  []string
	values []reflect.Value
}

func enumerate[T any](noun string, values []T, name func(T) string) enumeration {
	e := enumeration{noun: noun}
	for _, v := range values {
		e.names = append(e.names, name(v))
		e.values = append(e.values, reflect.ValueOf(v))
	}
	return e
}

var enumerations = map[reflect.Type]enumeration{
	reflect.TypeFor[reducer.HealthPolicy](): enumerate(
		"policy", reducer.HealthPolicies(), reducer.HealthPolicy.String,
	),
	reflect.TypeFor[reducer.State](): enumerate(
		"rollout state", reducer.States(), reducer.State.String,
	),
	reflect.TypeFor[reducer.HostState](): enumerate(
		"host state", reducer.HostStates(), reducer.HostState.String,
	),
	reflect.TypeFor[Golden](): enumerate("kind of golden",
		[]Golden{GoldenFull, GoldenTransitions}, Golden.String),
	reflect.TypeFor[sim.FateKind]():  enumerate("fate", fateKinds(), sim.FateKind.String),
	reflect.TypeFor[sim.FaultKind](): enumerate("fault", faultKinds(), sim.FaultKind.String),
	reflect.TypeFor[time.Weekday]():  enumerate("day", weekdays(), time.Weekday.String),
	reflect.TypeFor[sim.Stage]():     enumerate("stage", sim.Stages(), sim.Stage.String),
	reflect.TypeFor[reducer.AgentEventKind](): enumerate("message of an agent",
		reducer.AgentEventKinds(), reducer.AgentEventKind.String),
	reflect.TypeFor[controlplane.Name](): enumerate("control plane", controlplane.Names(),
		func(name controlplane.Name) string { return string(name) }),
	reflect.TypeFor[controlplane.Defect](): enumerate("defect", controlplane.Defects(),
		func(name controlplane.Defect) string { return string(name) }),
	reflect.TypeFor[kindName](): enumerate("kind of deviation", deviationNames(),
		func(name kindName) string { return string(name) }),
	reflect.TypeFor[controlplane.Manifest](): enumerate("manifest", controlplane.Manifests(),
		controlplane.Manifest.String),
}

// enumerationOf returns the enumeration of a type of the format, if it has one.
func enumerationOf(t reflect.Type) (enumeration, bool) {
	if t == reflect.TypeFor[machineName]() {
		return enumerate("machine", machine.Names(), func(name string) string { return name }), true
	}
	e, ok := enumerations[t]
	return e, ok
}

// nouns has the word for the fields of a type in messages, for types where it is not "field".
var nouns = map[reflect.Type]string{
	reflect.TypeFor[event]():        "event",
	reflect.TypeFor[distribution](): "distribution",
	reflect.TypeFor[planners]():     "control plane with fields",
}

// decodeInto decodes one value and reports whether it had no problem.
func decodeInto(d *decoder, n ast.Node, into any, field string) bool {
	before := len(d.problems.list)
	d.value(n, reflect.ValueOf(into).Elem(), field)
	return len(d.problems.list) == before
}

// value decodes a value by its Go type.
func (d *decoder) value(n ast.Node, v reflect.Value, field string) {
	if d.problems.enough() {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), field)
		return
	}
	switch custom := v.Addr().Interface().(type) {
	case nodeDecoder:
		custom.decodeNode(d, n, field)
		return
	case encoding.TextUnmarshaler:
		d.text(n, v, field)
		return
	}
	if _, ok := enumerationOf(v.Type()); ok {
		d.text(n, v, field)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.mapping(n, v, field)
	case reflect.Slice:
		d.list(n, v, field)
	case reflect.String:
		d.string(n, v, field)
	case reflect.Uint32, reflect.Uint64:
		d.wholeNumber(n, v, field)
	case reflect.Float64:
		d.number(n, v, field)
	case reflect.Bool:
		d.truth(n, v, field)
	default:
		panic("scenario: the format has a field of type " + v.Type().String())
	}
}

// mapping decodes the fields of a struct. It rejects unknown fields and requires those without
// omitempty.
func (d *decoder) mapping(n ast.Node, v reflect.Value, field string) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		d.problems.add(nodePosition(n), "%s: expected a mapping of fields, found %s", field, kindOf(n))
		return
	}
	t := v.Type()
	given := make([]ast.Node, t.NumField())
	meant := make([]bool, t.NumField()) // by a mistyped name: not reported as missing, too
	for _, entry := range m.Values {
		name := entry.Key.GetToken().Value
		i, ok := fieldNamed(t, name)
		if !ok {
			noun := "field"
			if n, ok := nouns[t]; ok {
				noun = n
			}
			names := fieldNames(t)
			d.problems.add(nodePosition(entry.Key), "%v", unknownName{noun, name, names})
			if near, ok := nearest.Name(name, names); ok {
				meant[slices.Index(names, near)] = true
			}
			continue
		}
		given[i] = entry.Value
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, required := fieldName(f)
		switch {
		case given[i] != nil:
			d.value(given[i], v.Field(i), name)
		case required && meant[i]:
		case required:
			d.problems.add(nodePosition(n), "missing field %s", quote(name))
		default:
			if text, ok := defaultOf(f); ok {
				if err := setText(v.Field(i), text); err != nil {
					panic("scenario: default of " + name + ": " + err.Error())
				}
			}
		}
	}
}

func (d *decoder) list(n ast.Node, v reflect.Value, field string) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		d.problems.add(nodePosition(n), "%s: expected a list, found %s", field, kindOf(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values)))
	for i, element := range s.Values {
		d.value(element, v.Index(i), field)
	}
}

func (d *decoder) string(n ast.Node, v reflect.Value, field string) {
	switch n := n.(type) {
	case *ast.StringNode:
		v.SetString(n.Value)
	case *ast.LiteralNode:
		v.SetString(n.Value.Value)
	case *ast.NullNode, *ast.MappingNode, *ast.SequenceNode:
		d.problems.add(nodePosition(n), "%s: expected text, found %s", field, kindOf(n))
	default:
		d.problems.add(nodePosition(n), "%s: YAML does not read %s as text: put it in quotes",
			field, n.GetToken().Value)
	}
}

// text decodes a type that parses its own text. YAML may read that text as a number, so text uses
// it as it is written in the file.
func (d *decoder) text(n ast.Node, v reflect.Value, field string) {
	text, ok := scalarText(n)
	if !ok {
		d.problems.add(nodePosition(n), "%s: expected a single value, found %s", field, kindOf(n))
		return
	}
	if err := setText(v, text); err != nil {
		d.refuse(n, field, err)
	}
}

// refuse records the error of a value. It leaves the field out of an unknownName, which has its own
// noun.
func (d *decoder) refuse(n ast.Node, field string, err error) {
	var unknown unknownName
	if errors.As(err, &unknown) {
		d.problems.add(nodePosition(n), "%v", err)
		return
	}
	d.problems.add(nodePosition(n), "%s: %v", field, err)
}

// unknownName is the error for a name that is not one of the known ones.
type unknownName struct {
	noun, name string
	known      []string
}

func (e unknownName) Error() string {
	const most = 40 // enough for the fields of any mapping, and the kinds of deviations
	hint := nearest.Hint(e.name, e.known)
	if hint == "" && len(e.known) > 0 && len(e.known) <= most {
		hint = ": expected one of " + strings.Join(e.known, ", ")
	}
	return fmt.Sprintf("unknown %s %s%s", e.noun, quote(e.name), hint)
}

// scalarText returns a single value as it is written, without its quotes.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return "", false
	case *ast.StringNode:
		return n.Value, true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// setText sets a value from its text.
func setText(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	if e, ok := enumerationOf(v.Type()); ok {
		for i, name := range e.names {
			if name == text {
				v.Set(e.values[i].Convert(v.Type()))
				return nil
			}
		}
		return unknownName{e.noun, text, e.names}
	}
	return setWholeNumber(v, text)
}

var (
	wholeNumberForm = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)
	numberForm      = regexp.MustCompile(`^(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

// wholeNumber accepts plain decimal digits only: in YAML, 010 is 8, 1_000 is 1000 and 0x10 is 16.
func (d *decoder) wholeNumber(n ast.Node, v reflect.Value, field string) {
	text, ok := scalarText(n)
	if !ok || quoted(n) {
		d.problems.add(nodePosition(n), "%s: expected a whole number, found %s", field, kindOf(n))
		return
	}
	if err := setWholeNumber(v, text); err != nil {
		d.problems.add(nodePosition(n), "%s: %v", field, err)
	}
}

func setWholeNumber(v reflect.Value, text string) error {
	if !wholeNumberForm.MatchString(text) {
		return fmt.Errorf("%s is not a whole number in plain decimal digits", quote(text))
	}
	u, err := strconv.ParseUint(text, 10, v.Type().Bits())
	if err != nil {
		return fmt.Errorf("%s is above %d", text, ^uint64(0)>>(64-v.Type().Bits()))
	}
	v.SetUint(u)
	return nil
}

func (d *decoder) truth(n ast.Node, v reflect.Value, field string) {
	text, ok := scalarText(n)
	if !ok || quoted(n) || text != "true" && text != "false" {
		d.problems.add(nodePosition(n), "%s: expected true or false, found %s", field, kindOf(n))
		return
	}
	v.SetBool(text == "true")
}

func (d *decoder) number(n ast.Node, v reflect.Value, field string) {
	text, ok := scalarText(n)
	if !ok || quoted(n) || !numberForm.MatchString(text) {
		d.problems.add(nodePosition(n), "%s: expected a number such as 0.5, found %s", field, kindOf(n))
		return
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d.problems.add(nodePosition(n), "%s: %s is too large", field, quote(text))
		return
	}
	v.SetFloat(f)
}

// quoted reports whether a value is written in quotes and so is not a number.
func quoted(n ast.Node) bool {
	t := n.GetToken().Type
	return t == token.SingleQuoteType || t == token.DoubleQuoteType
}

// fieldName returns the name of a field in files, and whether it is required.
func fieldName(f reflect.StructField) (name string, required bool) {
	name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name, option != "omitempty"
}

// fieldNamed returns the index of the field with a name in files.
func fieldNamed(t reflect.Type, name string) (int, bool) {
	for i := range t.NumField() {
		if n, _ := fieldName(t.Field(i)); n == name {
			return i, true
		}
	}
	return 0, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		n, _ := fieldName(t.Field(i))
		names = append(names, n)
	}
	return names
}

// defaultOf returns the default in the jsonschema tag of a field.
func defaultOf(f reflect.StructField) (string, bool) {
	for _, keyword := range strings.Split(f.Tag.Get("jsonschema"), ",") {
		if text, ok := strings.CutPrefix(keyword, "default="); ok {
			return text, true
		}
	}
	return "", false
}
