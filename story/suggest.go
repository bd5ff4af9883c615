package story

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	"rollsim/internal/nearest"
	"rollsim/story/gherkin"
)

// An undefinedError says that a sentence fits no step.
type undefinedError struct {
	steps    vocabulary
	sentence string
}

func (e *undefinedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no step fits this sentence: %s\nthe nearest are", e.sentence)
	for _, n := range e.steps.nearest(e.sentence, 3) {
		fmt.Fprintf(&b, "\n    %s", n.sentence)
		if n.differs != "" {
			fmt.Fprintf(&b, "\n        %s", n.differs)
		}
	}
	return b.String()
}

// A suggestion is a sentence that another one was perhaps meant to be.
type suggestion struct {
	sentence string // with its keyword, and the values of the other one
	differs  string // how it differs; empty if it differs in too many places to list
	distance float64
	step     *step
}

// nearest returns the n sentences that a sentence was perhaps meant to be, the nearest first. Each
// step has one, and those of the n steps with the smallest editDistance are returned.
func (v vocabulary) nearest(sentence string, n int) []suggestion {
	typed, repaired := repair(tokensOf(sentence))
	fits := make(costs)
	var all []suggestion // the n nearest so far
	for _, l := range v.likely(typed) {
		if len(all) == n && l.least > all[n-1].distance {
			break // neither this one nor those after it can be nearer
		}
		all = append(all, v.suggest(l.step, typed, fits, repaired))
		slices.SortStableFunc(
			all, func(a, b suggestion) int { return cmp.Compare(a.distance, b.distance) },
		)
		all = all[:min(n, len(all))]
	}
	for i := range all {
		all[i].sentence = all[i].step.phase.keyword() + " " + all[i].sentence
	}
	return all
}

// suggest returns the sentence of a step that is nearest to a typed one. That is one with the
// values of the typed one, if it has some, or the example.
func (v vocabulary) suggest(s *step, typed []string, fits costs, repaired []string) suggestion {
	best, aligned := suggestion{}, math.Inf(1)
	for _, parts := range variantsOf(s.words) {
		if a, distance := align(typed, parts, fits, repaired); distance < aligned {
			best, aligned = a, distance
		}
	}
	example := strings.TrimSuffix(s.example, ":")
	copied, found := v.copyable(s, best.sentence)
	best.sentence, best.distance = copied, editDistance(typed, tokensOf(copied))
	d := editDistance(typed, tokensOf(example))
	if !found || best.differs == "" || d < best.distance {
		best = suggestion{sentence: example, distance: d}
	}
	best.step = s
	if s.table != nil {
		best.sentence += ":"
	}
	return best
}

var aPlaceholder = regexp.MustCompile(`\{[a-z_]+\}`)

// copyable returns a sentence of a step in which each placeholder has a value of the step's
// example, so that it can be copied. It reports whether the sentence then fits that step alone.
func (v vocabulary) copyable(s *step, sentence string) (copied string, fits bool) {
	at := s.expr().FindStringSubmatchIndex(s.example)
	values := valuesOf(s.words)
	sentence = aPlaceholder.ReplaceAllStringFunc(sentence, func(placeholder string) string {
		for i, value := range values {
			if "{"+value+"}" == placeholder && at != nil && at[2*i+2] >= 0 {
				return strings.TrimSpace(s.example[at[2*i+2]:at[2*i+3]])
			}
		}
		return placeholder
	})
	plain := gherkin.Plain(sentence)
	if s.table != nil {
		plain += ":"
	}
	if found := v.find(plain); len(found) == 1 && found[0] == s {
		if _, _, err := s.read(plain); err == nil {
			return sentence, true
		}
	}
	return sentence, false
}

// valuesOf returns the kinds of the values in the words of a step, in order.
func valuesOf(words string) []string {
	var all []string
	for _, p := range aPlaceholder.FindAllString(words, -1) {
		all = append(all, strings.Trim(p, "{}"))
	}
	return all
}

// maxTokens bounds the part of a sentence that is compared.
const maxTokens = 30

var aToken = regexp.MustCompile(`"[^"\s]*"|'[^'\s]*'|,|[^\s,]+`)

// tokensOf returns the tokens of a sentence: words, commas, and names in quotes.
func tokensOf(sentence string) []string {
	const longest = 2000
	all := aToken.FindAllString(
		strings.TrimSuffix(sentence[:min(len(sentence), longest)], ":"), maxTokens,
	)
	for i, t := range all {
		all[i] = strings.ToValidUTF8(t, "�")
	}
	return all
}

