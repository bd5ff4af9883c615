package gherkin

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v42"
)

var (
	parserMessage  = regexp.MustCompile(`(?m)^\(([0-9]+):([0-9]+)\): (.*)$`)
	parserExpected = regexp.MustCompile(
		`^(unexpected end of file, )?expected: (.*?)(?:, got '\s*(.*)')?$`,
	)
)

// parseError returns the parser's messages as *Errors, with the keywords of the file's language.
func (d *Document) parseError(err error) error {
	const most = 5
	dialect := d.dialect()
	var errs []error
	for _, m := range parserMessage.FindAllStringSubmatch(err.Error(), most) {
		line, _ := strconv.Atoi(m[1]) // digits only, and maxFile bounds the number
		column, _ := strconv.Atoi(m[2])
		message, beforeFeature := d.reword(m[3], dialect)
		errs = append(errs, &Error{d.Name, line, max(column, 1), message})
		if beforeFeature {
			break // the parser refuses every later line too
		}
	}
	if errs == nil {
		return &Error{File: d.Name, Message: err.Error()}
	}
	return errors.Join(errs...)
}

// reword returns a message of the parser in the words of this package. beforeFeature reports
// whether the message is about a line where the feature should begin.
func (d *Document) reword(
	message string, dialect *gherkin.Dialect,
) (words string, beforeFeature bool) {
	if m := parserExpected.FindStringSubmatch(message); m != nil {
		atEnd, tokens, line := m[1] != "", m[2], m[3]
		found := strconv.Quote(line)
		if atEnd {
			found = "the end of the file"
		}
		beforeFeature = strings.Contains(tokens, "#FeatureLine")
		words = fmt.Sprintf("expected %s, found %s", expected(tokens, dialect), found)
		if !atEnd {
			words += hint(line, beforeFeature, dialect)
		}
		return words, beforeFeature
	}
	if language, unknown := strings.CutPrefix(message, "Language not supported: "); unknown {
		return fmt.Sprintf(
			"no language is named %q: expected a code such as en, de or zh-CN", language,
		), false
	}
	if message == "inconsistent cell count within the table" {
		return "this row has fewer or more cells than the heading: each cell stands between two |", false
	}
	return message, false
}
