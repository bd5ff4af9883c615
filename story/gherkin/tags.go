package gherkin

import (
	"fmt"
	"slices"
	"strings"
)

// A tagExpression reports whether it selects a scenario with some tags.
type tagExpression func(tags []string) bool

// parseTags parses a tag expression: tags with and, or, not and parentheses. An empty one selects
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

// A tagParser is a recursive descent parser.
type tagParser struct {
	expression string
	tokens     []string // not yet parsed
}

func (p *tagParser) expected(what string) error {
	found := "its end"
	if len(p.tokens) > 0 {
		found = fmt.Sprintf("%q", p.tokens[0])
	}
	return fmt.Errorf(
		"tag expression %q: expected %s, found %s; an example: (@slow or @wip) and not @machine:v0.2",
		p.expression, what, found,
	)
}

// accept consumes a token if it is the next one.
func (p *tagParser) accept(token string) bool {
	if len(p.tokens) == 0 || p.tokens[0] != token {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *tagParser) or() (tagExpression, error) {
	left, err := p.and()
	for err == nil && p.accept("or") {
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
	for err == nil && p.accept("and") {
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
	case p.accept("not"):
		e, err := p.not()
		return func(tags []string) bool { return !e(tags) }, err
	case p.accept("("):
		e, err := p.or()
		if err == nil && !p.accept(")") {
			err = p.expected("a closing parenthesis")
		}
		return e, err
	}
	// In the old syntax a comma or a second @ means "or".
	if len(p.tokens) == 0 || !strings.HasPrefix(p.tokens[0], "@") || len(p.tokens[0]) == 1 ||
		strings.ContainsAny(p.tokens[0][1:], "@,") {
		return nil, p.expected("a tag such as @slow")
	}
	tag := p.tokens[0]
	p.tokens = p.tokens[1:]
	return func(tags []string) bool { return slices.Contains(tags, tag) }, nil
}