var (
	wholeNumber = lazy(`^(?:[0-9.]+|` + countForm + `)$`)
	wholeUnit   = lazy(`^(?:` + unitForm + `)$`)
)

// synonyms are words that authors write for those of sentences.
var synonyms = map[string]string{
	"offline":      "silent",
	"unreachable":  "silent",
	"disconnected": "silent",
	"denied":       "refused",
	"rejected":     "refused",
	"dies":         "crashes",
	"executes":     "happens",
	"occurs":       "happens",
	"blocked":      "held",
	"group":        "wave",
	"groups":       "waves",
	"releases":     "rollouts",
	"release":      "rollout",
	"deployment":   "rollout",
	"node":         "host",
	"nodes":        "hosts",
	"machines":     "hosts",
	"server":       "host",
	"servers":      "hosts",
	"nobody":       "no host",
}

// repair replaces synonyms, and corrects tokens that cannot be parsed as a value: those with a
// missing quote, and mistyped units of time. It returns in words what it changed.
func repair(tokens []string) (repairedTokens, differs []string) {
	if len(tokens) > 1 && strings.EqualFold(tokens[0], "all") && tokens[1] == "hosts" {
		tokens = slices.Concat([]string{"hosts", `"*"`}, tokens[2:])
		differs = append(differs, `hosts "*" instead of "all hosts"`)
	}
	for i, t := range tokens {
		repaired := t
		if word := synonyms[t]; word != "" {
			repaired = word
		} else if strings.Count(t, `"`) == 1 {
			repaired = `"` + strings.Trim(t, `"`) + `"`
		} else if i > 0 && wholeNumber().MatchString(tokens[i-1]) && !wholeUnit().MatchString(t) {
			if unit, ok := nearest.Name(t, []string{"seconds", "minutes", "hours", "days", "weeks"}); ok {
				repaired = unit
			}
		}
		if repaired != t {
			differs = append(differs, fmt.Sprintf("%s instead of %s", quoteToken(repaired), quoteToken(t)))
		}
		repairedTokens = append(repairedTokens, strings.Fields(repaired)...)
	}
	return repairedTokens, differs
}

// A part is one word of a step, or a value in it.
type part struct {
	words []string // a choice; nil for a value
	value string   // the name of the kind of value
}

var (
	inWord     = regexp.MustCompile(`([a-z]+)\(([a-z]+)\)`)
	innermost  = regexp.MustCompile(`\([^()]*\)`)
	aPart      = regexp.MustCompile(`\{[a-z_]+\}|,|[^\s,{}]+`)
	variantsOf = memo(func(words string) [][]part {
		return variants(inWord.ReplaceAllString(strings.TrimSuffix(words, ":"), "$1/$1$2"))
	})
)

// memo returns a function that keeps the values that it has computed.
func memo[K comparable, V any](value func(K) V) func(K) V {
	var made sync.Map
	return func(k K) V {
		if v, ok := made.Load(k); ok {
			return v.(V)
		}
		v := value(k)
		made.Store(k, v)
		return v
	}
}

// variants returns the words of a step in parts, with and without each of their optional texts.
func variants(words string) [][]part {
	if at := innermost.FindStringIndex(words); at != nil {
		without := words[:at[0]] + words[at[1]:]
		with := words[:at[0]] + words[at[0]+1:at[1]-1] + words[at[1]:]
		return append(variants(without), variants(with)...)
	}
	var parts []part
	for _, p := range aPart.FindAllString(words, -1) {
		if p[0] == '{' {
			parts = append(parts, part{value: strings.Trim(p, "{}")})
		} else {
			parts = append(parts, part{words: strings.Split(p, "/")})
		}
	}
	return [][]part{parts}
}

// The costs of an alignment.
const (
	costMissing = 10
	costExtra   = 8
	costArticle = 1  // that is in the sentence alone
	costValue   = 12 // a value that is missing or replaced
	costWrong   = 5  // a value that has the right form and does not exist
	costBare    = 3  // a name without quotes: any word has that form
	costReplace = 16 // a word by a dissimilar one; less for a similar one
)

var articles = map[string]bool{"a": true, "an": true, "the": true}

// A fit is a kind of value and the tokens of the sentence that are read as one.
type fit struct {
	value    string
	from, to int // the first token, and the one after the last
}

// A move is the last step of an alignment of some parts to some tokens.
type move struct {
	cost  int
	part  int // the number of parts aligned before it
	token int // the number of tokens aligned before it
}

