package features

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v26"
)

// The keywords of a file are those of its language. Sentences are English in each.

// languageComment stands before everything but other comments.
var languageComment = regexp.MustCompile(`^(?:\s*(?:#.*)?\n)*?\s*#\s*language\s*:\s*([a-zA-Z\-_]+)\s*(?:\n|$)`)

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

// keyword gives a language's usual keyword of a kind: of scenarios and rules the last one, after those that are other words
// for an example.
func keyword(in *gherkin.Dialect, kind string) string {
	all := slices.DeleteFunc(slices.Clone(in.Keywords[kind]), func(k string) bool { return k == "* " })
	if kind == "scenario" || kind == "rule" {
		slices.Reverse(all)
	}
	return strings.TrimSpace(all[0])
}

// stepKeywords lists the keywords that begin a step.
func stepKeywords(in *gherkin.Dialect) string {
	return fmt.Sprintf("%s, %s, %s, %s or %s", keyword(in, "given"), keyword(in, "when"), keyword(in, "then"), keyword(in, "and"),
		keyword(in, "but"))
}

// parserTokens are the parser's names of lines that begin with a keyword, by the kind of it.
var parserTokens = map[string]string{
	"#FeatureLine": "feature", "#RuleLine": "rule", "#BackgroundLine": "background", "#ScenarioLine": "scenario",
	"#ExamplesLine": "examples",
}

// expected says in words what the parser expects; empty for what is always allowed, so that it is not worth naming.
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
