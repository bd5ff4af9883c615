package controlplane

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// Config is the configuration of a control plane.
type Config struct {
	Channels   []Channel
	Budgets    []Budget
	Quarantine []QuarantineEntry // in force from the start
	Tags       []HostTags        // for the selectors of budgets
	Mended     []Defect          // only the shipped control plane has defects to fix
}

// HostTags assigns tags to some hosts, by which the selectors of budgets find them.
type HostTags struct {
	Hosts []string // names or globs (path.Match)
	Tags  []string
}

// Release describes what a ref brings to a channel. A ref without one changes the closure of every
// host, and its manifest is fresh and signed when the ref moves.
type Release struct {
	Channel   reducer.ChannelID // empty for every channel
	Ref       reducer.ChannelRef
	Unchanged []string // names or globs of hosts that keep the closure of the previous ref
	Manifest  Manifest

	// Signed is when the manifest was signed, since the start of the run, and may be negative. If it
	// is unset, the manifest is signed when the ref moves.
	Signed reducer.Opt[time.Duration]
}

// Manifest is the state of the manifest of a channel under a ref.
type Manifest uint8

// The states of manifests. Only the shipped control plane reads manifests.
const (
	Fresh   Manifest = iota // readable: the channel follows the ref
	Absent                  // the release has none for the channel, whose rollouts are not planned
	Stale                   // too old for the control plane, which keeps the one before
	Invalid                 // unreadable: the control plane keeps the one before

	manifestEnd
)

// ManifestCount is the length of an array indexed by Manifest.
const ManifestCount = int(manifestEnd)

var manifestNames = [ManifestCount]string{"fresh", "absent", "stale", "invalid"}

// String returns the name of the state, as scenarios spell it.
func (m Manifest) String() string {
	if m >= manifestEnd {
		return fmt.Sprintf("Manifest(%d)", uint8(m))
	}
	return manifestNames[m]
}

// Manifests returns every state of a manifest in declared order.
func Manifests() []Manifest { return []Manifest{Fresh, Absent, Stale, Invalid} }

// Channel is one stream of releases and the hosts that follow it.
type Channel struct {
	ID        reducer.ChannelID
	Policy    reducer.Policy
	Waves     []Wave
	After     []reducer.ChannelID // channels that it waits for
	HostEdges []HostEdge
	Windows   []Window // its maintenance windows; without any it is dispatched at all times

	// Outside lists the hosts that follow the channel and are in none of its waves. They join with
	// wave 0. The shipped planner never dispatches them while waves are declared.
	Outside []reducer.HostID

	// Absent lists those of its hosts that are not in the fleet at the start. They join no rollout
	// before an order adds them.
	Absent []reducer.HostID
}

// Wave is one step of a rollout. It may be empty.
type Wave struct {
	Hosts []reducer.HostID
	Soak  time.Duration // from dispatch until the soak is due
}

// HostEdge keeps a host from being dispatched until another host of the same rollout is
// ordering-eligible.
type HostEdge = trace.HostEdge

// Budget limits how many of some hosts may be in flight, or dispatched and not yet acked, at once.
type Budget struct {
	Name        string
	Hosts       []string // names or globs (path.Match); empty with a selector
	MaxInFlight int      // at least 1; 0 with Percent

	// Selector selects the hosts instead of Hosts: "all", "channel:x", "tags:a,b" for hosts with every
	// tag, "tags_any:a,b" for hosts with one of them, or "hosts:a,b".
	Selector string

	// Percent is, instead of MaxInFlight, how many of 100 selected hosts may be in flight, rounded
	// down, but at least one host. The shipped planner ignores a budget with a percentage.
	Percent int
}

// QuarantineEntry is a closure that must not be dispatched on a channel.
type QuarantineEntry = trace.QuarantineConfig

