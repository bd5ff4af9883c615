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
}

// Channel is one stream of releases and the hosts that follow it.
type Channel struct {
	ID        reducer.ChannelID
	Policy    reducer.Policy
	Waves     []Wave
	After     []reducer.ChannelID // channels that it waits for
	HostEdges []HostEdge
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
// MaxInFlight is at least 1.
type Budget = trace.BudgetConfig

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
	budgets   []Budget
	budgetsOf [][]uint32         // by inventoryHost.budgets; the first is empty
	waitsFor  [][]reducer.HostID // by inventoryHost.waits; the first is empty
	preset    []QuarantineEntry
}

type channel struct {
	*Channel
	first, end uint32 // its hosts
}

type inventoryHost struct {
	id      reducer.HostID
	budgets uint32 // index into budgetsOf: the budgets that count it
	waits   uint32 // index into waitsFor: the hosts that its edges name
}

// noHost is the number of a host that the inventory does not have.
const noHost = ^uint32(0)

// NewInventory numbers the channels and hosts of a configuration. The error names a declaration
// that is missing or repeated, or a budget that is not above 0.
func NewInventory(conf *Config) (*Inventory, error) {
	inv := &Inventory{
		byID:      make(map[reducer.ChannelID]uint32, len(conf.Channels)),
		budgets:   conf.Budgets,
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
	}
	if err := inv.addBudgets(); err != nil {
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
				inv.hosts = append(inv.hosts, inventoryHost{id: id})
			}
		}
		inv.channels = append(inv.channels, channel{conf, first, uint32(len(inv.hosts))})
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

func (inv *Inventory) addBudgets() error {
	for i := range inv.budgets {
		if b := &inv.budgets[i]; b.MaxInFlight < 1 {
			return fmt.Errorf("budget %s: max_in_flight %d is not above 0", b.Name, b.MaxInFlight)
		}
	}
	indexOf := make(map[string]uint32)
	for n := range inv.hosts {
		h := &inv.hosts[n]
		var counting []uint32
		for i := range inv.budgets {
			if inv.budgets[i].Covers(h.id) {
				counting = append(counting, uint32(i))
			}
		}
		if counting == nil {
			continue
		}
		key := fmt.Sprint(counting)
		index, ok := indexOf[key]
		if !ok {
			index = uint32(len(inv.budgetsOf))
			indexOf[key] = index
			inv.budgetsOf = append(inv.budgetsOf, counting)
		}
		h.budgets = index
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
