package main

import (
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// TestMutate compares the mutants of a function with the changes that each kind makes.
func TestMutate(t *testing.T) {
	for _, test := range []struct {
		body string
		want []string
	}{
		{"_ = a < b", []string{"boundary a < b becomes a <= b"}},
		{"_ = a <= b", []string{"boundary a <= b becomes a < b"}},
		{"_ = a > b", []string{"boundary a > b becomes a >= b"}},
		{"_ = a >= b", []string{"boundary a >= b becomes a > b"}},
		{"_ = a == b", []string{"negation a == b becomes a != b"}},
		{"_ = a != b", []string{"negation a != b becomes a == b"}},
		{"_ = !a", []string{"negation !a becomes a"}},
		{"_ = true", []string{"negation true becomes false"}},
		{"_ = false", []string{"negation false becomes true"}},
		{"_ = a + b", nil},
		{"_ = -a", nil},
		{"_ = name.true1", nil},
		{"for a(x) { }", []string{"negation a(x) becomes !a(x)"}},
		{"for { }", nil},
		{"for a && b { }", []string{"negation a && b becomes !(a && b)"}},
		{"for a || b { }", []string{"negation a || b becomes !(a || b)"}},
		{"for a < b { }", []string{"boundary a < b becomes a <= b"}},
		{"for !a { }", []string{"negation !a becomes a"}},
		{"if a { }", []string{"negation a becomes !a"}},
		{"a(b, c)", []string{"swapped a(b, c) becomes a(c, b)"}},
		{"a(b, b)", nil},
		{"a(b, c, d)", []string{"swapped a(b, c, d) becomes a(b, d, c)",
			"swapped a(b, c, d) becomes a(c, b, d)"}},
		{"a(b, c...)", nil},
		{"a(b, c, d...)", []string{"swapped a(b, c, d...) becomes a(c, b, d...)"}},
		{"a(b,\n\tc)", []string{"swapped a(b, c) becomes a(c, b)"}},
		{"min(b, c)", nil},
		{"max(b, c)", nil},
		{"slices.Equal(b, c)", nil},
		{"slices.EqualFunc(b, c)",
			[]string{"swapped slices.EqualFunc(b, c) becomes slices.EqualFunc(c, b)"}},
		{"_ = 7", []string{"off by one 7 becomes 6", "off by one 7 becomes 8"}},
		{"_ = 0x10", []string{"off by one 0x10 becomes 15", "off by one 0x10 becomes 17"}},
		{"_ = 7.5", nil},
		{"_ = '7'", nil},
		{"_ = `7`", nil},
		{"_ = a[b:c]", []string{"off by one a[b:c] becomes a[b+1:c]",
			"off by one a[b:c] becomes a[b-1:c]", "off by one a[b:c] becomes a[b:c+1]",
			"off by one a[b:c] becomes a[b:c-1]"}},
		{"_ = a[1:]", []string{"off by one 1 becomes 0", "off by one 1 becomes 2"}},
		{"_ = a[:]", nil},
		{"_ = a[b]", nil},
	} {
		got := changes(t, test.body, func(m mutant) bool { return m.kind != dropped })
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.body, got, test.want)
		}
	}
}

// TestDropped compares the statements that mutants drop.
func TestDropped(t *testing.T) {
	for _, test := range []struct {
		body string
		want []string
	}{
		{"a()", []string{"a()"}},
		{"a = b", []string{"a = b"}},
		{"a += b", []string{"a += b"}},
		{"a++", []string{"a++"}},
		{"a <- b", []string{"a <- b"}},
		{"defer a()", []string{"defer a()"}},
		{"go a()", []string{"go a()"}},
		{"return", []string{"return"}},
		{"if a { b() }", []string{"b()", "if a { b() }"}},
		{"if a := b(); a { }", []string{"if a := b(); a { }"}},
		{"for a := range b { continue }", []string{"continue", "for a := range b { continue }"}},
		{"switch a { case b: c() }", []string{"c()", "case b: c()", "switch a { case b: c() }"}},
		{"switch a { case b: }", []string{"switch a { case b: }"}},
		{"select { case <-a: b() }", []string{"b()", "case <-a: b()", "select { case <-a: b() }"}},
		{"a := func() { b() }", []string{"b()"}},
		{"{ a() }", []string{"a()"}},
		{"a := b", nil},
		{"var a int", nil},
		{"panic(a)", nil},
		{";", nil},
	} {
		got := changes(t, test.body, func(m mutant) bool { return m.kind == dropped })
		for i, change := range got {
			got[i] = strings.TrimSuffix(strings.TrimPrefix(change, "dropped "), " is missing")
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.body, got, test.want)
		}
	}
}

// changes returns the sorted mutants of a function's body that keep accepts. All must be Go.
func changes(t *testing.T, body string, keep func(mutant) bool) []string {
	t.Helper()
	source := "package p\n\nimport \"a\"\n\nfunc f() {\n\t" + body + "\n}\n"
	all, err := mutate("p.go", []byte(source))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	var changes []string
	for _, m := range all {
		if m.file != "p.go" || m.line < 6 {
			t.Errorf("%s: a mutant in %s:%d", body, m.file, m.line)
		}
		mutated := m.apply([]byte(source))
		_, err := parser.ParseFile(token.NewFileSet(), "p.go", mutated, parser.SkipObjectResolution)
		if err != nil || string(mutated) == source {
			t.Errorf("%s: %s: %v, source %q", body, m.change, err, mutated)
		}
		if keep(m) {
			changes = append(changes, m.kind.String()+" "+m.change)
		}
	}
	slices.Sort(changes)
	return changes
}

func TestApply(t *testing.T) {
	source := []byte("package p\n\nvar a = 1 < 2 // b < c\n")
	all, err := mutate("p.go", source)
	if err != nil || len(all) != 5 || all[2].line != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	var got []string
	for _, m := range all {
		got = append(got, strings.Split(string(m.apply(source)), "\n")[2])
	}
	want := []string{"var a = 2 < 2 // b < c", "var a = 0 < 2 // b < c", "var a = 1 <= 2 // b < c",
		"var a = 1 < 3 // b < c", "var a = 1 < 1 // b < c"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRefuseSyntax(t *testing.T) {
	_, err := mutate("p.go", []byte("package p\n\nfunc {\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "p.go:3:6: ") {
		t.Errorf("got %v, want an error at p.go:3:6", err)
	}
}

func TestBrief(t *testing.T) {
	full := strings.Repeat("é", briefLength)
	for source, want := range map[string]string{
		"a\n\t b": "a b", full: full, full + "é": full + "…",
	} {
		if got := brief(source); got != want {
			t.Errorf("brief(%q) = %q, want %q", source, got, want)
		}
	}
}
