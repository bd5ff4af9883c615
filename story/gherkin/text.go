package gherkin

import (
	"regexp"
	"strings"

	messages "github.com/cucumber/messages/go/v34"
)

// Quoted is the regular expression of a name in quotes: straight or typographic, double or single.
const Quoted = `"[^"]*"|“[^”]*”|'[^']*'|‘[^’]*’`

var straightQuotes = strings.NewReplacer(
	"“", `"`, "”", `"`, "„", `"`, "« ", `"`, " »", `"`, "«", `"`, "»", `"`,
	"‘", "'", "’", "'", "‚", "'",
)

// Plain returns a sentence with straight quotes and single spaces, and without a full stop.
func Plain(sentence string) string {
	return strings.TrimSuffix(straightQuotes.Replace(strings.Join(strings.Fields(sentence), " ")), ".")
}

// Unquote returns a name without its quotes, if it has any.
func Unquote(s string) string {
	for _, q := range []string{`""`, `“”`, `''`, `‘’`} {
		opening, closing := string([]rune(q)[0]), string([]rune(q)[1])
		if inner, ok := strings.CutPrefix(s, opening); ok {
			return strings.TrimSuffix(inner, closing)
		}
	}
	return s
}

var placeholder = regexp.MustCompile(`<([^<>|\n]+)>`)

// Placeholders returns the names of the placeholders in a text of a scenario outline, such as n in
// "wave <n>".
func Placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// Unfilled returns the first placeholder in a step and its table for which no examples have a
// value; empty if none exists.
func Unfilled(step *messages.PickleStep) string {
	texts := []string{step.Text}
	if step.Argument != nil && step.Argument.DataTable != nil {
		for _, row := range step.Argument.DataTable.Rows {
			for _, cell := range row.Cells {
				texts = append(texts, cell.Value)
			}
		}
	}
	for _, text := range texts {
		if names := Placeholders(text); names != nil {
			return names[0]
		}
	}
	return ""
}
