package replay

import (
	"cmp"
	"encoding/hex"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"rollsim/reducer"
)

// archive keeps the records of rollouts that are over, without their text, each in a few dozen
// bytes: a Go map of records would take several times that, and a log may hold millions. It takes
// those that are named by channel and ref, where the ref is a git commit; a record that is not all
// in an entry is not taken.
type archive struct {
	channels []reducer.ChannelID
	numbers  map[reducer.ChannelID]uint16 // of channels, in that list
	blocks   []*[blockSize]archived
	n        int // how many are kept
	// a hash table of places in the blocks, plus 1; 0 is free; the length is a power of two
	table []uint32
}

const blockSize = 256

// refSize is the length of a git commit's hash.
const refSize = 20

type archived struct {
	opened, terminal, superseded reducer.Time
	seq                          uint64 // of its opening
	ref                          [refSize]byte
	number                       uint32 // Rollout.Number
	wave                         uint32
	channel                      uint16
	state                        reducer.State
	flags                        uint8
}

const (
	hasTerminal uint8 = 1 << iota
	hasSuperseded
	isBack   // the fleet has it again, and knows better
	isListed // a derived table has it
)

// parse takes an id apart; false when it is none of those that are taken.
func (a *archive) parse(
	id reducer.RolloutID,
) (channel reducer.ChannelID, ref [refSize]byte, ok bool) {
	at := len(id) - 2*refSize - 1
	if at < 0 || id[at] != '@' {
		return "", ref, false
	}
	text := string(id[at+1:])
	if _, err := hex.Decode(ref[:], []byte(text)); err != nil || hex.EncodeToString(ref[:]) != text {
		return "", ref, false
	}
	return reducer.ChannelID(id[:at]), ref, true
}

// put keeps a record, anew if it was kept before; false when it cannot be.
func (a *archive) put(rec *reducer.Record, number int, seq uint64) bool {
	channel, ref, ok := a.parse(rec.RolloutID)
	if !ok || uint64(number) > math.MaxUint32 {
		return false
	}
	c, known := a.numbers[channel]
	if !known && len(a.channels) > math.MaxUint16 {
		return false
	}
	if !known {
		if a.numbers == nil {
			a.numbers = make(map[reducer.ChannelID]uint16)
		}
		c = uint16(len(a.channels))
		a.numbers[channel] = c
		a.channels = append(a.channels, channel)
	}
	k := archived{
		opened: rec.OpenedAt, terminal: rec.TerminalAt.Value, superseded: rec.SupersededAt.Value, seq: seq, ref: ref,
		number: uint32(number), wave: rec.CurrentWave, channel: c, state: rec.State,
	}
	if rec.TerminalAt.Set {
		k.flags |= hasTerminal
	}
	if rec.SupersededAt.Set {
		k.flags |= hasSuperseded
	}
	if a.record(&k) != *rec {
		return false // a machine from outside may leave anything
	}
	if before := a.find(rec.RolloutID); before != nil {
		*before = k
		return true
	}
	if a.n%blockSize == 0 {
		a.blocks = append(a.blocks, new([blockSize]archived))
	}
	a.n++
	*a.at(a.n - 1) = k
	if 4*a.n > 3*len(a.table) {
		a.table = make([]uint32, max(8, 2*len(a.table)))
		for i := range a.n {
			a.enter(i)
		}
	} else {
		a.enter(a.n - 1)
	}
	return true
}

func (a *archive) at(i int) *archived { return &a.blocks[i/blockSize][i%blockSize] }

func (a *archive) enter(i int) {
	k := a.at(i)
	a.table[a.slot(k.channel, k.ref)] = uint32(i) + 1
}

// slot gives where a rollout stands in the table, or where it belongs.
func (a *archive) slot(channel uint16, ref [refSize]byte) uint64 {
	mask := uint64(len(a.table) - 1)
	at := (xxhash.Sum64(ref[:]) + uint64(channel)) & mask
	for a.table[at] != 0 {
		if k := a.at(int(a.table[at]) - 1); k.ref == ref && k.channel == channel {
			break
		}
		at = (at + 1) & mask
	}
	return at
}

// find finds a rollout; nil when it is not kept.
func (a *archive) find(id reducer.RolloutID) *archived {
	channel, ref, ok := a.parse(id)
	if c, known := a.numbers[channel]; ok && known && a.n > 0 {
		if i := a.table[a.slot(c, ref)]; i > 0 {
			return a.at(int(i) - 1)
		}
	}
	return nil
}

// record gives the record that was kept.
func (a *archive) record(k *archived) reducer.Record {
	channel, ref := a.channels[k.channel], reducer.ChannelRef(hex.EncodeToString(k.ref[:]))
	return reducer.Record{
		RolloutID: reducer.NewRolloutID(
			channel, ref,
		), Channel: channel, TargetRef: ref, State: k.state, CurrentWave: k.wave, OpenedAt: k.opened,
		TerminalAt:   reducer.Opt[reducer.Time]{Value: k.terminal, Set: k.flags&hasTerminal != 0},
		SupersededAt: reducer.Opt[reducer.Time]{Value: k.superseded, Set: k.flags&hasSuperseded != 0},
	}
}

// unlisted gives the rollouts that no derived table has, in the order of opening, but for those
// that the fleet has again.
func (a *archive) unlisted() []*archived {
	var all []*archived
	for i := range a.n {
		if k := a.at(i); k.flags&(isBack|isListed) == 0 {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(x, y *archived) int { return cmp.Compare(x.number, y.number) })
	return all
}
