package story

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"rollsim/internal/limited"
	"rollsim/internal/nearest"
	"rollsim/internal/osfs"
	"rollsim/scenario"
	"rollsim/story/gherkin"
)

// A phrase is a sentence that a team has named in a file of phrases: it stands for other sentences.
type phrase struct {
	file  string
	line  int
	say   string
	names []string // of its values, in order
	steps []scenario.PhraseStep
}

const (
	// maxPhraseDepth is how deep phrases may nest.
	maxPhraseDepth = 5
	// maxPhraseSentences is how many sentences a phrase may stand for, with those of phrases in it.
	maxPhraseSentences = 200
	// maxOptionals is how many optional texts a phrase may have.
	maxOptionals = 5
)

var errPhraseDepth = fmt.Errorf("phrases nest more than %d deep", maxPhraseDepth)

const topicPhrases = "Own sentences"

// A phraseError is the error of a sentence that a phrase stands for.
type phraseError struct {
	phrase *phrase
	step   scenario.PhraseStep
	err    error
}

func (e *phraseError) Error() string {
	return fmt.Sprintf(
		"phrase    %s:%d: %s\nits step  %s:%d: %s\n%v", e.phrase.file, e.phrase.line, e.phrase.say,
		e.phrase.file, e.step.Line, e.step.Text, e.err,
	)
}

func (e *phraseError) Unwrap() error { return e.err }

// carryOutPhrase carries out the sentences that a phrase stands for.
func (w *world) carryOutPhrase(r reading) error {
	outer := w.sentence
	if w.depth == maxPhraseDepth {
		return errPhraseDepth
	}
	w.depth++
	defer func() { w.depth--; w.sentence = outer }()
	p := r.step.phrase
	for _, s := range p.steps {
		if err := w.carryOut(nil, p.fill(s.Text, r.values), nil); err != nil {
			return &phraseError{p, s, err}
		}
	}
	return nil
}

// rehearsePhrase checks the sentences that a phrase stands for.
func (w *world) rehearsePhrase(r reading) (flaw Flaw, err error) {
	if w.depth == maxPhraseDepth {
		return FlawStory, errPhraseDepth
	}
	w.depth++
	defer func() { w.depth-- }()
	p := r.step.phrase
	for _, s := range p.steps {
		if flaw, err := w.rehearse(p.fill(s.Text, r.values), nil); err != nil {
			return flaw, &phraseError{p, s, err}
		}
	}
	return 0, nil
}

var (
	aKeyword  = regexp.MustCompile(`^(Given|When|Then|And|But|\*) +`)
	aValue    = regexp.MustCompile(`\{([a-z_]+)(?::([a-z_]+))?\}`)
	filled    = regexp.MustCompile(`\{([a-z_]+)\}`)
	phraseTop = regexp.MustCompile(`[(){}]`)
)

// fill returns a sentence of the phrase with some values, without its keyword. Between quotes, a
// value has none of its own.
func (p *phrase) fill(sentence string, values []any) string {
	sentence = gherkin.Plain(aKeyword.ReplaceAllString(sentence, ""))
	var b strings.Builder
	quoted := false
	end := 0
	for _, at := range filled.FindAllStringSubmatchIndex(sentence, -1) {
		i := slices.Index(p.names, sentence[at[2]:at[3]])
		before := sentence[end:at[0]]
		quoted = quoted != (strings.Count(before, `"`)%2 == 1)
		value := values[i].(string)
		if quoted {
			value = gherkin.Unquote(value)
		}
		b.WriteString(before + value)
		end = at[1]
	}
	return b.String() + sentence[end:]
}

