package story

import (
	"fmt"
	"math"
	"strings"

	"rollsim/reducer"
	"rollsim/story/gherkin"
)

var orderExpectations = []step{
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host(s) {hosts} is/are dispatched before host(s) {hosts}( under (rollout ){rollout})`,
		doc: "Each of the first hosts is dispatched before any of the others, for the first time, " +
			"under that rollout or else under the latest of the story.",
		example: `host "stable-01" is dispatched before hosts "stable-02" to "stable-03"`,
		solid:   "the hosts must be dispatched",
		do:      expectDispatchedBefore,
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host(s) {hosts} is/are dispatched( under (rollout ){rollout}){window}`,
		doc: "The hosts are each dispatched for the first time in that span of time, counted from " +
			"what the sentence before was about or from something else.",
		example: `hosts "stable-02" to "stable-03" are dispatched within 1 minute of wave 0 is converged`,
		solid:   "the hosts must be dispatched",
		do: func(w *world, hosts []reducer.HostID, id reducer.RolloutID, v viewpoint) error {
			return eachDispatch(w, hosts, id, func(h *hostHistory) error {
				if len(h.dispatches) == 0 {
					return w.failAbout(string(id), fmt.Sprintf("host %s is never dispatched", h.id))
				}
				at := w.history.at(h.dispatches[0])
				if d := at - w.that.at; d < v.from || d > v.to {
					return w.fail(
						h.dispatches[0], w.sentence+", counted from "+elapsed(w.that.at),
						fmt.Sprintf("host %s at %s, %s", h.id, elapsed(at), fromThat(d)),
					)
				}
				return nil
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `host(s) {hosts} go/goes/went through {host_states}( under (rollout ){rollout})`,
		doc: "All states of the hosts up to the present, in order, from Pending, under that rollout or " +
			"else under the latest one that each has joined.",
		example: `host "stable-01" goes through Pending, Activating, Soaking and Converged`,
		solid:   "the states must have come",
		do: func(
			w *world, hosts []reducer.HostID, states []reducer.HostState, id reducer.RolloutID,
		) error {
			v := viewpoint{kind: atPresent}
			return eachHost(w, hosts, id, &v, func(s *subject[reducer.HostState]) error {
				var seen changes[reducer.HostState]
				for _, c := range s.changes {
					if c.at <= w.timeline.now {
						seen = append(seen, c)
					}
				}
				for i, c := range seen {
					if i >= len(states) || c.to != states[i] {
						return w.fail(c.entry, w.sentence, s.label+seen.String())
					}
				}
				last, _ := seen.at(math.MaxInt64)
				if len(seen) < len(states) {
					return w.fail(last.entry, w.sentence, s.label+seen.String())
				}
				return w.matched(last.at, last.entry)
			})
		},
	},
	{
		topic: "Hosts of a rollout", phase: expects,
		words: `(the )hosts are in these states:`,
		doc: "States of many hosts at many times. A row has the hosts, their state, when they are in " +
			"it, in the words that end a sentence, and the rollout if it is not the latest one of the host.",
		example: `the hosts are in these states:`,
		table:   gherkin.Columns{"hosts", "state", "when?", "rollout?"},
		sample: [][]string{
			{"hosts", "state", "when"},
			{"stable-01", "Soaking", "while wave 0 is soaking"},
			{"stable-02 and stable-03", "Pending", "while wave 0 is soaking"},
			{"stable-01 to stable-03", "Converged", "in the end"},
		},
		solid: "the hosts must be in those states",
		do:    expectStatesTable,
	},
}

// eachDispatch calls a function with each host of a rollout; without one, of the latest that the
// host has joined.
func eachDispatch(
	w *world, hosts []reducer.HostID, id reducer.RolloutID, do func(*hostHistory) error,
) error {
	hosts, err := hostsUnder(w, hosts, id)
	if err != nil {
		return err
	}
	for _, name := range hosts {
		_, h, err := hostOf(w, name, id, w.history.end())
		if err == nil {
			err = do(h)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expectDispatchedBefore checks that some hosts are dispatched before others.
func expectDispatchedBefore(
	w *world, first, second []reducer.HostID, id reducer.RolloutID,
) error {
	var times []string
	last := noEntry // of the first hosts
	err := eachDispatch(w, first, id, func(h *hostHistory) error {
		if len(h.dispatches) == 0 {
			return w.failAbout(string(id), fmt.Sprintf("host %s is never dispatched", h.id))
		}
		last = max(last, h.dispatches[0])
		times = append(times, fmt.Sprintf("%s at %s", h.id, elapsed(w.history.at(h.dispatches[0]))))
		return nil
	})
	if err != nil {
		return err
	}
	err = eachDispatch(w, second, id, func(h *hostHistory) error {
		if len(h.dispatches) == 0 {
			return w.failAbout(string(id), fmt.Sprintf("host %s is never dispatched", h.id))
		}
		if h.dispatches[0] <= last {
			times = append(times, fmt.Sprintf("%s at %s", h.id, elapsed(w.history.at(h.dispatches[0]))))
			return w.fail(h.dispatches[0], w.sentence, strings.Join(times, "\n"))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.matchedEntry(last)
}

// expectStatesTable checks the states of hosts in a table.
func expectStatesTable(w *world, t gherkin.Table) error {
	return t.Each(func(r gherkin.Row) error {
		state, err := gherkin.Cell(r, "state", parseHostState)
		if err != nil {
			return err
		}
		v, err := gherkin.Cell(r, "when", parseAt)
		if err != nil {
			return err
		}
		if state == 0 || r["hosts"] == "" {
			return fmt.Errorf("the row needs hosts and a state")
		}
		switch v.kind {
		case 0:
			v.kind = atPresent
		case afterThat:
			return fmt.Errorf("column when: say while, once, or in the end")
		case atPresent, atEnd, atClause:
		}
		id := reducer.RolloutID(r["rollout"])
		return eachHost(w, parseHosts(r["hosts"]), id, &v, func(s *subject[reducer.HostState]) error {
			return s.expect(w, state, &v)
		})
	})
}
