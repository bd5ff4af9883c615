package report

import (
	"fmt"
	"io"
	"path"
	"strings"

	"rollsim/internal/plural"
	"rollsim/suite/lint"
)

// LintFormats lists the forms in which Lint writes findings.
func LintFormats() []string { return []string{"text", "json", "github"} }

// LintOptions say more about how findings are written.
type LintOptions struct {
	Files int // how many were looked at
	// gives a text the colour of a severity, in the format text
	Paint func(lint.Severity, string) string
	// the way from the folder of the repository to the one that paths start from, for the format
	// github
	Root string
}

// Lint writes what was found, in one of LintFormats.
func Lint(w io.Writer, found []lint.Finding, format string, opt LintOptions) error {
	var b strings.Builder
	switch format {
	case "text":
		lintText(&b, found, opt)
	case "json":
		list := []lintFinding{}
		for _, f := range found {
			list = append(
				list,
				lintFinding{
					f.File,
					f.Line,
					f.Column,
					f.Rule.Code,
					f.Rule.Name,
					f.Rule.Severity.String(),
					f.Message,
				},
			)
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

// lintFinding is a finding in JSON. Fields are added, never renamed.
type lintFinding struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Code     string `json:"code"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// What GitHub's annotations escape in a message, and beyond that in what stands before it.
var (
	githubMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func lintText(b *strings.Builder, found []lint.Finding, opt LintOptions) {
	in := make(map[string]bool)
	for _, f := range found {
		in[f.File] = true
		fmt.Fprintf(
			b, "%s:%d:%d: %s %s: %s\n", f.File, f.Line, f.Column,
			opt.Paint(f.Rule.Severity, f.Rule.Severity.String()), f.Rule.Code,
			strings.ReplaceAll(f.Message, "\n", "\n    "),
		)
	}
	if len(found) == 0 {
		fmt.Fprintf(b, "%s, nothing found\n", plural.Count(opt.Files, "file"))
		return
	}
	fmt.Fprintf(
		b, "\n%s in %d of %s; more about the first: rollsim lint --explain %s\n",
		plural.Count(len(found), "finding"), len(in), plural.Count(opt.Files, "file"), found[0].Rule.Code,
	)
}

// LintRule explains one rule.
func LintRule(w io.Writer, r *lint.Rule) error {
	_, err := fmt.Fprintf(
		w, "%s %s (%s)\n\n%s\n\n%s\n\nBad:\n\n%s\nGood:\n\n%s", r.Code, r.Name, r.Severity, r.Summary,
		r.Why, indentLines(r.Bad), indentLines(r.Good),
	)
	return err
}

// indentLines sets a text apart.
func indentLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// LintRules lists all rules, as text or, with examples, as the page docs/lint.md.
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
			fmt.Fprintf(
				&b,
				"| [%s](#%s-%s) | %s | %s | %s |\n",
				r.Code,
				strings.ToLower(r.Code),
				r.Name,
				r.Name,
				r.Severity,
				strings.ReplaceAll(r.Summary, "|", `\|`),
			)
		}
		for _, r := range lint.Rules() {
			language := "gherkin"
			if r.Scenarios() {
				language = "yaml"
			}
			fmt.Fprintf(
				&b,
				"\n## %s %s\n\n%s "+
					"%s\n\nBad:\n\n```%s\n%s```\n\nGood:\n\n```%s\n%s```\n",
				r.Code,
				r.Name,
				markdownText(
					r.Summary,
				),
				markdownText(r.Why),
				language,
				strings.TrimSuffix(r.Bad, "\n")+"\n",
				language,
				r.Good,
			)
		}
	default:
		return unknownFormat("rules", format, []string{"text", "markdown"})
	}
	return write(w, b.String())
}

// markdownText keeps <name> from being taken for HTML.
func markdownText(s string) string { return strings.ReplaceAll(s, "<", `\<`) }

const lintIntroduction = `# Lint

` + "`rollsim lint`" + ` looks at features and scenarios without running them, for what would keep them from passing (an error), or from
testing what they seem to test (a warning). All findings of a file are shown at once, each with its place and the code of
its rule. ` + "`rollsim lint --explain " +
	"CODE`" + ` shows what is below about one rule. This page is made by
` + "`rollsim lint --rules --format markdown`" + `.

` + "```yaml" + `
# late.yaml
channels:
  - name: stable
    waves: [{hosts: 2, soak: 10m}]
timeline:
  - {at: 0s, channel: stable, rev: a1}
` + "```" + `

` + "```console" + `
$ rollsim lint late.yaml
late.yaml:6:31: error RS101: unknown field "rev": did you mean "ref"?
…
` + "```" + `

The exit code is 0 when nothing was found, 1 when something was, and 2 when a file cannot be opened. ` + "`--format github`" + ` makes
annotations of the findings in a workflow on GitHub (` + "`- run: rollsim lint --format github`" + `); ` + "`--format json`" + ` is a list of
objects with the fields file, line, column, code, rule, severity and message. A rule that you do not want is left out by
` + "`--disable CODE`" + `. Of scenarios tagged ` + "`@wip`" + `, sentences are not looked at: they are not run either.

| code | rule | severity | what is found |
|---|---|---|---|
`
