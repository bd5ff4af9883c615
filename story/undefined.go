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
)

// An undefinedError says that no step is worded like a sentence.
type undefinedError struct{ sentence string }

func (e *undefinedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "no step is worded like this: %s\nthe nearest are", e.sentence)
	for _, n := range nearestSentences(e.sentence, 3) {
		fmt.Fprintf(&b, "\n    %s", n.sentence)
		if n.differs != "" {
			fmt.Fprintf(&b, "\n        %s", n.differs)
		}
	}
	return b.String()
}

// neighbour is a sentence that another one may have been meant for.
type neighbour struct {
	sentence string // with its keyword, and the values of the other one where there are some
	differs  string // what is different in it; empty when that is nearly everything
	far      float64
}

// nearestSentences gives the n sentences that a sentence may have been meant for, the nearest
// first.
func nearestSentences(sentence string, n int) []neighbour {
	typed := tokensOf(sentence)
	mended := mend(typed)
	fits := make(costs)
	var all []neighbour
	for _, s := range likeliest(typed, max(n, 25)) {
		best := neighbour{far: math.Inf(1)}
		for _, v := range variantsOf(s.words) {
			if a := align(typed, v, fits, mended); a.far < best.far {
				best = a
			}
		}
		if best.differs == "" {
			best.sentence = s.example
		} else if s.table != nil {
			best.sentence += ":"
		}
		best.sentence = s.phase.keyword() + " " + best.sentence
		all = append(all, best)
	}
	slices.SortStableFunc(all, func(a, b neighbour) int { return cmp.Compare(a.far, b.far) })
	return all[:min(n, len(all))]
}

// likeliest gives the n steps that have most of their words in common with a sentence: to compare
// all would take long.
func likeliest(typed []string, n int) []*step {
	shared := make(map[*step]float64)
	for _, s := range steps() {
		shortest := variantsOf(s.words)[0]
		all := true
		for _, p := range shortest {
			found := p.words == nil || slices.ContainsFunc(typed, func(t string) bool {
				_, cost := p.nearest(t)
				return cost < costReplace
			})
			if found && p.words != nil {
				shared[s]++
			}
			all = all && found
		}
		shared[s] /= float64(len(shortest) + len(typed))
		if all {
			shared[s]++ // that there is more in the sentence may be a matter of its values
		}
	}
	all := slices.Clone(steps())
	slices.SortStableFunc(all, func(a, b *step) int { return cmp.Compare(shared[b], shared[a]) })
	return all[:min(n, len(all))]
}

// maxTokens bounds how much of a sentence is compared.
const maxTokens = 30

var aToken = regexp.MustCompile(`"[^"\s]*"|'[^'\s]*'|,|[^\s,]+`)

// tokensOf takes a sentence apart: words, commas, and what stands in quotes.
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
	wholeNumber = regexp.MustCompile(`^(?:[0-9.]+|` + countForm + `)$`)
	wholeUnit   = regexp.MustCompile(`^(?:` + unitForm + `)$`)
)

// mend puts right what no value could be read of, whatever is said: a quote that is missing, and
// the unit of a time that is mistyped. It tells what is different then.
func mend(tokens []string) (differs []string) {
	for i, t := range tokens {
		mended := t
		if strings.Count(t, `"`) == 1 {
			mended = `"` + strings.Trim(t, `"`) + `"`
		} else if i > 0 && wholeNumber.MatchString(tokens[i-1]) && !wholeUnit.MatchString(t) {
			if unit, ok := nearest.Name(t, []string{"seconds", "minutes", "hours", "days", "weeks"}); ok {
				mended = unit
			}
		}
		if mended != t {
			differs = append(differs, fmt.Sprintf("%s instead of %s", quoteToken(mended), quoteToken(t)))
			tokens[i] = mended
		}
	}
	return differs
}

