package incident

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

// scalar writes a text as YAML reads it back.
func scalar[S ~string](s S) string {
	if plain.MatchString(string(s)) && !slices.Contains(words, strings.ToLower(string(s))) {
		return string(s)
	}
	return strconv.Quote(string(s))
}

// wrap breaks a text into lines that fit after "# ".
func wrap(text string) []string {
	const width = 118
	lines := []string{""}
	for _, word := range strings.Fields(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(*last)+1+len(word) > width:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	return lines
}

// days writes a length of time in days where it comes out even.
func days(seconds int64) string {
	const day = 24 * 60 * 60
	if seconds > 0 && seconds%day == 0 {
		return strconv.FormatInt(seconds/day, 10) + "d"
	}
	return strconv.FormatInt(seconds, 10) + "s"
}
