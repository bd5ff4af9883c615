// Package starter holds the files that authors start with.
package starter

import (
	_ "embed" // for the files
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

//go:embed feature.feature
var feature string

//go:embed scenario.yaml
var scenario string

// Feature returns a feature whose title is a file name as words.
func Feature(name string) string { return strings.Replace(feature, "TITLE", title(name), 1) }

// Scenario returns a scenario whose title is a file name as words.
func Scenario(name string) string { return strings.Replace(scenario, "TITLE", title(name), 1) }

// title returns a file name as words, the first one capitalized.
func title(name string) string {
	separator := func(r rune) bool { return r == '-' || r == '_' }
	words := []rune(strings.Join(strings.FieldsFunc(name, separator), " "))
	words[0] = unicode.ToUpper(words[0])
	return string(words)
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// CheckName returns an error for a name that is not a valid file name on every system, or not a
// valid name of a scenario.
func CheckName(name string) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("the name %q: expected at most 100 letters, digits, dots, - and _, beginning "+
			"with a letter or digit, such as failing-canary", name)
	}
	return nil
}
