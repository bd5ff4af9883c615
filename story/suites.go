package story

import (
	"context"
	"math/rand/v2"
	"time"

	"rollsim/story/gherkin"
)

// maxSuite bounds the scenarios of one suite of godog, which keeps a result for each of them.
const maxSuite = 64

// Suites returns the numbers of cases in groups for RunSuite, in their order: one for each feature
// file. It cuts a file into several if it is large, or if fewer would not keep so many jobs busy.
func Suites(cases []*Case, jobs int) [][]int {
	const suitesPerJob = 4 // so that the last ones end at nearly the same time
	size := min(max(1, len(cases)/(suitesPerJob*max(1, jobs))), maxSuite)
	var all [][]int
	var file *gherkin.Document
	for i, c := range cases {
		if last := len(all) - 1; c.scenario.Document == file && len(all[last]) < size {
			all[last] = append(all[last], i)
			continue
		}
		file = c.scenario.Document
		all = append(all, []int{i})
	}
	return all
}

// RunSuite runs cases of one feature file in a suite of godog, one after the other. It passes the
// results to done in their order, and runs no more once that returns false. Once the context has
// ended, it ends the run, and the results are Unrun.
func RunSuite(ctx context.Context, cases []*Case, done func(Scenario) bool) {
	runCases(cases, func(c *Case) *pass { return c.newPass(ctx, nil) }, done)
}

// runCases is RunSuite with the passes of the cases that run.
func runCases(cases []*Case, open func(*Case) *pass, done func(Scenario) bool) {
	// skip passes on the results of the first cases that do not run.
	skip := func() bool {
		for len(cases) > 0 {
			result, found := cases[0].withoutRun()
			if !found {
				break
			}
			if cases = cases[1:]; !done(result) {
				return false
			}
		}
		return true
	}
	var passes []*pass
	for _, c := range cases {
		if _, found := c.withoutRun(); !found {
			passes = append(passes, open(c))
		}
	}
	if !skip() || len(passes) == 0 {
		return
	}
	runSuite(passes, func(p *pass) bool {
		if p.result.Status != Unrun && !p.started.IsZero() {
			p.result.Elapsed = time.Since(p.started)
		}
		cases = cases[1:]
		return done(p.result) && skip()
	})
}

// shuffle changes the order of groups, and of the members of each.
func shuffle(groups [][]int, random *rand.Rand) {
	random.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	for _, g := range groups {
		random.Shuffle(len(g), func(i, j int) { g[i], g[j] = g[j], g[i] })
	}
}

// picked returns the cases with some numbers.
func picked(cases []*Case, numbers []int) []*Case {
	some := make([]*Case, len(numbers))
	for k, i := range numbers {
		some[k] = cases[i]
	}
	return some
}
