package invariant

import (
	"slices"

	"rollsim/reducer"
)

// account is what the Checker knows of one rollout.
type account struct {
	facts
	number  int // of the rollout
	channel reducer.ChannelID
	closure reducer.ClosureHash // what its hosts are to switch to

	logged [][]logged // by slot and seq, from 1; of the shipped control plane

	offset int          // from the slots of its hosts to their numbers
	known  bool         // it was opened
	latest reducer.Time // the latest of its events that are not raw

	// What its recorded transitions say.
	state       reducer.State
	wave        uint32
	terminalSet reducer.Time // when it last moved into a member of the terminal set
}

// accounts holds the account of each rollout. The zero value is empty.
type accounts struct {
	all  []*account // by number
	last *account   // the one that was looked up last
}

// slot returns the index in hosts of a host, and a negative number if it did not join. It tries
// the slot of the host with a number first, and searches if that is another host.
func (a *account) slot(r *reducer.Rollout, id reducer.HostID, number int) int {
	all, slot := r.Hosts(), number-a.offset
	if uint(slot) >= uint(len(all)) || all[slot].ID != id {
		var joined bool
		if slot, joined = r.Slot(id); !joined {
			return -1
		}
		a.offset = number - slot
	}
	if slot >= len(a.hosts) {
		return -1
	}
	return slot
}

// newAccount returns the account of a rollout that is being opened.
func newAccount(r *reducer.Rollout) *account {
	return &account{
		number:  r.Number(),
		state:   reducer.Opening,
		channel: r.Record.Channel,
		closure: reducer.ClosureHash(r.Record.TargetRef),
	}
}

// of returns the account of a rollout, and opens one for a rollout that is new.
func (c *accounts) of(r *reducer.Rollout) *account {
	if n := r.Number(); c.last == nil || c.last.number != n {
		if c.last = c.find(n); c.last == nil {
			c.last = c.open(newAccount(r))
		}
	}
	return c.last
}

// find returns the account of the rollout with a number, or nil.
func (c *accounts) find(number int) *account {
	if i, found := c.search(number); found {
		return c.all[i]
	}
	return nil
}

// search looks where the account is as long as none was dropped first.
func (c *accounts) search(number int) (int, bool) {
	if number < len(c.all) && c.all[number].number == number {
		return number, true
	}
	return slices.BinarySearchFunc(c.all, number, func(a *account, n int) int {
		return a.number - n
	})
}

func (c *accounts) open(a *account) *account {
	i, found := c.search(a.number)
	if found {
		c.all[i] = a
	} else {
		c.all = slices.Insert(c.all, i, a)
	}
	return a
}

// forget drops the account of a rollout that has ended.
func (c *accounts) forget(r *reducer.Rollout) {
	if i, found := c.search(r.Number()); found {
		c.all = slices.Delete(c.all, i, i+1)
	}
	c.last = nil
}

// resume opens the account of a rollout in the state that its record has.
func (c *accounts) resume(r *reducer.Rollout) {
	a := newAccount(r)
	a.state, a.wave = r.Record.State, r.Record.CurrentWave
	a.partial = true
	c.open(a)
	c.last = nil
}