// Inventory numbers the channels and hosts of a Config, and holds what the gates need to know of
// each host. Channels are numbered from 0 as declared, and so are the hosts of all channels
// together. An Inventory does not change, so that any number of control planes can share it.
type Inventory struct {
	channels  []channel
	byID      map[reducer.ChannelID]uint32
	hosts     []inventoryHost
	byName    []uint32 // the numbers of all hosts, by name
	budgets   []budget
	budgetsOf [][]uint32         // by inventoryHost.budgets; the first is empty
	waitsFor  [][]reducer.HostID // by inventoryHost.waits; the first is empty
	preset    []QuarantineEntry
	mended    DefectSet
	joins     bool // some hosts are not in the fleet at the start
}

type channel struct {
	*Channel
	number     uint32
	first, end uint32 // its hosts
}

type inventoryHost struct {
	id      reducer.HostID
	wave    uint32 // 0 for a host outside the waves
	outside bool   // it is in none of its channel's waves
	absent  bool   // it is not in the fleet at the start
	budgets uint32 // index into budgetsOf: the budgets that count it
	waits   uint32 // index into waitsFor: the hosts that its edges name
}

// noHost is the number of a host that the inventory does not have.
const noHost = ^uint32(0)

// NewInventory numbers the channels and hosts of a configuration. The error names a declaration
// that is missing or repeated, a budget that is not above 0, or a defect that does not exist.
func NewInventory(conf *Config) (*Inventory, error) {
	mended, err := NewDefectSet(conf.Mended)
	if err != nil {
		return nil, err
	}
	inv := &Inventory{
		mended:    mended,
		byID:      make(map[reducer.ChannelID]uint32, len(conf.Channels)),
		budgetsOf: make([][]uint32, 1),
		waitsFor:  make([][]reducer.HostID, 1),
		preset:    conf.Quarantine,
	}
	if err := inv.addChannels(conf.Channels); err != nil {
		return nil, err
	}
	if err := inv.sortHosts(); err != nil {
		return nil, err
	}
	for i := range inv.channels {
		if err := inv.addEdges(&inv.channels[i]); err != nil {
			return nil, err
		}
		if err := inv.markAbsent(&inv.channels[i]); err != nil {
			return nil, err
		}
	}
	if err := inv.addBudgets(conf); err != nil {
		return nil, err
	}
	return inv, nil
}

func (inv *Inventory) addChannels(channels []Channel) error {
	total := 0
	for i := range channels {
		for j := range channels[i].Waves {
			total += len(channels[i].Waves[j].Hosts)
		}
		total += len(channels[i].Outside)
	}
	inv.hosts = make([]inventoryHost, 0, total)
	for i := range channels {
		conf := &channels[i]
		if _, twice := inv.byID[conf.ID]; twice {
			return fmt.Errorf("channel %s is declared twice", conf.ID)
		}
		inv.byID[conf.ID] = uint32(i)
		first := uint32(len(inv.hosts))
		for j := range conf.Waves {
			for _, id := range conf.Waves[j].Hosts {
				inv.hosts = append(inv.hosts, inventoryHost{id: id, wave: uint32(j)})
			}
		}
		for _, id := range conf.Outside {
			inv.hosts = append(inv.hosts, inventoryHost{id: id, outside: true})
		}
		inv.channels = append(inv.channels, channel{
			Channel: conf, number: uint32(i), first: first, end: uint32(len(inv.hosts)),
		})
	}
	for i := range channels {
		for _, id := range channels[i].After {
			if _, declared := inv.byID[id]; !declared {
				return fmt.Errorf(
					"channel %s waits for channel %s, which is not declared", channels[i].ID, id,
				)
			}
		}
	}
	return nil
}

// sortHosts sorts the hosts by name for Host, and refuses duplicates. A sorted list needs a tenth
// of the memory of a map.
func (inv *Inventory) sortHosts() error {
	inv.byName = make([]uint32, len(inv.hosts))
	for i := range inv.byName {
		inv.byName[i] = uint32(i)
	}
	slices.SortFunc(
		inv.byName, func(a, b uint32) int { return cmp.Compare(inv.hosts[a].id, inv.hosts[b].id) },
	)
	for i := 1; i < len(inv.byName); i++ {
		if id := inv.hosts[inv.byName[i]].id; id == inv.hosts[inv.byName[i-1]].id {
			return fmt.Errorf("host %s is declared twice: a host belongs to one channel and one wave", id)
		}
	}
	return nil
}

