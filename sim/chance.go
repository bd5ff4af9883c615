package sim

import (
	"fmt"
	"math"
	"path"
	"time"

	"rollsim/controlplane"
	"rollsim/reducer"
)

// chance draws whether faults happen and how long they last.
type chance struct {
	clock *clock
	seed  uint64
	rules [FaultKindCount][]faultRule // by kind
}

// faultRule is a Fault with the hosts that it applies to.
type faultRule struct {
	conf  *Fault
	hosts []bool // by host number; nil for all
}

// noHost is the host number in the draw of a fault that has no host.
const noHost = math.MaxUint32

// add adds a fault of the scenario.
func (c *chance) add(f *Fault, inv *controlplane.Inventory) error {
	rule := faultRule{conf: f}
	if len(f.Hosts) > 0 {
		rule.hosts = make([]bool, inv.Hosts())
		for n := range rule.hosts {
			hit, err := matchesAny(f.Hosts, inv.HostID(uint32(n)))
			if err != nil {
				return err
			}
			rule.hosts[n] = hit
		}
	}
	c.rules[f.Kind] = append(c.rules[f.Kind], rule)
	return nil
}

// strikes draws whether a fault happens now. It returns the fault, or nil if none happens. key and
// occasion distinguish this draw from every other.
func (c *chance) strikes(kind FaultKind, host uint32, key, occasion uint64) *Fault {
	for i := range c.rules[kind] {
		rule := &c.rules[kind][i]
		if !rule.conf.inWindow(c.clock.elapsed()) && kind != ClockSkew ||
			host != noHost && rule.hosts != nil && !rule.hosts[host] {
			continue
		}
		word := draw(c.seed, key, occasion, faultPurpose(kind, i))
		if rule.conf.Probability.comesTrue(word) {
			return rule.conf
		}
	}
	return nil
}

// firstStrike returns the first instant before until at which a fault without a host happens, if it
// may happen at an instant and at fixed intervals from then on; or until. occasion is that of the
// first instant.
func (c *chance) firstStrike(
	kind FaultKind, key, occasion uint64, first, every, until reducer.Time,
) reducer.Time {
	for i := range c.rules[kind] {
		f := c.rules[kind][i].conf
		early := max(0, (c.clock.start+reducer.Time(f.From)-first+every-1)/every) // before its window
		at, n := first+early*every, occasion+uint64(early)
		end := until
		if f.Until != 0 {
			end = min(until, c.clock.start+reducer.Time(f.Until))
		}
		words := newDraws(c.seed, key, faultPurpose(kind, i))
		for ; at < end; at, n = at+every, n+1 {
			if f.Probability.comesTrue(words.word(n)) {
				until = at
				break
			}
		}
	}
	return until
}

// faultPurpose returns the purpose of the draws of one rule of a kind.
func faultPurpose(kind FaultKind, rule int) purpose {
	return drawFault + purpose(kind) + purpose(rule)<<32
}

// length draws how long a fault lasts that happens now.
func (c *chance) length(f *Fault, key, occasion uint64) time.Duration {
	return f.length(draw(c.seed, key, occasion, drawFault+purpose(f.Kind)<<8))
}

// skew draws how far the clock of a host is ahead or behind, and returns the fault. The fault is
// nil if the clock is right.
func (c *chance) skew(host uint32, key uint64) (time.Duration, *Fault) {
	f := c.strikes(ClockSkew, host, key, 0)
	if f == nil {
		return 0, nil
	}
	word := draw(c.seed, key, 0, drawFault+purpose(ClockSkew)<<8)
	if word&1 == 1 {
		return -f.length(word), f
	}
	return f.length(word), f
}

// length returns how long a fault lasts at a uniform random word.
func (f *Fault) length(word uint64) time.Duration {
	if f.For == nil {
		return 0
	}
	return f.For.draw(word)
}

func (f *Fault) inWindow(elapsed time.Duration) bool {
	return elapsed >= f.From && (f.Until == 0 || elapsed < f.Until)
}

// matchesAny reports whether a host matches one of the names or globs.
func matchesAny(patterns []string, id reducer.HostID) (bool, error) {
	for _, pattern := range patterns {
		hit, err := path.Match(pattern, string(id))
		if err != nil {
			return false, fmt.Errorf("host pattern %q: %w", pattern, err)
		}
		if hit {
			return true, nil
		}
	}
	return false, nil
}
