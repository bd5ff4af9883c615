package story

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v42"

	"rollsim/internal/nearest"
)

// The keywords of a file are those of its language. Sentences are English in each.

// languageComment stands before everything but other comments.
var languageComment = regexp.MustCompile(
	`^(?:\s*(?:#.*)?\n)*?\s*#\s*language\s*:\s*([a-zA-Z\-_]+)\s*(?:\n|$)`,
)

// dialect gives the keywords of the language that the file names, else those of English.
func (d *document) dialect() *gherkin.Dialect {
	all := gherkin.DialectsBuiltin()
	if m := languageComment.FindSubmatch(d.content); m != nil {
		if named := all.GetDialect(string(m[1])); named != nil {
			return named
		}
	}
	return all.GetDialect("en")
}

// keyword gives a language's usual keyword of a kind: of scenarios and rules the last one, after
// those that are other words for an example.
func keyword(in *gherkin.Dialect, kind string) string {
	all := slices.DeleteFunc(slices.Clone(in.Keywords[kind]), func(k string) bool { return k == "* " })
	if kind == "scenario" || kind == "rule" {
		slices.Reverse(all)
	}
	return strings.TrimSpace(all[0])
}

// stepKeywords lists the keywords that begin a step.
func stepKeywords(in *gherkin.Dialect) string {
	return fmt.Sprintf(
		"%s, %s, %s, %s or %s", keyword(in, "given"), keyword(in, "when"), keyword(in, "then"),
		keyword(in, "and"), keyword(in, "but"),
	)
}

// parserTokens are the parser's names of lines that begin with a keyword, by the kind of it.
var parserTokens = map[string]string{
	"#FeatureLine": "feature", "#RuleLine": "rule", "#BackgroundLine": "background", "#ScenarioLine": "scenario",
	"#ExamplesLine": "examples",
}

// expected says in words what the parser expects; empty for what is always allowed, so that it is
// not worth naming.
func expected(token string, in *gherkin.Dialect) string {
	switch token {
	case "#TagLine":
		return "a tag"
	case "#TableRow":
		return "a row of a table"
	case "#DocStringSeparator":
		return `"""`
	case "#StepLine":
		return "a step (" + stepKeywords(in) + ")"
	}
	if kind := parserTokens[token]; kind != "" {
		return keyword(in, kind) + ":"
	}
	return ""
}

// hint is what to add to a message about a line that stands where it cannot: the keyword that was
// meant, or where that belongs; empty when nobody knows. first is whether the feature has not begun
// there.
func (d *document) hint(line string, first bool) string {
	in := d.dialect()
	var known, written []string // longer ones before those that they begin with
	for _, kind := range []string{"feature", "background", "rule", "scenarioOutline", "examples", "scenario", "given", "when", "then", "and", "but"} {
		for _, k := range in.Keywords[kind] {
			if _, step := in.KeywordTypes[k]; !step {
				k += ":"
			}
			known, written = append(known, strings.TrimSpace(k)), append(written, k)
		}
	}
	head, _, colon := strings.Cut(line, ":")
	word, _, _ := strings.Cut(head, " ")
	meant, found := nearest.Name(head+":", known)
	if !found {
		meant, found = nearest.Name(word, known)
	}
	is := func(kind string) bool { return slices.Contains(in.Keywords[kind], strings.TrimSuffix(meant, ":")) }
	switch {
	case found && !strings.HasPrefix(line, written[slices.Index(known, meant)]):
		return fmt.Sprintf(": did you mean %q?", meant)
	case found && first:
		return fmt.Sprintf(": a file begins with \"%s: \" and its name", keyword(in, "feature"))
	case found && is("feature"):
		return ": a file holds one feature"
	case found && is("background"):
		return ": it stands before the first scenario"
	case in.Language != "en":
		return fmt.Sprintf(": keywords are %s where a file says \"# language: %s\"", in.Name, in.Language)
	case first && colon:
		return ": keywords are English unless a first line says otherwise, such as \"# language: de\""
	}
	return ""
}