func (inv *Inventory) addEdges(ch *channel) error {
	for _, edge := range ch.HostEdges {
		for _, id := range []reducer.HostID{edge.Host, edge.After} {
			if _, ok := inv.member(ch, id, noHost); !ok {
				return fmt.Errorf(
					"channel %s: a host edge names host %s, which is not one of its hosts", ch.ID, id,
				)
			}
		}
		n, _ := inv.Host(edge.Host)
		h := &inv.hosts[n]
		if h.waits == 0 {
			h.waits = uint32(len(inv.waitsFor))
			inv.waitsFor = append(inv.waitsFor, nil)
		}
		inv.waitsFor[h.waits] = append(inv.waitsFor[h.waits], edge.After)
	}
	return nil
}

// markAbsent marks the hosts of a channel that are not in the fleet at the start.
func (inv *Inventory) markAbsent(ch *channel) error {
	for _, id := range ch.Absent {
		n, ok := inv.member(ch, id, noHost)
		if !ok {
			return fmt.Errorf("channel %s: absent host %s is not one of its hosts", ch.ID, id)
		}
		inv.hosts[n].absent, inv.joins = true, true
	}
	return nil
}

// Hosts returns the number of hosts.
func (inv *Inventory) Hosts() int { return len(inv.hosts) }

// HostID returns the name of host n.
func (inv *Inventory) HostID(n uint32) reducer.HostID { return inv.hosts[n].id }

// Host returns the number of a host, and false if no wave has it.
func (inv *Inventory) Host(id reducer.HostID) (uint32, bool) {
	i, found := slices.BinarySearchFunc(
		inv.byName, id, func(n uint32, id reducer.HostID) int { return cmp.Compare(inv.hosts[n].id, id) },
	)
	if !found {
		return 0, false
	}
	return inv.byName[i], true
}

// Unstaged reports whether host n is in none of the waves that its channel declares.
func (inv *Inventory) Unstaged(n uint32) bool {
	for i := range inv.channels {
		if ch := &inv.channels[i]; n >= ch.first && n < ch.end {
			return inv.hosts[n].outside && len(ch.Waves) > 0
		}
	}
	return false
}

// Channel returns the number of a channel, and false if it is not declared.
func (inv *Inventory) Channel(id reducer.ChannelID) (uint32, bool) {
	n, ok := inv.byID[id]
	return n, ok
}

// Member returns the number of a host of a channel, and false if the channel does not have it.
func (inv *Inventory) Member(id reducer.ChannelID, host reducer.HostID) (uint32, bool) {
	ch := inv.channel(id)
	if ch == nil {
		return 0, false
	}
	return inv.member(ch, host, noHost)
}

// Policy returns the policy of a channel, or the default policy if the channel is not declared.
func (inv *Inventory) Policy(id reducer.ChannelID) reducer.Policy {
	if ch := inv.channel(id); ch != nil {
		return ch.Policy
	}
	return reducer.DefaultPolicy()
}

// channel returns a channel, or nil if it is not declared.
func (inv *Inventory) channel(id reducer.ChannelID) *channel {
	n, ok := inv.byID[id]
	if !ok {
		return nil
	}
	return &inv.channels[n]
}

// member returns the number of a host of a channel, and whether the channel has it. It tries guess
// first.
func (inv *Inventory) member(ch *channel, id reducer.HostID, guess uint32) (uint32, bool) {
	if guess >= ch.first && guess < ch.end && inv.hosts[guess].id == id {
		return guess, true
	}
	n, ok := inv.Host(id)
	return n, ok && n >= ch.first && n < ch.end
}
