package story

import (
	"fmt"
	"math"
	"regexp"
	"strings"
)

// amountForm is how an expectation writes how many of something there are.
const (
	shareForm  = percentForm + `|half|` + numberForm
	amountForm = `(?:(?:at least|at most|exactly|about|more than|fewer than|less than|` +
		`all but) )(?:` + shareForm + `)|between (?:` + shareForm + `) and (?:` + shareForm +
		`)|` + shareForm
)

// An amount is a range of how many of all things there are.
type amount struct {
	least, most float64
	percent     bool // of all
	allBut      bool // so many fewer than all
}

var (
	amountBound = regexp.MustCompile(
		`^(at least|at most|exactly|about|more than|fewer than|less than|all but) (.+)$`,
	)
	amountBetween = regexp.MustCompile(`^between (.+) and (.+)$`)
)

func parseAmount(s string) (any, error) {
	if m := amountBetween.FindStringSubmatch(s); m != nil {
		first, percent, err := parseShare(m[1])
		if err != nil {
			return nil, err
		}
		second, other, err := parseShare(m[2])
		switch {
		case err != nil:
			return nil, err
		case percent && !other:
			return nil, fmt.Errorf("%q: expected two numbers or two percentages", s)
		case second < first:
			return nil, fmt.Errorf("%q: the second number is smaller than the first", s)
		}
		return amount{least: first, most: second, percent: other}, nil // as in between 10 and 20%
	}
	bound, number := "exactly", s
	if m := amountBound.FindStringSubmatch(s); m != nil {
		bound, number = m[1], m[2]
	}
	n, percent, err := parseShare(number)
	if err != nil {
		return nil, err
	}
	a := amount{least: n, most: n, percent: percent}
	switch bound {
	case "at least":
		a.most = math.Inf(1)
	case "at most":
		a.least = 0
	case "more than":
		a.least, a.most = math.Nextafter(n, math.Inf(1)), math.Inf(1)
	case "fewer than", "less than":
		a.least, a.most = 0, math.Nextafter(n, 0)
		if n == 0 {
			return nil, fmt.Errorf("%q: nothing is fewer than none", s)
		}
	case "about":
		give := n / 10
		if !percent {
			give = math.Ceil(give)
		}
		a.least, a.most = n-give, n+give
	case "all but":
		if percent {
			return nil, fmt.Errorf("%q: say at least %g%%", s, 100-n)
		}
		a.allBut = true
	}
	return a, nil
}

// parseShare parses a number or a percentage.
func parseShare(s string) (n float64, percent bool, err error) {
	if s == "half" {
		return 50, true, nil
	}
	if strings.HasSuffix(s, "%") || strings.HasSuffix(s, "percent") {
		all, err := parsePercents(s)
		if err != nil {
			return 0, true, err
		}
		n = float64(all.([]uint64)[0]) / 1000
		if n > 100 {
			return 0, true, fmt.Errorf("%s is more than 100%%", s)
		}
		return n, true, nil
	}
	whole, err := parseNumber(s)
	return float64(whole), false, err
}

// holds reports whether n of all things is such an amount.
func (a amount) holds(n, all int) bool {
	got := float64(n)
	switch {
	case a.allBut:
		got = float64(all - n)
	case a.percent && all == 0:
		return false
	case a.percent:
		got = 100 * float64(n) / float64(all)
	}
	return got >= a.least && got <= a.most
}

// certain reports whether every number of things, of so many, is such an amount.
func (a amount) certain(all int) bool {
	if all > maxHosts {
		return false // how many there are is not known
	}
	for n := range all + 1 {
		if !a.holds(n, all) {
			return false
		}
	}
	return true
}
