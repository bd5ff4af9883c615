package story

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
	"rollsim/trace"
)

func TestSimulator(t *testing.T) {
	w := newWorld("x")
	if err := w.fleet.addCounted("stable", []uint64{1}, reducer.Some(time.Duration(0))); err != nil {
		t.Fatal(err)
	}
	sc := w.fleet.Scenario
	sc.Timeline = []sim.Action{{SetRef: &sim.RefChange{Channel: "stable", Ref: "a1"}}}
	to := span{until: time.Hour, quiet: time.Hour, settled: time.Minute, tail: time.Hour}
	s := simulator{machine: reducer.RFC0008()}
	h, err := s.run(sc, to)
	if err != nil {
		t.Fatal(err)
	}
	if h.end() < 2*time.Hour || h.end() < h.settled()+time.Hour || s.entries != len(h.entries) {
		t.Errorf("the run ends at %v with %d entries", h.end(), s.entries)
	}
	if !s.covers(h, to) || s.covers(h, span{until: h.end() + 1}) {
		t.Errorf("a run that ends at %v covers the wrong span", h.end())
	}

	s.limit = 90 * time.Minute
	if h, err = s.run(sc, to); err != nil {
		t.Fatal(err)
	}
	if h.end() != s.limit {
		t.Errorf("the run ends at %v, want %v", h.end(), s.limit)
	}
	to.until = s.limit
	if h, err = s.run(sc, to); err != nil || !s.covers(h, to) {
		t.Errorf("a run must extend to its limit: %v", err)
	}
	to.until = 2 * time.Hour
	const late = "this is at 0d 02:00:00.000, and the run lasts 0d 01:30:00.000"
	if _, err := s.run(sc, to); fmt.Sprint(err) != late {
		t.Error(err)
	}

	s = simulator{machine: reducer.RFC0008(), entries: maxStoryEntries}
	if _, err := s.run(sc, to); err == nil ||
		!strings.HasPrefix(err.Error(), "this story is too long") {
		t.Error(err)
	}
}

func TestBoundedCollector(t *testing.T) {
	var c boundedCollector
	c.Entries = make([]trace.Entry, maxEntries-1)
	if err := c.Write(&trace.Entry{}); err != nil {
		t.Error(err)
	}
	if err := c.Write(&trace.Entry{}); err == nil {
		t.Errorf("%d entries", len(c.Entries))
	}
}
