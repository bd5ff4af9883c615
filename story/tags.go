package story

import (
	"fmt"
	"slices"
	"strings"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/nearest"
	"rollsim/story/gherkin"
)

// The tags that choose what a scenario runs with, or invert its result. docs/running-features.md
// describes them.
const (
	tagMachine = "@machine"      // :NAME
	tagSeed    = "@seed"         // :NUMBER
	tagDefect  = "@known-defect" // :NAME
	tagVacuous = "@vacuous"      // :REASON
)

// wellKnown are the tags with a meaning, with an example of the value after the colon.
var wellKnown = []string{
	tagMachine + ":v0.2", tagSeed + ":7", gherkin.TagWIP, gherkin.TagSlow, tagDefect + ":stuck",
	tagVacuous + ":shows-the-default",
}

// MisspeltTag returns the well-known tag that another one was probably meant to be. A tag that
// chooses a machine or a seed that does not exist is spelt right: it fails the scenario.
func MisspeltTag(tag string) (meant string, found bool) {
	name, value, _ := strings.Cut(tag, ":")
	var names []string
	for _, known := range wellKnown {
		knownName, example, _ := strings.Cut(known, ":")
		if name == knownName && (value == "" || example != "") {
			return "", false
		}
		names = append(names, knownName)
	}
	near, found := nearest.Name(name, names)
	if !found || strings.HasPrefix(name, near+"-") { // such as @slow-network
		return "", false
	}
	return wellKnown[slices.Index(names, near)], true
}

// ContradictoryTags returns an error for two tags of one place that choose different machines or
// different seeds; nil if none exist. A tag overrides inherited ones, but not one of its own
// place.
func ContradictoryTags(d *gherkin.Document, tags []*messages.Tag) *gherkin.Error {
	chosen := make(map[string]string)
	for _, t := range tags {
		name, _, _ := strings.Cut(t.Name, ":")
		if before := chosen[name]; before != "" && before != t.Name &&
			(name == tagMachine || name == tagSeed) {
			return &gherkin.Error{
				File: d.Name, Line: int(t.Location.Line), Column: int(t.Location.Column),
				Message: fmt.Sprintf("%s and %s contradict each other: delete one", before, t.Name),
			}
		}
		chosen[name] = t.Name
	}
	return nil
}
