package story

import (
	"fmt"
	"slices"
	"strings"

	messages "github.com/cucumber/messages/go/v34"

	"rollsim/internal/nearest"
)

// The tags that mean something. What they mean to whom is in docs/running-features.md.
const (
	tagMachine = "@machine" // :NAME
	tagSeed    = "@seed"    // :NUMBER
	tagWip     = "@wip"
	tagSlow    = "@slow"
	tagDefect  = "@known-defect"
)

// wellKnown lists them as they are written.
var wellKnown = []string{tagMachine + ":v0.2", tagSeed + ":7", tagWip, tagSlow, tagDefect}

// warnings names the tags of cases that mean nothing, and look as if they were meant to.
func warnings(cases []*Case) []string {
	var all []string
	for _, c := range cases {
		d := c.scenario.document
		for _, tag := range c.scenario.pickle.Tags {
			if meant, ok := MisspeltTag(tag.Name); ok {
				all = append(all, fmt.Sprintf("%s:%d: the tag %s means nothing here: did you mean %s?",
					d.name, d.tags[tag.AstNodeId], tag.Name, meant))
			}
		}
	}
	return unique(all)
}

// MisspeltTag gives the well-known tag that another one was probably meant to be. One that chooses
// a machine or a seed that there is not is no such tag: it fails the scenario.
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

// CheckTags finds two tags among those of one place which choose different machines, or different
// seeds; nil when there are none. A nearer tag wins over a farther one, but of these none is
// nearer.
func (d *Document) CheckTags(tags []*messages.Tag) *Error { return d.parsed.checkTags(tags) }

func (d *document) checkTags(tags []*messages.Tag) *Error {
	chosen := make(map[string]string)
	for _, t := range tags {
		name, _, _ := strings.Cut(t.Name, ":")
		if before := chosen[name]; before != "" && before != t.Name &&
			(name == tagMachine || name == tagSeed) {
			return &Error{d.name, int(t.Location.Line), int(t.Location.Column),
				fmt.Sprintf("%s and %s contradict each other: take one away", before, t.Name)}
		}
		chosen[name] = t.Name
	}
	return nil
}

// unique leaves out what was there before.
func unique(list []string) []string {
	known := make(map[string]bool)
	return slices.DeleteFunc(list, func(s string) bool {
		again := known[s]
		known[s] = true
		return again
	})
}

// tagExpression tells whether a scenario with these tags is selected.
type tagExpression func(tags []string) bool

// parseTags reads a tag expression: tags with and, or, not and parentheses. An empty one selects
// everything.
func parseTags(expression string) (tagExpression, error) {
	p := tagParser{expression: expression, tokens: tagTokens(expression)}
	if len(p.tokens) == 0 {
		return func([]string) bool { return true }, nil
	}
	e, err := p.or()
	if err == nil && len(p.tokens) > 0 {
		err = p.expected("and, or, or the end")
	}
	return e, err
}

func tagTokens(expression string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(expression))
}

type tagParser struct {
	expression string
	tokens     []string // those that are left
}

func (p *tagParser) expected(what string) error {
	found := "its end"
	if len(p.tokens) > 0 {
		found = fmt.Sprintf("%q", p.tokens[0])
	}
	return fmt.Errorf("tag expression %q: expected %s, found %s; an example: (@slow or @wip) and "+
		"not @machine:v0.2",
		p.expression, what, found)
}

func (p *tagParser) take(token string) bool {
	if len(p.tokens) == 0 || p.tokens[0] != token {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *tagParser) or() (tagExpression, error) {
	left, err := p.and()
	for err == nil && p.take("or") {
		a := left
		var b tagExpression
		if b, err = p.and(); err == nil {
			left = func(tags []string) bool { return a(tags) || b(tags) }
		}
	}
	return left, err
}

func (p *tagParser) and() (tagExpression, error) {
	left, err := p.not()
	for err == nil && p.take("and") {
		a := left
		var b tagExpression
		if b, err = p.not(); err == nil {
			left = func(tags []string) bool { return a(tags) && b(tags) }
		}
	}
	return left, err
}

func (p *tagParser) not() (tagExpression, error) {
	switch {
	case p.take("not"):
		e, err := p.not()
		return func(tags []string) bool { return !e(tags) }, err
	case p.take("("):
		e, err := p.or()
		if err == nil && !p.take(")") {
			err = p.expected("a closing parenthesis")
		}
		return e, err
	}
	// A comma or a second @ would be an older syntax, in which it means "or".
	if len(p.tokens) == 0 || !strings.HasPrefix(p.tokens[0], "@") || len(p.tokens[0]) == 1 ||
		strings.ContainsAny(p.tokens[0][1:], "@,") {
		return nil, p.expected("a tag such as @slow")
	}
	tag := p.tokens[0]
	p.tokens = p.tokens[1:]
	return func(tags []string) bool { return slices.Contains(tags, tag) }, nil
}