// languageFor returns the steps that the features of a folder may use: the built-in ones, and the
// phrases of the nearest file of phrases. fsys may be nil.
func languageFor(fsys fs.FS, dir string) (v vocabulary, file string, err error) {
	if fsys == nil {
		fsys = osfs.FS{}
	}
	file, found := FindPhrases(fsys, dir)
	if !found {
		return steps(), "", nil
	}
	text, err := limited.ReadStart(fsys, file, scenario.MaxSize+1)
	if err != nil {
		return steps(), file, err
	}
	made := readPhrases(phraseFile{file, string(text)})
	return made.steps, file, made.err
}

// languageOf returns the steps that a feature may use.
func languageOf(d *gherkin.Document) (vocabulary, error) {
	v, _, err := languageFor(d.FS, path.Dir(d.Name))
	return v, err
}

// FindPhrases returns the nearest file of phrases from a folder upwards. It does not leave a
// repository.
func FindPhrases(fsys fs.FS, dir string) (file string, found bool) {
	for dir = path.Clean(dir); ; {
		file := path.Join(dir, scenario.PhrasesName)
		if info, err := fs.Stat(fsys, file); err == nil && !info.IsDir() {
			return file, true
		}
		if _, err := fs.Stat(fsys, path.Join(dir, ".git")); err == nil {
			return "", false
		}
		above, ok := osfs.Parent(fsys, dir)
		if !ok {
			return "", false
		}
		dir = above
	}
}

type phraseFile struct{ name, text string }

type phraseSteps struct {
	steps vocabulary
	err   error
}

var readPhrases = memo(func(f phraseFile) phraseSteps {
	v, err := parsePhrases(f.name, []byte(f.text))
	return phraseSteps{v, err}
})

// parsePhrases returns the built-in steps and those of a file of phrases. The error joins a
// *scenario.Error for each mistake; the steps are then the built-in ones alone.
func parsePhrases(name string, text []byte) (vocabulary, error) {
	all, err := scenario.ParsePhrases(name, text)
	if err != nil {
		return steps(), err
	}
	c := &phraseChecker{file: name, all: slices.Clone(steps()), sizes: make(map[*step]phraseSize)}
	for i := range all {
		c.add(&all[i])
	}
	for _, s := range c.own {
		c.checkSame(s)
	}
	if c.errs == nil {
		for _, s := range c.own {
			c.walk(s, nil)
		}
	}
	if c.errs != nil {
		return steps(), errors.Join(c.errs...)
	}
	return c.all, nil
}

// A phraseChecker makes steps of the phrases of a file, and checks them.
type phraseChecker struct {
	file string
	all  vocabulary // the built-in steps, and then its own
	own  []*step
	errs []error

	sizes map[*step]phraseSize // of the phrases that walk has finished
}

// A phraseSize says how much a phrase stands for.
type phraseSize struct{ depth, sentences int }

func (c *phraseChecker) fail(line int, format string, args ...any) {
	c.errs = append(c.errs, &scenario.Error{
		File: c.file, Line: line, Column: 1, Message: fmt.Sprintf(format, args...),
	})
}

// add adds the step of a phrase.
func (c *phraseChecker) add(p *scenario.Phrase) {
	said := gherkin.Plain(p.Say)
	one := &phrase{file: c.file, line: p.Line, say: said, steps: p.Steps}
	words := aValue.ReplaceAllStringFunc(said, func(value string) string {
		m := aValue.FindStringSubmatch(value)
		kind := m[2]
		if kind == "" {
			kind = m[1]
		}
		switch _, known := parameters[kind]; {
		case !known || kind == "sentence":
			c.fail(p.Line, "say: no type of a value is named %q%s", kind, nearest.Hint(kind, valueTypes()))
		case slices.Contains(one.names, m[1]):
			c.fail(p.Line, "say: two values are named %q", m[1])
		}
		one.names = append(one.names, m[1])
		return "{" + kind + "}"
	})
	words = spaced(words)
	if !c.checkWords(p.Line, words) {
		return
	}
	for _, s := range p.Steps {
		for _, m := range filled.FindAllStringSubmatch(s.Text, -1) {
			if !slices.Contains(one.names, m[1]) {
				c.fail(s.Line, "the phrase has no value named %q%s", m[1], nearest.Hint(m[1], one.names))
			}
		}
		if !aKeyword.MatchString(s.Text) {
			c.fail(s.Line, "expected a sentence with its keyword, such as Given %s", s.Text)
		}
	}
	made := &step{
		topic: topicPhrases, words: words, phrase: one, phase: map[string]phase{
			"Given": sets, "When": happens, "Then": expects,
		}[p.As],
	}
	if c.errs != nil {
		return
	}
	made.form = formOf(words)
	for i, v := range made.values {
		made.values[i].parse = asWritten(v)
	}
	made.example = sampleSentence(variantsOf(words)[len(variantsOf(words))-1])
	if !made.matches(made.example) {
		c.fail(p.Line, "say: expected a space between each value and the words next to it")
		return
	}
	made.doc = one.describe()
	c.all, c.own = append(c.all, made), append(c.own, made)
}

