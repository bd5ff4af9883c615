package gherkin

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v42"

	"rollsim/internal/nearest"
)

// languageComment matches the comment that names the language: only other comments may precede it.
var languageComment = regexp.MustCompile(
	`^(?:\s*(?:#.*)?\n)*?\s*#\s*language\s*:\s*([a-zA-Z\-_]+)\s*(?:\n|$)`,
)

// dialect returns the keywords of the language that the file names, or those of English.
func (d *Document) dialect() *gherkin.Dialect {
	all := gherkin.DialectsBuiltin()
	if m := languageComment.FindSubmatch(d.Content); m != nil {
		if named := all.GetDialect(string(m[1])); named != nil {
			return named
		}
	}
	return all.GetDialect("en")
}

// keyword returns a language's usual keyword of a kind. For scenarios and rules it is the last one:
// "Scenario" comes after "Example", and a translation of "Rule" after the English word.
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

// parserTokens maps the parser's names of lines that begin with a keyword to the kind of keyword.
var parserTokens = map[string]string{
	"#FeatureLine":    "feature",
	"#RuleLine":       "rule",
	"#BackgroundLine": "background",
	"#ScenarioLine":   "scenario",
	"#ExamplesLine":   "examples",
}

// expected returns in words the tokens that the parser expects. It leaves out comments and blank
// lines, which are allowed everywhere.
func expected(tokens string, in *gherkin.Dialect) string {
	var words []string
	for _, token := range strings.Split(tokens, ", ") {
		switch kind := parserTokens[token]; {
		case kind != "":
			words = append(words, keyword(in, kind)+":")
		case token == "#TagLine":
			words = append(words, "a tag")
		case token == "#TableRow":
			words = append(words, "a row of a table")
		case token == "#DocStringSeparator":
			words = append(words, `"""`)
		case token == "#StepLine":
			words = append(words, "a step ("+stepKeywords(in)+")")
		}
	}
	return strings.Join(words, ", ")
}

// hintKinds are the kinds of keywords that a hint may name. A keyword comes before those that are a
// prefix of it.
var hintKinds = []string{
	"feature", "background", "rule", "scenarioOutline", "examples", "scenario", "given", "when",
	"then", "and", "but",
}

// hint returns what to add to a message about a misplaced line: the keyword that was probably
// meant, or where the keyword belongs. It is empty if neither is known. first means that the
// feature has not begun at the line.
func hint(line string, first bool, in *gherkin.Dialect) string {
	var known, written []string
	for _, kind := range hintKinds {
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
	is := func(kind string) bool {
		return slices.Contains(in.Keywords[kind], strings.TrimSuffix(meant, ":"))
	}
	switch {
	case found && !strings.HasPrefix(line, written[slices.Index(known, meant)]):
		return fmt.Sprintf(": did you mean %q?", meant)
	case found && first:
		return fmt.Sprintf(": a file begins with \"%s: \" and its name", keyword(in, "feature"))
	case found && is("feature"):
		return ": a file has one feature"
	case found && is("background"):
		return ": it stands before the first scenario"
	case in.Language != "en":
		return fmt.Sprintf(
			": keywords are %s in a file that says \"# language: %s\"", in.Name, in.Language,
		)
	case first && colon:
		return ": keywords are English unless the first line says otherwise, such as \"# language: de\""
	}
	return ""
}
