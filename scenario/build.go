package scenario

import (
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"rollsim/reducer"
	"rollsim/sim"
)

// builder turns a decoded file into a sim.Scenario and checks what depends on several fields, such
// as the names that refer to each other. The methods that build a part of the scenario are in
// the file of that part.
type builder struct {
	*problems
	root     ast.Node
	doc      *document
	maxHosts int

	channels     []string
	hosts        []string
	channelIndex map[reducer.ChannelID]int // by channel, index into doc.Channels
	channelOf    map[reducer.HostID]int    // by host, index into doc.Channels
	absent       map[reducer.HostID]bool   // hosts that are not in the fleet at the start
	counted      int                       // hosts so far, at most maxHosts

	// The rollouts that the timeline and traffic open.
	rollouts []string
	opened   map[reducer.RolloutID]int // index into doc.Channels, or raw
	refs     []map[reducer.ChannelRef]bool
	prefixes [][]string // by channel: those of the numbered refs of traffic
	tags     []string   // in the order of the file
	tagged   map[string]map[reducer.HostID]bool

	included included

	anyFleet bool // the file has no hosts and no horizon to check against
}

// maxRules is how many groups a scenario may have, and how many budgets, faults and lines of
// traffic: every host is compared with each of them.
const maxRules = 500

// raw stands in for the channel of a rollout that a raw event opens. Its hosts and waves are not
// those of the channel.
const raw = -1

// reject records a problem with the value at a path of field names and list indices. A problem with
// included traffic belongs to the included file.
func (b *builder) reject(where []any, format string, args ...any) {
	if n := b.included.traffic; n > 0 && where[0] == "traffic" {
		i := where[1].(int)
		if i < n {
			included := problems{file: b.included.path}
			included.add(locate(b.included.root, where), format, args...)
			b.list = append(b.list, included.list...)
			return
		}
		where[1] = i - n
	}
	b.add(locate(b.root, where), format, args...)
}

// at returns its arguments as a path for reject.
func at(steps ...any) []any { return steps }

// locate returns the position of the value at a path, or of the innermost enclosing value if the
// file does not have it.
func locate(n ast.Node, where []any) position {
	for _, step := range where {
		var next ast.Node
		switch step := step.(type) {
		case string:
			if m, ok := n.(*ast.MappingNode); ok {
				for _, entry := range m.Values {
					if entry.Key.GetToken().Value == step {
						next = entry.Value
					}
				}
			}
		case int:
			if s, ok := n.(*ast.SequenceNode); ok && step < len(s.Values) {
				next = s.Values[step]
			}
		}
		if next == nil {
			break
		}
		n = next
	}
	return nodePosition(n)
}

func (b *builder) build(name string) sim.Scenario {
	doc := b.doc
	sc := sim.Scenario{
		Name:      name,
		Start:     reducer.Time(doc.Start),
		Horizon:   time.Duration(doc.Horizon),
		Seed:      doc.Seed,
		Machine:   string(doc.Machine),
		Behaviour: DefaultBehaviour(),

		ControlPlane: doc.ControlPlane.name,
		Mended:       b.buildMended(),
	}
	b.checkTimes()
	sc.Channels = b.buildChannels()
	b.buildEdges(sc.Channels)
	sc.Tags = b.buildTags()
	sc.Budgets = b.buildBudgets()
	overlay(&sc.Behaviour, &b.included.behaviour)
	overlay(&sc.Behaviour, &doc.Behaviour)
	b.collectRollouts()
	sc.Quarantine = b.buildQuarantine()
	sc.Groups = b.buildGroups()
	sc.Fates = b.buildFates()
	sc.Delays = b.buildDelays()
	sc.Running = b.buildRunning()
	sc.Releases = b.buildReleases()
	sc.Phases = b.buildPhases()
	for i := range doc.Timeline {
		if b.enough() {
			break
		}
		sc.Timeline = append(sc.Timeline, b.buildAction(i))
	}
	sc.Traffic = b.buildTraffic()
	sc.Faults = b.buildFaults(doc.Faults)
	for i := range doc.Sometimes {
		if b.enough() {
			break
		}
		sc.Sometimes = append(sc.Sometimes, *b.buildMoment(&doc.Sometimes[i], at("sometimes", i)))
	}
	sc.ExpectViolations = b.buildViolations()
	sc.Deviations = b.buildDeviations()
	return sc
}

func (b *builder) checkTimes() {
	if b.doc.Horizon == 0 {
		b.reject(at("horizon"), "horizon: must be longer than 0s")
	}
	year := time.Unix(0, int64(b.doc.Start)).UTC().Year()
	if year < 1700 || year > 2200 {
		b.reject(at("start"), "start: must be between the years 1700 and 2200, so that every later time "+
			"can be written")
	}
}

// invisible reports whether a character is a space or cannot be seen.
func invisible(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }

// checkName rejects names that would be ambiguous in a trace or a message, and names with one of
// the forbidden characters.
func (b *builder) checkName(what, name, forbidden string, where []any) {
	const longest = 200
	switch {
	case name == "":
		b.reject(where, "%s is empty", what)
	case len(name) > longest:
		b.reject(where, "%s is longer than %d bytes", what, longest)
	case strings.ContainsFunc(name, invisible):
		b.reject(where, "%s %s contains a space or an invisible character", what, quote(name))
	case forbidden != "" && strings.ContainsAny(name, forbidden):
		b.reject(where, "%s %s contains one of the characters %s", what, quote(name), forbidden)
	}
}

// tooMany reports whether the loop over a list of rules must stop, because there are enough
// problems or more than maxRules rules. It records the latter as a problem.
func (b *builder) tooMany(field string, i int) bool {
	if i == maxRules {
		b.reject(at(field, i), "%s: more than %d entries", field, maxRules)
	}
	return i >= maxRules || b.enough()
}
