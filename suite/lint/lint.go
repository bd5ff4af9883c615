package lint

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"rollsim/internal/limited"
	"rollsim/internal/nearest"
	"rollsim/scenario"
	"rollsim/story"
)

// Severity is the severity of a rule. The zero value is invalid.
type Severity uint8

// The severities.
const (
	Error   Severity = 1 + iota // the file cannot be run, or cannot pass
	Warning                     // the file runs, but tests less than it seems to
)

// String returns the name of the severity.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	}
	return ""
}

// Rule is one kind of finding.
type Rule struct {
	Code     string // RS0xx for features, RS1xx for scenarios
	Name     string
	Severity Severity
	Summary  string // what the rule finds, in a sentence
	Why      string // why that matters, and what to do

	// Bad breaks this rule and no other one, Good breaks no rule. Each is one file, or several files
	// in the txtar format.
	Bad, Good string

	// The function that reports findings: one of these, or none in a rule about files that cannot be
	// read and in the rule about goldens without a scenario.
	feature  func(*feature)
	scenario func(*scenarioFile)
}

// Scenarios reports whether the rule is about scenarios, not features.
func (r *Rule) Scenarios() bool { return strings.HasPrefix(r.Code, "RS1") }

// Rules returns all rules, ordered by code.
func Rules() []*Rule {
	var all []*Rule
	for i := range featureRules {
		all = append(all, &featureRules[i])
	}
	for i := range scenarioRules {
		all = append(all, &scenarioRules[i])
	}
	return all
}

// Find returns the rule with a code or name, ignoring case. The error suggests the nearest name.
func Find(name string) (*Rule, error) {
	var known []string
	for _, r := range Rules() {
		if strings.EqualFold(r.Code, name) || strings.EqualFold(r.Name, name) {
			return r, nil
		}
		known = append(known, r.Name, r.Code)
	}
	hint := ": rollsim lint --rules lists all rules"
	if near, ok := nearest.Name(name, known); ok {
		hint = `: did you mean "` + near + `"?`
	}
	return nil, errors.New(`unknown rule "` + name + `"` + hint)
}

// Finding is a place where a rule is broken.
type Finding struct {
	File         string
	Line, Column int // from 1, columns in characters
	Rule         *Rule
	Message      string // one line or several
}

// Check checks feature files (.feature) and scenario files (.yaml). It returns the findings in the
// order of the names, those of a file in the order of their positions, and goldens without a
// scenario last. The error joins the errors of the file system. A file with invalid content is a
// finding.
func Check(fsys fs.FS, names []string) ([]Finding, error) {
	var all []Finding
	var errs []error
	for _, name := range names {
		content, err := limited.ReadStart(fsys, name, limited.MaxFile+1)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found := findings{file: name, lines: 1 + bytes.Count(content, []byte("\n"))}
		switch {
		case path.Ext(name) == ".feature":
			checkFeature(&found, fsys, content)
		case path.Base(name) == scenario.PhrasesName:
			found.addRefused(wrongPhrases, story.CheckPhrases(name, content))
		default:
			checkScenario(&found, fsys, content)
		}
		slices.SortStableFunc(found.list, func(a, b Finding) int {
			return cmp.Or(
				cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			)
		})
		for _, one := range found.list {
			if !slices.Contains(all, one) { // several features may use one file of phrases
				all = append(all, one)
			}
		}
	}
	return append(all, checkGoldens(fsys, names)...), errors.Join(errs...)
}

// findings collects the findings in one file.
type findings struct {
	file  string
	lines int // of the file
	list  []Finding
}

// add records a finding, unless it is recorded already.
func (f *findings) add(rule *Rule, line, column int, message string) {
	f.addTo(f.file, rule, line, column, message)
}

// addRefused records the errors of a file that cannot be used, which may be another one than the
// checked file.
func (f *findings) addRefused(rule *Rule, err error) {
	for _, e := range unjoin(err) {
		var refused *scenario.Error
		if errors.As(e, &refused) {
			f.addTo(refused.File, rule, refused.Line, refused.Column, refused.Message)
		}
	}
}

// addTo records a finding in another file, which the checked file includes.
func (f *findings) addTo(file string, rule *Rule, line, column int, message string) {
	if file == f.file {
		line = min(line, f.lines) // the YAML parser places some errors after the end
	}
	found := Finding{file, max(line, 1), max(column, 1), rule, message}
	if !slices.Contains(f.list, found) {
		f.list = append(f.list, found)
	}
}
