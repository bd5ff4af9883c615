package scenario

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"rollsim/controlplane"
)

// TestSchema compares schema.json with the types of the format. UPDATE=1 go test ./scenario -run
// Schema rewrites it.
func TestSchema(t *testing.T) {
	compareFile(t, "../scenarios/schema.json", schema(t))
}

func schema(t *testing.T) []byte {
	comments := formatComments(t)
	r := &jsonschema.Reflector{
		FieldNameTag:   "yaml",
		Anonymous:      true,
		ExpandedStruct: true,
		LookupComment: func(of reflect.Type, field string) string {
			return comments[of.Name()+"."+field]
		},
		Mapper: valueSchema,
	}
	s := r.Reflect(&document{})
	s.Title = "rollsim scenario"
	s.Description = comments["document."]
	shape := r.Reflect(&distribution{})
	for name, definition := range shape.Definitions {
		s.Definitions[name] = definition
	}
	shape.Definitions, shape.Version = nil, ""
	s.Definitions["delay"] = &jsonschema.Schema{
		OneOf: []*jsonschema.Schema{valueSchema(reflect.TypeFor[duration]()), shape},
	}
	named := r.Reflect(&planners{})
	for name, definition := range named.Definitions {
		s.Definitions[name] = definition
	}
	named.Definitions, named.Version = nil, ""
	s.Definitions["planner"] = &jsonschema.Schema{
		OneOf: []*jsonschema.Schema{valueSchema(reflect.TypeFor[controlplane.Name]()), named},
	}

	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// valueSchema returns the schema of a type that its Go kind does not describe, or nil.
func valueSchema(of reflect.Type) *jsonschema.Schema {
	if e, ok := enumerationOf(of); ok {
		s := &jsonschema.Schema{Type: "string"}
		for _, name := range e.names {
			s.Enum = append(s.Enum, name)
		}
		return s
	}
	switch of {
	case reflect.TypeFor[duration]():
		return &jsonschema.Schema{Type: "string", Pattern: durationPattern}
	case reflect.TypeFor[timestamp]():
		return &jsonschema.Schema{Type: "string", Format: "date-time"}
	case reflect.TypeFor[probability]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "number", Minimum: "0", Maximum: "1"},
			{Type: "string", Pattern: percentPattern},
		}}
	case reflect.TypeFor[offset](), reflect.TypeFor[signed]():
		return &jsonschema.Schema{Type: "string", Pattern: offsetPattern}
	case reflect.TypeFor[limit]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "integer", Minimum: "1", Maximum: json.Number(fmt.Sprint(MaxHosts))},
			{Type: "string", Pattern: limitPattern},
		}}
	case reflect.TypeFor[planner]():
		return &jsonschema.Schema{Ref: "#/$defs/planner"}
	case reflect.TypeFor[orNever]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "string", Pattern: durationPattern},
			{Const: "never"},
		}}
	case reflect.TypeFor[violation]():
		return &jsonschema.Schema{
			Type:    "string",
			Pattern: "^(" + strings.Join(invariantNames(), "|") + ") .+$",
		}
	case reflect.TypeFor[hosts]():
		return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
			{Type: "integer", Minimum: "0", Maximum: json.Number(fmt.Sprint(MaxHosts))},
			{Type: "array", Items: &jsonschema.Schema{Type: "string"}},
		}}
	case reflect.TypeFor[delay]():
		return &jsonschema.Schema{Ref: "#/$defs/delay"}
	case reflect.TypeFor[uint32]():
		return &jsonschema.Schema{Type: "integer", Minimum: "0", Maximum: "4294967295"}
	case reflect.TypeFor[uint64]():
		return &jsonschema.Schema{Type: "integer", Minimum: "0", Maximum: "18446744073709551615"}
	}
	return nil
}

// The methods below add what the types cannot express: fields that need or exclude each other.

func (distribution) JSONSchemaExtend(s *jsonschema.Schema) { exactlyOne(s) }

func (event) JSONSchemaExtend(s *jsonschema.Schema) { exactlyOne(s) }

func exactlyOne(s *jsonschema.Schema) {
	one := uint64(1)
	s.MinProperties, s.MaxProperties = &one, &one
}

