package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rollsim/internal/osfs"
	"rollsim/story"
	"rollsim/story/gherkin"
	"rollsim/suite/check"
)

// TestEditorPages compares the folder .vscode with the sentences. UPDATE=1 go test ./cmd/rollsim
// -run Page rewrites it.
func TestEditorPages(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if code, _, errs := inProcess(t, "new", "vscode"); code != exitHolds {
		t.Fatal(errs)
	}
	for _, name := range []string{"steps.go", "settings.json", "extensions.json", "tasks.json"} {
		want, err := os.ReadFile(filepath.Join(".vscode", name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(root, ".vscode", name)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != string(want) {
			t.Errorf("%s is not current (%v): UPDATE=1 go test ./cmd/rollsim -run Page rewrites it", file,
				err)
		}
	}
}

// editorExpressions returns the expressions of the file.
func editorExpressions(t *testing.T) []*regexp.Regexp {
	t.Helper()
	types := editorTypes(t)
	var expressions []*regexp.Regexp
	file, err := parser.ParseFile(
		token.NewFileSet(), "../../.vscode/steps.go", nil, parser.SkipObjectResolution,
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		for _, statement := range d.(*ast.FuncDecl).Body.List {
			call := statement.(*ast.ExprStmt).X.(*ast.CallExpr)
			method := call.Fun.(*ast.SelectorExpr).Sel.Name
			if !slices.Contains([]string{"Given", "When", "Then"}, method) || len(call.Args) != 1 {
				t.Fatalf("a call of %s with %d arguments", method, len(call.Args))
			}
			text, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			expressions = append(expressions, cucumberExpression(t, text, types))
		}
	}
	return expressions
}

// TestEditorSteps reads the files as the extension does: the expressions are the literals in direct
// statements of functions, and their types are in the settings. Each example, and each sentence of
// the features, must match exactly one expression.
func TestEditorSteps(t *testing.T) {
	expressions := editorExpressions(t)
	sentences := story.Vocabulary("")
	if len(expressions) != len(sentences) {
		t.Errorf("%d expressions for %d sentences", len(expressions), len(sentences))
	}
	matches := func(sentence string) (n int) {
		for _, e := range expressions {
			if e.MatchString(sentence) {
				n++
			}
		}
		return n
	}
	for _, s := range sentences {
		if n := matches(s.Example); n != 1 {
			t.Errorf("%d expressions for %s", n, s.Example)
		}
	}
	suite, err := check.Find(osfs.FS{}, []string{"../../features"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range suite.Features {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := gherkin.Parse(name, text)
		if err != nil {
			t.Fatal(err)
		}
		language, err := story.LanguageOf(osfs.FS{}, path.Dir(name))
		if err != nil {
			t.Fatal(err)
		}
		own := language.Sentences("")[len(sentences):]
		for _, p := range doc.Pickles {
			for _, step := range p.Steps {
				n := matches(step.Text)
				for _, s := range own {
					if cucumberExpression(t, s.Cucumber, typesOf(language)).MatchString(step.Text) {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%s: %d expressions for %s", name, n, step.Text)
				}
			}
		}
	}
}

// typesOf returns the types of a language by name.
func typesOf(l *story.Language) map[string]string {
	types := make(map[string]string)
	for _, one := range l.EditorTypes() {
		types[one.Name] = one.Regexp
	}
	return types
}

// editorTypes reads the types from the settings. Their expressions must have the same meaning in
// JavaScript as in Go.
func editorTypes(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../.vscode/settings.json")
	if err != nil {
		t.Fatal(err)
	}
	var settings struct {
		Types []story.EditorType `json:"cucumber.parameterTypes"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		t.Fatal(err)
	}
	foreign := regexp.MustCompile(`\(\?[^:]|\\[^dw.+*?()|\[\]{}^$/-]|\[\[:`)
	types := make(map[string]string)
	for _, p := range settings.Types {
		if types[p.Name] != "" || strings.ContainsAny(p.Name, `[]()$.|?*+{}/\`) {
			t.Errorf("the type %q occurs twice, or has a name that Cucumber refuses", p.Name)
		}
		if found := foreign.FindString(p.Regexp); found != "" {
			t.Errorf("%s: %q has another meaning in JavaScript: %s", p.Name, found, p.Regexp)
		}
		types[p.Name] = p.Regexp
	}
	return types
}

var cucumberPart = regexp.MustCompile(`\{[^}]*\}|\([^)]*\)|[^\s(){}]+/[^\s(){}]+|.`)

// cucumberExpression returns the regular expression of a Cucumber Expression: (text) is optional,
// a/b is one of two words, and {name} is a type.
func cucumberExpression(t *testing.T, text string, types map[string]string) *regexp.Regexp {
	t.Helper()
	var b strings.Builder
	for _, p := range cucumberPart.FindAllString(text, -1) {
		switch inside := p[1 : len(p)-min(1, len(p)-1)]; {
		case p[0] == '{':
			expr, ok := types[inside]
			if !ok {
				t.Errorf("%s: no type is named %q", text, inside)
			}
			b.WriteString("(?:" + expr + ")")
		case p[0] == '(':
			b.WriteString("(?:" + regexp.QuoteMeta(inside) + ")?")
		case len(p) > 1:
			b.WriteString("(?:" + strings.ReplaceAll(regexp.QuoteMeta(p), "/", "|") + ")")
		default:
			b.WriteString(regexp.QuoteMeta(p))
		}
	}
	return regexp.MustCompile("^(?:" + b.String() + ")$")
}

// TestEditorStepsInJavaScript matches every regular expression with its example in JavaScript, if
// Node is installed.
func TestEditorStepsInJavaScript(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed; TestEditorSteps checks for differences to JavaScript")
	}
	type pair struct{ Expression, Example string }
	var pairs []pair
	for _, s := range story.Vocabulary("") {
		pairs = append(pairs, pair{s.Expression, s.Example})
	}
	for _, p := range editorTypes(t) {
		pairs = append(pairs, pair{p + "|", ""}) // it must only compile
	}
	text, err := json.Marshal(pairs)
	if err != nil {
		t.Fatal(err)
	}
	script := "for (const p of " + string(text) + ") " +
		"if (!new RegExp(p.Expression).test(p.Example)) console.log(p.Example)"
	command := exec.Command(node, "-")
	command.Stdin = strings.NewReader(script) // an argument has a limit
	out, err := command.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEditorTasks matches a finding with the pattern by which the editor finds its place.
func TestEditorTasks(t *testing.T) {
	text, err := os.ReadFile("../../.vscode/tasks.json")
	if err != nil {
		t.Fatal(err)
	}
	var tasks struct {
		Tasks []struct {
			Matcher struct{ Pattern struct{ Regexp string } } `json:"problemMatcher"`
		}
	}
	if err := json.Unmarshal(text, &tasks); err != nil || len(tasks.Tasks) != 1 {
		t.Fatal(err, tasks)
	}
	t.Chdir(t.TempDir())
	feature := []byte("Feature: x\n  Scenario: y\n    Given seed 7\n")
	if err := os.WriteFile("x.feature", feature, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := inProcess(t, "lint", "x.feature")
	finding, _, _ := strings.Cut(out, "\n")
	got := regexp.MustCompile(tasks.Tasks[0].Matcher.Pattern.Regexp).FindStringSubmatch(finding)
	want := []string{
		finding, "x.feature", "2", "3", "error", "RS007",
		"nothing is expected here: a scenario needs a Then",
	}
	if code != exitDiffers || !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