// align returns the sentence of a variant of a step that is nearest to the typed one, and how far
// it is from that in costs. repaired are the differences that repair found.
func align(typed []string, parts []part, fits costs, repaired []string) (suggestion, float64) {
	// best[p][t]: the first p parts aligned to the first t of typed.
	best := make([][]move, len(parts)+1)
	for p := range best {
		best[p] = make([]move, len(typed)+1)
		for t := range best[p] {
			if p > 0 || t > 0 {
				best[p][t] = bestMove(best, p, t, typed, parts, fits)
			}
		}
	}
	var said, differs []string
	for p, t := len(parts), len(typed); p > 0 || t > 0; {
		m := &best[p][t]
		s, d := describe(m, p, t, typed, parts, m.cost-best[m.part][m.token].cost)
		if s != "" {
			said = append(said, s)
		}
		if d != "" {
			differs = append(differs, d)
		}
		p, t = m.part, m.token
	}
	slices.Reverse(said)
	slices.Reverse(differs)
	differs = append(differs, repaired...)
	cost := best[len(parts)][len(typed)].cost
	a := suggestion{sentence: joinTokens(said)}
	const most = 3
	if len(differs) <= most {
		a.differs = strings.Join(differs, ", ")
	}
	return a, float64(cost) / float64(len(parts)+len(typed)+1)
}

// bestMove returns the last move of the cheapest alignment of p parts to t tokens.
func bestMove(best [][]move, p, t int, typed []string, parts []part, fits costs) move {
	cheapest := move{cost: math.MaxInt}
	try := func(cost, part, token int) {
		if cost += best[part][token].cost; cost < cheapest.cost {
			cheapest = move{cost, part, token}
		}
	}
	if p > 0 && parts[p-1].words != nil {
		if t > 0 {
			_, cost := parts[p-1].nearest(typed[t-1])
			try(cost, p-1, t-1)
		}
		try(costMissing, p-1, t)
	} else if p > 0 {
		for from := t; from >= 0; from-- {
			if cost := fits.cost(parts[p-1].value, typed, from, t); cost < costValue {
				try(cost, p-1, from)
			}
		}
		if t > 0 {
			try(costValue, p-1, t-1)
		}
		try(costValue, p-1, t)
	}
	if t > 0 && articles[typed[t-1]] {
		try(costArticle, p, t-1)
	} else if t > 0 {
		try(costExtra, p, t-1)
	}
	return cheapest
}

// describe returns the words that a move contributes to the sentence, and how they differ from the
// typed ones.
func describe(m *move, p, t int, typed []string, parts []part, cost int) (said, differs string) {
	if m.part == p && articles[typed[t-1]] {
		return "", "" // an article matters little
	}
	if m.part == p {
		return "", quoteToken(typed[t-1]) + " is too much"
	}
	part := &parts[p-1]
	switch {
	case part.words != nil && m.token == t:
		return part.words[0], quoteToken(part.words[0]) + " is missing"
	case part.words != nil:
		was := typed[t-1]
		word, _ := part.nearest(was)
		if cost > 0 || strings.ToLower(was[:1])+was[1:] != word { // only a first letter may be a capital
			differs = fmt.Sprintf("%s instead of %s", quoteToken(word), quoteToken(was))
		}
		return word, differs
	case cost < costValue:
		return joinTokens(typed[m.token:t]), ""
	case m.token == t:
		return "{" + part.value + "}", kindOf(part.value) + " is missing"
	}
	return "{" + part.value + "}", fmt.Sprintf(
		"%s instead of %s", kindOf(part.value), quoteToken(typed[t-1]),
	)
}

// nearest returns the word of a part that is most like a typed one, and the cost of the
// replacement.
func (p *part) nearest(typed string) (string, int) {
	best, cost := p.words[0], costReplace
	for _, word := range p.words {
		a, b := []rune(strings.ToLower(typed)), []rune(strings.ToLower(word))
		if len(a) > 3*len(b)+3 {
			continue
		}
		d := nearest.Distance(a, b)
		longer := max(len(a), len(b))
		c := 0
		if d > 0 {
			c = 2 + 12*d/longer
		}
		if 2*d > longer {
			c = costReplace
		}
		// Among words of the same cost, prefer a plural for a plural.
		if c < cost || c == cost && strings.HasSuffix(word, "s") && strings.HasSuffix(typed, "s") {
			best, cost = word, c
		}
	}
	return best, cost
}

// costs has the costs of the fits that were computed.
type costs map[fit]int