// part is one word of a step, or a value in it.
type part struct {
	words []string // any of them will do; nil for a value
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

// memo makes each value once, when it is first asked for.
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

// variants gives the ways in which words can be said, without and with all that may be left out.
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

// What an alignment costs. A word of a step that is missing costs most, one that is replaced by a
// similar one least.
const (
	costMissing = 10
	costExtra   = 8
	costArticle = 1  // one that is too much
	costValue   = 12 // a value that is missing, or that something else stands for
	costWrong   = 5  // a value that is written as one, and is none
	costBare    = 3  // a name without quotes: any word could be one
	costReplace = 16 // a word by one that is not like it at all
)

var articles = map[string]bool{"a": true, "an": true, "the": true}

// fit is a kind of value and a piece of the sentence; what it costs to take the piece for it is
// known for each pair once.
type fit struct {
	value    string
	from, to int
}

// move is the last step of an alignment of some parts to some tokens.
type move struct {
	cost  int
	part  int // so many parts were aligned before
	token int // to so many tokens
}

// align finds how a step would have to be said to be as near to the typed sentence as it can be.
// mended is what is different in whatever step.
func align(typed []string, parts []part, fits costs, mended []string) neighbour {
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
		s, d := tellMove(m, p, t, typed, parts, m.cost-best[m.part][m.token].cost)
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
	differs = append(differs, mended...)
	a := neighbour{
		sentence: joinTokens(
			said,
		), far: float64(best[len(parts)][len(typed)].cost) / float64(len(parts)+len(typed)+1),
	}
	const most = 3
	if len(differs) <= most {
		a.differs = strings.Join(differs, ", ")
	}
	return a
}

// bestMove finds the cheapest way to align p parts to t tokens.
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

// tellMove gives what a move contributes to the sentence, and how that is different from what was
// typed.
func tellMove(m *move, p, t int, typed []string, parts []part, cost int) (said, differs string) {
	if m.part == p && articles[typed[t-1]] {
		return "", "" // it hardly matters
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

// nearest gives the word of a part that is most like a typed one, and what it costs to take it for
// that.
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
		// A plural for a plural, where nothing else tells which.
		if c < cost || c == cost && strings.HasSuffix(word, "s") && strings.HasSuffix(typed, "s") {
			best, cost = word, c
		}
	}
	return best, cost
}

// costs are what is known of fits.
type costs map[fit]int

// cost is what it costs to take a piece of the sentence for a value; costValue or more when it
// cannot be.
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
			cost = costValue // anything is written like these
		}
	} else if bareName.MatchString(text) && wholeValue(value).MatchString("anything") {
		cost = costBare
	}
	c[f] = cost
	return cost
}

var bareName = regexp.MustCompile(`^[A-Za-z][A-Za-z-]*$`)

// clauses are the values that begin with a space, because they may be left out.
var clauses = map[string]bool{"when": true, "at": true}

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

// kinds say what a value is, where its name does not.
var kinds = map[string]string{
	"number": "a number", "numbers": "numbers", "duration": "a length of time such as 30 minutes", "times": "once, twice or 3 times",
	"host_state": "a state of a host", "state": "a state of a rollout", "states": "states of a rollout", "event": "an event",
	"effect": "an effect", "effects": "effects", "error": "an error of the reducer", "percent": "a share such as 5%",
	"percents": "shares such as 5%, 25% and 70%", "delay": "a length of time such as 30 minutes",
	"fact": `something such as "stable@a1" is Terminal`, "moment": `something such as "stable@a1" is Terminal`,
	"when": "when", "at": "when", "hosts": "the name of a host", "refs": "refs", "channels": "the name of a channel",
	"rollout": "a rollout such as stable@a1", "skew": "5 minutes ahead or behind", "spoilt": "lost, overtaken, doubled or late by 5 minutes",
	"invariant": "an invariant", "mishap": "one of " + strings.ReplaceAll(mishapForm, "|", ", "),
	"stage": "one of ack, activation, reboot, probe, convergence and rollback", "poll_fault": "fail or are stale",
}

func kindOf(value string) string {
	if kind := kinds[value]; kind != "" {
		return kind
	}
	return "a " + value
}
