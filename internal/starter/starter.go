// Package starter holds the files that authors begin with.
package starter

import (
	_ "embed" // of the files
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

//go:embed feature.feature
var feature string

//go:embed scenario.yaml
var scenario string

// Feature gives the text of a feature with a name.
func Feature(name string) string { return strings.Replace(feature, "TITLE", title(name), 1) }

// Scenario gives the text of a scenario with a name.
func Scenario(name string) string { return strings.Replace(scenario, "TITLE", title(name), 1) }

// title makes words of a file's name.
func title(name string) string {
	words := []rune(
		strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' }), " "),
	)
	words[0] = unicode.ToUpper(words[0])
	return string(words)
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// CheckName refuses what makes no name of a file on every system, and no name of a scenario.
func CheckName(name string) error {
	if !nameForm.MatchString(name) {
		return fmt.Errorf("the name %q: expected letters, digits, - and _, beginning with a letter or "+
			"digit, such as failing-canary", name)
	}
	return nil
}