// cost returns the cost of reading tokens of the sentence as a value; costValue if they do not have
// its form.
func (c costs) cost(value string, typed []string, from, to int) int {
	f := fit{value, from, to}
	cost, known := c[f]
	if known {
		return cost
	}
	text := joinTokens(typed[from:to])
	if clauses[value] && text != "" {
		text = " " + text
	}
	if !wholeValue(value).MatchString(text) {
		cost = costValue
	} else if _, err := parameters[value].parse(text); err != nil {
		cost = costWrong
		if value == "moment" || clauses[value] {
			cost = costValue // every text has the form of these
		}
	} else if chosenNames[value] && slices.ContainsFunc(typed[from:to], isWordOfSentences) {
		cost = costValue // as "hosts", which is no name in "all hosts fail"
	} else if bareName.MatchString(text) && wholeValue(value).MatchString("anything") {
		cost = costBare
	}
	c[f] = cost
	return cost
}

// chosenNames are the kinds of values that are names which an author chooses.
var chosenNames = map[string]bool{
	"channel": true, "channels": true, "host": true, "hosts": true, "name": true, "ref": true,
	"refs": true, "run": true, "tags": true,
}

// wordsOfSentences are the words of all built-in sentences, apart from values.
var wordsOfSentences = sync.OnceValue(func() map[string]bool {
	all := make(map[string]bool)
	for _, s := range steps() {
		for _, parts := range variantsOf(s.words) {
			for _, p := range parts {
				for _, word := range p.words {
					all[word] = true
				}
			}
		}
	}
	return all
})

// isWordOfSentences reports whether a token is a word of a sentence, apart from the words that
// connect names.
func isWordOfSentences(token string) bool {
	return token != "to" && token != "and" && wordsOfSentences()[token]
}

var bareName = regexp.MustCompile(`^[A-Za-z][A-Za-z-]*$`)

// clauses are the values that begin with a space, because they are optional.
var clauses = map[string]bool{"when": true, "at": true, "window": true}

var wholeValue = memo(func(value string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + parameters[value].expr + `)$`)
})

func joinTokens(tokens []string) string {
	return strings.ReplaceAll(strings.Join(tokens, " "), " ,", ",")
}

func quoteToken(s string) string {
	if strings.ContainsAny(s, `"“'`) {
		return s
	}
	return `"` + s + `"`
}

// kinds describes the values for which "a" and the name do not suffice.
var kinds = map[string]string{
	"number":     "a number",
	"count":      "a number, or a range in numbers or percent such as at least 2, or at most 50%",
	"numbers":    "numbers",
	"duration":   "a length of time such as 30 minutes",
	"times":      "once, twice or 3 times",
	"host_state": "a state of a host",
	"state":      "a state of a rollout",
	"states":     "states of a rollout",
	"event":      "an event",
	"effect":     "an effect",
	"effects":    "effects",
	"error":      "an error of the reducer",
	"percent":    "a share in percent such as 5%",
	"percents":   "shares in percent such as 5%, 25% and 70%",
	"delay":      "a length of time such as 30 minutes",
	"fact":       `something such as "stable@a1" is Terminal`,
	"moment":     `something such as "stable@a1" is Terminal`,
	"when":       "when",
	"at":         "when",
	"hosts":      "the name of a host",
	"refs":       "refs",
	"channels":   "the name of a channel",
	"rollout":    "a rollout such as stable@a1",
	"skew":       "5 minutes ahead or behind",
	"spoilt":     "lost, overtaken, doubled or late by 5 minutes",
	"invariant":  "an invariant",
	"mishap":     "one of " + strings.ReplaceAll(mishapForm, "|", ", "),
	"stage":      "one of ack, activation, reboot, probe, convergence and rollback",
	"goes_wrong": "control-plane crash, lost messages or anything else that may go wrong",
	"some_run":   "some run",
	"poll_fault": "fail or are stale",

	"states_or":      "several states of a rollout, such as Failed or Reverted",
	"host_states_or": "several states of a host, such as Soaking or Converged",
	"host_states":    "states of a host",
	"date":           "a date such as 2026-05-16",
	"clock":          "a time of day such as 03:00",
	"window":         "within 5 minutes",
	"days":           "days such as weekdays, or Saturday and Sunday",
	"defects":        "defects such as no-halt",
	"tags":           "tags such as web and slow",
	"length":         "a length of time such as 5 minutes",
	"subject":        "a rollout, a channel or a budget",
	"recurring":      "heartbeat, tick or prune",
	"from_start":     "a time such as 2 hours before the start",
}

func kindOf(value string) string {
	if kind := kinds[value]; kind != "" {
		return kind
	}
	return "a " + value
}
