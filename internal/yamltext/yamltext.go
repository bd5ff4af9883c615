// Package yamltext writes the parts of YAML that the files of this project need.
package yamltext

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// plain matches the texts that need no quotes anywhere in YAML.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.@/-]*$`)

// reserved lists texts that some YAML parsers read as a boolean, as null or as a number.
var reserved = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null", "inf", "nan"}

// Scalar returns a text as a YAML scalar on one line. It quotes the text if YAML would not read it
// back unchanged.
func Scalar[S ~string](s S) string {
	if plain.MatchString(string(s)) && !slices.Contains(reserved, strings.ToLower(string(s))) {
		return string(s)
	}
	return strconv.Quote(string(s))
}

// width is the length in bytes at which Comment wraps lines.
const width = 120

// Comment returns a text as a YAML comment, wrapped into lines that each begin with an indent. A
// word that is longer than a line has a line of its own.
func Comment(indent, text string) string {
	var b strings.Builder
	line := indent + "#"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	return b.String() + line + "\n"
}

// Days returns a length of time in days if it is a whole number of them, and else in seconds.
func Days(seconds int64) string {
	const day = 24 * 60 * 60
	if seconds > 0 && seconds%day == 0 {
		return strconv.FormatInt(seconds/day, 10) + "d"
	}
	return strconv.FormatInt(seconds, 10) + "s"
}
