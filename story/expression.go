package story

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"rollsim/story/gherkin"
)

// lazy returns a function that compiles a regular expression when it is first called. Most
// processes need none of the long ones, which together take a fifth of the time of a short command.
func lazy(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

// piece matches one piece of the words of a step. Words are plain text in which (text) is optional,
// a/b is a choice, and {name} stands for a value.
var piece = regexp.MustCompile(`\{[a-z_]+\}|\(|\)| +|[^ (){}]+`)

// A form is the words of a step as sentences are compared with them.
type form struct {
	expr   func() *regexp.Regexp
	values []parameter
	fixed  []string // words that each sentence has, in lower case
}

// mayFit reports whether a sentence in lower case has all words that are fixed. It does not compile
// the expression, so that a story compiles only those that it needs.
func (f *form) mayFit(lower string) bool {
	return !slices.ContainsFunc(f.fixed, func(w string) bool { return !strings.Contains(lower, w) })
}

// fits reports whether a sentence fits the form. lower is the sentence in lower case.
func (f *form) fits(sentence, lower string) bool {
	return f.mayFit(lower) && f.expr().MatchString(sentence)
}

// matches reports whether a sentence fits the form.
func (f *form) matches(sentence string) bool { return f.fits(sentence, strings.ToLower(sentence)) }

// formOf returns the form of the words of a step.
func formOf(words string) form {
	text, values, fixed := pattern(words)
	return form{lazy(text), values, fixed}
}

// pattern returns the regular expression of the words of a step, the values in it, and the words
// that are in each text that it matches, in lower case. JavaScript reads the expression as Go does,
// so that editors can use it.
func pattern(words string) (expr string, values []parameter, fixed []string) {
	var b strings.Builder
	depth := 0 // of optional words
	b.WriteString("^")
	pieces := piece.FindAllString(withArticles(words), -1)
	for i, p := range pieces {
		switch {
		case p == "(":
			b.WriteString("(?:")
			depth++
		case p == ")":
			b.WriteString(")?")
			depth--
		case p[0] == ' ':
			b.WriteString(" +")
		case p[0] == '{':
			v, ok := parameters[strings.Trim(p, "{}")]
			if !ok {
				panic("story: no value is named " + p)
			}
			values = append(values, v)
			b.WriteString("(" + v.expr + ")")
		case p == ":" && i == len(pieces)-1: // a table follows
			b.WriteString(":?")
		case strings.Contains(p, "/"):
			var choices []string
			for _, word := range strings.Split(p, "/") {
				choices = append(choices, anyCase(word))
			}
			b.WriteString("(?:" + strings.Join(choices, "|") + ")")
		default:
			b.WriteString(anyCase(p))
			if depth == 0 {
				fixed = append(fixed, strings.ToLower(p))
			}
		}
	}
	b.WriteString("$")
	return b.String(), values, fixed
}

var (
	namedNoun  = regexp.MustCompile(`(?:host|rollout|channel|ref)(?:s|\(s\))? \)?\{`)
	hasArticle = regexp.MustCompile(`(?:the[a-z/]* \)?\(?|/)$`) // or is the rest of a choice of nouns
)

// withArticles adds an optional "the" before every noun that a name follows, unless it has an
// article already.
func withArticles(words string) string {
	var b strings.Builder
	end := 0
	for _, at := range namedNoun.FindAllStringIndex(words, -1) {
		b.WriteString(words[end:at[0]])
		if !hasArticle.MatchString(words[:at[0]]) {
			b.WriteString("(the )")
		}
		b.WriteString(words[at[0]:at[1]])
		end = at[1]
	}
	return b.String() + words[end:]
}

// anyCase returns an expression for a word whose first letter may be a capital.
func anyCase(word string) string {
	if first := word[0]; first >= 'a' && first <= 'z' {
		return fmt.Sprintf("[%c%c]%s", first, first-'a'+'A', regexp.QuoteMeta(word[1:]))
	}
	return regexp.QuoteMeta(word)
}

// read returns the values in a sentence, nil for those that are left out. It reports whether the
// sentence fits the step. The error is about a value that does not exist.
func (s *step) read(sentence string) (values []any, fits bool, err error) {
	at := s.expr().FindStringSubmatchIndex(sentence)
	if at == nil {
		return nil, false, nil
	}
	for i, v := range s.values {
		from, to := at[2*i+2], at[2*i+3]
		if from < 0 {
			values = append(values, nil)
			continue
		}
		value, err := v.parse(sentence[from:to])
		if err != nil {
			return nil, true, err
		}
		values = append(values, value)
	}
	return values, true, nil
}

// call calls the function of the step. A value that is left out is the zero value.
func (s *step) call(w *world, values []any, t gherkin.Table) error {
	f := reflect.ValueOf(s.do)
	args := []reflect.Value{reflect.ValueOf(w)}
	for i, v := range values {
		if v == nil {
			args = append(args, reflect.Zero(f.Type().In(i+1)))
			continue
		}
		args = append(args, reflect.ValueOf(v))
	}
	if s.table != nil {
		args = append(args, reflect.ValueOf(t))
	}
	err, _ := f.Call(args)[0].Interface().(error)
	return err
}
