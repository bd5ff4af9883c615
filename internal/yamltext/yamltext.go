// Package yamltext writes the parts of YAML that the files of this project need.
package yamltext

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// plain are the texts that stand in YAML as they are, wherever they stand.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.@/-]*$`)

// words mean something else in YAML, at least to some readers of it.
var words = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null", "inf", "nan"}

// Scalar writes a text as YAML reads it back, in one line.
func Scalar[S ~string](s S) string {
	if plain.MatchString(string(s)) && !slices.Contains(words, strings.ToLower(string(s))) {
		return string(s)
	}
	return strconv.Quote(string(s))
}

// Comment writes a text as a comment, in as many lines as it takes, each after an indent.
func Comment(indent, text string) string {
	const width = 120
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

// Days writes a length of time in days where it comes out even.
func Days(seconds int64) string {
	const day = 24 * 60 * 60
	if seconds > 0 && seconds%day == 0 {
		return strconv.FormatInt(seconds/day, 10) + "d"
	}
	return strconv.FormatInt(seconds, 10) + "s"
}
