package replay

import (
	"strings"
	"testing"
)

// TestEvidence: each condition fails for a log without the evidence, and holds for one with it.
func TestEvidence(t *testing.T) {
	many := evidence{rollouts: 2}
	for _, c := range []struct {
		name          string
		title         title
		without, with evidence
		note          string
	}{
		{"whole", title{Log, Missing, "entry"}, evidence{rollouts: 1}, many, ""},
		{"whole, a document", title{Log, Missing, "entry"}, evidence{rollouts: 9, document: true},
			evidence{rollouts: 1, unbound: 1}, ""},
		{"agents", title{Host, Extra, "host move"}, many, evidence{agents: 1},
			"no agent events: moves without one are not judged (extra: 3)"},
		{"effects", title{Host, Missing, "host effect"}, many, evidence{hostEffects: 1},
			"no effects of the host machine: missing ones are not judged (extra: 3)"},
		{"effects, not whole", title{Host, Missing, "quarantine"}, evidence{hostEffects: 1},
			evidence{rollouts: 2, hostEffects: 1}, ""},
		{"moves", title{Host, Missing, "host move"}, many, evidence{moves: 1},
			"no HostStateChanged: missing ones are not judged (extra: 3)"},
		{"times", title{Log, Different, "time"}, evidence{times: 39, otherTimes: 2},
			evidence{times: 40, otherTimes: 2}, "often differ: they are not compared (2 of 39)"},
		{"one time", title{Log, Different, "time"}, evidence{times: 3, otherTimes: 2},
			evidence{times: 1, otherTimes: 1}, "(2 of 3)"},
		{"ids", title{Log, Different, "rollout id"}, evidence{ids: 3, otherIDs: 3},
			evidence{ids: 3, otherIDs: 2}, "they are not compared"},
		{"dispatches", title{Host, Missing, "dispatch"}, many, evidence{plans: 1}, ""},
		{"silent cursors", title{Illegal, Extra, "WaveAdvanced"}, many, evidence{silent: 1}, ""},
		{"order", title{Host, Misplaced, "host effect"}, evidence{hostEffects: 39, lateEffects: 2},
			evidence{hostEffects: 40, lateEffects: 2}, ""},
	} {
		if c.without.supports(c.title) || !c.with.supports(c.title) {
			t.Errorf("%s: supported without evidence %v, with it %v", c.name,
				c.without.supports(c.title), c.with.supports(c.title))
		}
		note := c.without.note(c.title, "extra", 3)
		if !strings.HasSuffix(note, c.note) || (note == "") != (c.note == "") {
			t.Errorf("%s: note %q", c.name, note)
		}
		if note := c.with.note(c.title, "extra", 3); note != "" {
			t.Errorf("%s: with evidence, note %q", c.name, note)
		}
	}
	var none evidence
	if other := (title{Illegal, Refused, "event"}); !none.supports(other) {
		t.Error("a refused event needs no evidence")
	}
}
