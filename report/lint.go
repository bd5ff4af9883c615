package report

import (
	_ "embed"
	"fmt"
	"io"
	"path"
	"strings"

	"rollsim/internal/plural"
	"rollsim/suite/lint"
)

// LintFormats returns the formats of Lint.
func LintFormats() []string { return []string{"text", "json", "github"} }

// LintOptions are the options of Lint.
type LintOptions struct {
	// Files is the number of files that were checked.
	Files int

	// Paint returns a text in the colour of a severity, for the format text.
	Paint func(lint.Severity, string) string

	// Root is the path from the repository to the current folder, for the format github. It is empty
	// when they are the same.
	Root string
}

// Lint writes findings in one of LintFormats.
func Lint(w io.Writer, found []lint.Finding, format string, opt LintOptions) error {
	var b strings.Builder
	switch format {
	case "text":
		lintText(&b, found, opt)
	case "json":
		list := []lintFinding{}
		for _, f := range found {
			list = append(list, lintFinding{
				File: f.File, Line: f.Line, Column: f.Column, Code: f.Rule.Code, Rule: f.Rule.Name,
				Severity: f.Rule.Severity.String(), Message: f.Message,
			})
		}
		return writeJSON(w, list)
	case "github":
		for _, f := range found {
			fmt.Fprintf(&b, "::%s file=%s,line=%d,col=%d,title=%s::%s\n", f.Rule.Severity,
				githubProperty.Replace(path.Join(opt.Root, f.File)), f.Line, f.Column,
				githubProperty.Replace(f.Rule.Code+" "+f.Rule.Name), githubMessage.Replace(f.Message))
		}
	default:
		return unknownFormat("findings", format, LintFormats())
	}
	return write(w, b.String())
}

// lintFinding is a finding as Lint writes it as JSON.
type lintFinding struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Code     string `json:"code"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// The escapes of GitHub's annotations: in the message, and in the properties before it.
var (
	githubMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func lintText(b *strings.Builder, found []lint.Finding, opt LintOptions) {
	in := make(map[string]bool)
	for _, f := range found {
		in[f.File] = true
		fmt.Fprintf(b, "%s:%d:%d: %s %s: %s\n", f.File, f.Line, f.Column,
			opt.Paint(f.Rule.Severity, f.Rule.Severity.String()), f.Rule.Code,
			strings.ReplaceAll(f.Message, "\n", "\n    "))
	}
	if len(found) == 0 {
		fmt.Fprintf(b, "%s, no findings\n", plural.Count(opt.Files, "file"))
		return
	}
	fmt.Fprintf(b, "\n%s in %d of %s; more about the first: rollsim lint --explain %s\n",
		plural.Count(len(found), "finding"), len(in), plural.Count(opt.Files, "file"),
		found[0].Rule.Code)
}

// LintRule writes the documentation of one rule as text.
func LintRule(w io.Writer, r *lint.Rule) error {
	return write(w, fmt.Sprintf("%s %s (%s)\n\n%s\n\n%s\n\nBad:\n\n%s\nGood:\n\n%s", r.Code, r.Name,
		r.Severity, r.Summary, r.Why, indentLines(r.Bad), indentLines(r.Good)))
}

// LintRules writes a list of all rules: as text, or as Markdown with examples, which is
// docs/lint.md.
func LintRules(w io.Writer, format string) error {
	var b strings.Builder
	switch format {
	case "text":
		for _, r := range lint.Rules() {
			fmt.Fprintf(&b, "%s  %-20s  %-7s  %s\n", r.Code, r.Name, r.Severity, r.Summary)
		}
	case "markdown":
		b.WriteString(lintIntroduction)
		for _, r := range lint.Rules() {
			fmt.Fprintf(&b, "| [%s](#%s-%s) | %s | %s | %s |\n", r.Code, strings.ToLower(r.Code), r.Name,
				r.Name, r.Severity, strings.ReplaceAll(r.Summary, "|", `\|`))
		}
		for _, r := range lint.Rules() {
			language := "gherkin"
			if r.Scenarios() {
				language = "yaml"
			}
			fmt.Fprintf(&b, "\n## %s %s\n\n%s %s\n\nBad:\n\n```%s\n%s```\n\nGood:\n\n```%s\n%s```\n",
				r.Code, r.Name, markdownText(r.Summary), markdownText(r.Why),
				language, strings.TrimSuffix(r.Bad, "\n")+"\n", language, r.Good)
		}
	default:
		return unknownFormat("the rules", format, []string{"text", "markdown"})
	}
	return write(w, b.String())
}

// markdownText escapes <name>, which is HTML in Markdown.
func markdownText(s string) string { return strings.ReplaceAll(s, "<", `\<`) }

// lintIntroduction is the beginning of docs/lint.md.
//
//go:embed intro/lint.md
var lintIntroduction string