var (
	optionalAfter  = regexp.MustCompile(` \(([^ ()][^()]*)\)`)
	optionalBefore = regexp.MustCompile(`^\(([^()]*[^ ()])\) `)
)

// spaced returns the words of a phrase with the space around an optional text inside its brackets,
// as steps have it.
func spaced(words string) string {
	words = optionalBefore.ReplaceAllString(words, "($1 )")
	return optionalAfter.ReplaceAllStringFunc(words, func(s string) string {
		if strings.HasSuffix(s, " )") {
			return s // it has the space that follows
		}
		return "( " + s[2:]
	})
}

// asWritten returns a function that checks the text of a value, and returns the text.
func asWritten(v parameter) func(string) (any, error) {
	return func(text string) (any, error) {
		_, err := v.parse(text)
		return text, err
	}
}

// describe returns what the phrase means.
func (p *phrase) describe() string {
	var all []string
	for _, s := range p.steps {
		all = append(all, s.Text)
	}
	return fmt.Sprintf("It stands for: %s. See %s:%d.", strings.Join(all, "; "), p.file, p.line)
}

// checkWords reports whether the words of a phrase have the form of those of a step.
func (c *phraseChecker) checkWords(line int, words string) bool {
	before := len(c.errs)
	depth, optionals := 0, 0
	for _, p := range phraseTop.FindAllString(aPlaceholder.ReplaceAllString(words, "{"), -1) {
		switch {
		case p == "(":
			depth++
			optionals++
		case p == ")":
			depth--
		case p == "}" || strings.Count(words, "{") != len(aPlaceholder.FindAllString(words, -1)):
			c.fail(line, "say: expected {NAME:TYPE} for a value, in lower case")
			return false
		case depth > 0:
			c.fail(line, "say: a value in an optional text would be missing without it")
			return false
		}
		if depth < 0 {
			break
		}
	}
	if depth != 0 || strings.Contains(words, "()") {
		c.fail(line, "say: the brackets of optional texts do not match")
	}
	if optionals > maxOptionals {
		c.fail(line, "say: more than %d optional texts", maxOptionals)
	}
	for _, word := range strings.FieldsFunc(words, func(r rune) bool {
		return strings.ContainsRune(" (){}", r)
	}) {
		if slices.Contains(strings.Split(word, "/"), "") {
			c.fail(line, "say: expected a word on each side of the / in %q", word)
		}
	}
	if plain := aPlaceholder.ReplaceAllString(words, ""); !strings.ContainsFunc(plain, isLetter) {
		c.fail(line, "say: a phrase needs a word of its own")
	}
	return len(c.errs) == before
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// checkSame refuses a phrase that a built-in sentence or an earlier phrase may be meant by.
func (c *phraseChecker) checkSame(s *step) {
	for _, other := range c.all {
		if other == s {
			break
		}
		same := other.matches(s.example) || s.matches(other.example)
		for _, parts := range variantsOf(s.words) {
			same = same || other.matches(sampleSentence(parts))
		}
		if !same {
			continue
		}
		if other.phrase != nil {
			c.fail(s.phrase.line, "say: the phrase at line %d fits the same sentences", other.phrase.line)
			continue
		}
		c.fail(s.phrase.line, "say: this is a built-in sentence already: %s %s", other.phase.keyword(),
			other.words)
	}
}

// walk checks the sentences that a phrase stands for. above are the phrases that it is in.
func (c *phraseChecker) walk(s *step, above []*step) phraseSize {
	if size, done := c.sizes[s]; done {
		return size
	}
	size := phraseSize{depth: 1}
	var samples []any
	for _, kind := range valuesOf(s.words) {
		samples = append(samples, sampleValues()[kind])
	}
	expects, happens := false, false
	for _, line := range s.phrase.steps {
		sentence := s.phrase.fill(line.Text, samples)
		fits := c.all.find(sentence)
		if len(fits) == 0 {
			c.fail(line.Line, "%v", &undefinedError{c.all, sentence})
			continue
		}
		inner := fits[0]
		if inner.seeds != nil {
			c.fail(line.Line, "a phrase does not choose the seed: say it in the scenario")
		}
		if inner.table != nil {
			c.fail(line.Line, "this sentence needs a table, and a phrase has none")
		}
		expects = expects || inner.phase.keyword() == "Then"
		happens = happens || inner.phase.keyword() != "Then"
		size.sentences++
		if inner.phrase == nil {
			continue
		}
		if slices.Contains(append(above, s), inner) {
			c.fail(line.Line, "this phrase leads back to itself: %s", inner.phrase.say)
			continue
		}
		below := c.walk(inner, append(slices.Clone(above), s))
		size.depth = max(size.depth, below.depth+1)
		size.sentences += below.sentences
	}
	c.checkKeyword(s, expects, happens)
	c.sizes[s] = size
	if size.depth == maxPhraseDepth+1 {
		c.fail(s.phrase.line, "%v", errPhraseDepth)
	}
	if size.sentences > maxPhraseSentences {
		c.fail(s.phrase.line, "this phrase stands for more than %d sentences", maxPhraseSentences)
	}
	return size
}

// checkKeyword checks that a phrase has the sentences that its keyword announces.
func (c *phraseChecker) checkKeyword(s *step, expects, happens bool) {
	switch keyword := s.phase.keyword(); {
	case keyword == "Then" && happens:
		c.fail(s.phrase.line, "as: a phrase that is said as Then has only expectations")
	case keyword != "Then" && expects:
		c.fail(s.phrase.line, "as: a phrase that is said as %s has no expectation: say it as Then, or "+
			"move the expectation to a phrase of its own", keyword)
	}
}

// sampleSentence returns a sentence of the parts of a step.
func sampleSentence(parts []part) string {
	var all []string
	for _, p := range parts {
		if p.words == nil {
			all = append(all, sampleValues()[p.value].(string))
		} else {
			all = append(all, p.words[0])
		}
	}
	return strings.Join(strings.Fields(joinTokens(all)), " ")
}

// sampleValues returns a text for every type of a value, from the examples of the steps.
var sampleValues = sync.OnceValue(func() map[string]any {
	all := make(map[string]any)
	for kind := range parameters {
		all[kind] = ""
	}
	all["name"] = `"stable"`
	for _, s := range steps() {
		at := s.expr().FindStringSubmatchIndex(s.example)
		for i, kind := range valuesOf(s.words) {
			if at != nil && all[kind] == "" && at[2*i+2] >= 0 {
				all[kind] = s.example[at[2*i+2]:at[2*i+3]]
			}
		}
	}
	return all
})

// valueTypes returns the names of the types of values.
func valueTypes() []string {
	var all []string
	for kind := range parameters {
		if kind != "sentence" {
			all = append(all, kind)
		}
	}
	slices.Sort(all)
	return all
}