func (logNormal) JSONSchemaExtend(s *jsonschema.Schema) { s.OneOf = oneRequired("p99", "sigma") }

func (gamma) JSONSchemaExtend(s *jsonschema.Schema) { s.OneOf = oneRequired("mean", "scale") }

func (action) JSONSchemaExtend(s *jsonschema.Schema) {
	s.AllOf = []*jsonschema.Schema{
		{OneOf: oneRequired("at", "when")},
		{OneOf: oneRequired(
			"ref", "release", "clear", "lift", "quarantine", "pause", "resume", "abort", "join", "leave",
			"fault", "event",
		)},
		{AnyOf: append(oneRequired("ref", "fault"), &jsonschema.Schema{
			Not: &jsonschema.Schema{Required: []string{"channel"}},
		})},
	}
	s.DependentRequired = map[string][]string{
		"after": {"when"}, "ref": {"channel"}, "operator": {"clear"},
		"reason": {"clear"}, "host": {"fault"}, "for": {"fault"},
		"joined": {"fault"}, "rollout": {"fault"}, "message": {"fault"}, "seq": {"fault"},
	}
}

func (budget) JSONSchemaExtend(s *jsonschema.Schema) { s.OneOf = oneRequired("hosts", "selector") }

func (traffic) JSONSchemaExtend(s *jsonschema.Schema) {
	s.OneOf = oneRequired("arrivals", "periodic", "flapping")
}

func (moment) JSONSchemaExtend(s *jsonschema.Schema) {
	s.DependentRequired = map[string][]string{"wave": {"host_state"}, "host": {"host_state"}}
}

func oneRequired(fields ...string) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	for _, f := range fields {
		all = append(all, &jsonschema.Schema{Required: []string{f}})
	}
	return all
}

// formatComments returns the comments of the types of the format, by "type." and "type.Field", each
// as one line.
func formatComments(t *testing.T) map[string]string {
	comments := make(map[string]string)
	add := func(key string, doc *ast.CommentGroup) {
		comments[key] = strings.Join(strings.Fields(doc.Text()), " ")
	}
	for _, name := range []string{"format.go", "format_events.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.TYPE {
				continue
			}
			spec := decl.Specs[0].(*ast.TypeSpec)
			add(spec.Name.Name+".", decl.Doc)
			for _, f := range spec.Type.(*ast.StructType).Fields.List {
				add(spec.Name.Name+"."+f.Names[0].Name, f.Doc)
			}
		}
	}
	return comments
}

// TestFormatTypes checks that the decoder can read every default, and that every kind of fault can
// occur.
func TestFormatTypes(t *testing.T) {
	eachField(func(of reflect.Type, f reflect.StructField, name string, required bool) {
		if name == "" {
			t.Errorf("%v.%s has no name in files", of, f.Name)
		}
		text, ok := defaultOf(f)
		if !ok {
			return
		}
		if required {
			t.Errorf("%v.%s has a default and must be given", of, f.Name)
		}
		if err := setText(reflect.New(f.Type).Elem(), text); err != nil {
			t.Errorf("%v.%s: the default: %v", of, f.Name, err)
		}
	})
	for _, kind := range faultKinds() {
		if needs := needsOf(kind); !needs.length && !needs.noLength {
			t.Errorf("%v can neither have a length nor be without one", kind)
		}
	}
}

// eachField visits every field of every type of the format.
func eachField(visit func(of reflect.Type, f reflect.StructField, name string, required bool)) {
	seen := make(map[reflect.Type]bool)
	var walk func(of reflect.Type)
	walk = func(of reflect.Type) {
		if of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			walk(of.Elem())
			return
		}
		if of.Kind() != reflect.Struct || seen[of] || valueSchema(of) != nil {
			return
		}
		seen[of] = true
		for i := range of.NumField() {
			name, required := fieldName(of.Field(i))
			visit(of, of.Field(i), name, required)
			walk(of.Field(i).Type)
		}
	}
	walk(reflect.TypeFor[document]())
	walk(reflect.TypeFor[distribution]())
	walk(reflect.TypeFor[planners]())
}
