package replay

import (
	"cmp"
	"encoding/hex"
	"math"
	"slices"

	"github.com/cespare/xxhash/v2"

	"rollsim/reducer"
)

// archive holds the records of rollouts that have ended. It has a hash table of its own to save
// memory, because a long log has many such rollouts. Measured with 50,000 to 1,000,000 rollouts,
// the archive needs 74 bytes for each. A Go map of the same records needs 83 to 167, as its tables
// are between full and half empty, and is no slower. TestMemory allows 100 for all that is kept.
//
// It accepts a rollout whose id is its channel and a git commit, and whose record has only the
// fields of archived. The zero value is empty.
type archive struct {
	channels []reducer.ChannelID
	numbers  map[reducer.ChannelID]uint16 // the indices of channels
	blocks   []*[blockSize]archived
	n        int      // how many records the blocks hold
	table    []uint32 // indices into the blocks, plus 1; 0 is free; the length is a power of two
}

const blockSize = 256

// commit is the hash of a git commit.
type commit [20]byte

// archived is a record without its text.
type archived struct {
	opened, terminal, superseded reducer.Time
	seq                          uint64 // of the rollout's opening
	ref                          commit
	number                       uint32 // Rollout.Number
	wave                         uint32
	channel                      uint16
	state                        reducer.State
	flags                        archiveFlags
}

type archiveFlags uint8

const (
	hasTerminal archiveFlags = 1 << iota
	hasSuperseded
	isRestored // the fleet has the rollout again, with a newer record
	isListed   // the table rollouts has a row of it
)

// parseID splits the id of a rollout into its channel and its commit. It reports false for any
// other id.
func parseID(id reducer.RolloutID) (channel reducer.ChannelID, ref commit, ok bool) {
	at := len(id) - hex.EncodedLen(len(ref)) - 1
	if at < 0 || id[at] != '@' {
		return "", ref, false
	}
	text := string(id[at+1:])
	if _, err := hex.Decode(ref[:], []byte(text)); err != nil || hex.EncodeToString(ref[:]) != text {
		return "", ref, false
	}
	return reducer.ChannelID(id[:at]), ref, true
}

// put adds or replaces the record of the rollout with that number, whose opening has that seq. It
// reports false for a record that the archive cannot hold.
func (a *archive) put(rec *reducer.Record, number int, seq uint64) bool {
	name, ref, ok := parseID(rec.RolloutID)
	if !ok || uint64(number) > math.MaxUint32 {
		return false
	}
	channel, ok := a.channel(name)
	if !ok {
		return false
	}
	k := archived{
		opened: rec.OpenedAt, terminal: rec.TerminalAt.Value, superseded: rec.SupersededAt.Value,
		seq: seq, ref: ref, number: uint32(number), wave: rec.CurrentWave, channel: channel,
		state: rec.State,
	}
	if rec.TerminalAt.Set {
		k.flags |= hasTerminal
	}
	if rec.SupersededAt.Set {
		k.flags |= hasSuperseded
	}
	if a.record(&k) != *rec {
		return false // an external machine may return any record
	}
	if before := a.find(rec.RolloutID); before != nil {
		*before = k
		return true
	}
	a.add(k)
	return true
}

// channel returns the index of a channel, a new one if it is not known. It reports false if there
// are too many.
func (a *archive) channel(name reducer.ChannelID) (uint16, bool) {
	if i, known := a.numbers[name]; known {
		return i, true
	}
	if len(a.channels) > math.MaxUint16 {
		return 0, false
	}
	if a.numbers == nil {
		a.numbers = make(map[reducer.ChannelID]uint16)
	}
	i := uint16(len(a.channels))
	a.numbers[name] = i
	a.channels = append(a.channels, name)
	return i, true
}

// add adds a record to the blocks and to the table, which is kept at most three quarters full.
func (a *archive) add(k archived) {
	if a.n%blockSize == 0 {
		a.blocks = append(a.blocks, new([blockSize]archived))
	}
	a.n++
	*a.at(a.n - 1) = k
	if 4*a.n <= 3*len(a.table) {
		a.index(a.n - 1)
		return
	}
	a.table = make([]uint32, max(8, 2*len(a.table)))
	for i := range a.n {
		a.index(i)
	}
}

func (a *archive) at(i int) *archived { return &a.blocks[i/blockSize][i%blockSize] }

// index enters the i-th record into the table.
func (a *archive) index(i int) {
	k := a.at(i)
	a.table[a.slot(k.channel, k.ref)] = uint32(i) + 1
}

// slot returns where in the table a rollout is, or else where it belongs.
func (a *archive) slot(channel uint16, ref commit) uint64 {
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

// find returns the record of a rollout, or nil.
func (a *archive) find(id reducer.RolloutID) *archived {
	name, ref, ok := parseID(id)
	if channel, known := a.numbers[name]; ok && known && a.n > 0 {
		if i := a.table[a.slot(channel, ref)]; i > 0 {
			return a.at(int(i) - 1)
		}
	}
	return nil
}

// record returns the record as it was added.
func (a *archive) record(k *archived) reducer.Record {
	channel, ref := a.channels[k.channel], reducer.ChannelRef(hex.EncodeToString(k.ref[:]))
	return reducer.Record{
		RolloutID: reducer.NewRolloutID(channel, ref), Channel: channel, TargetRef: ref,
		State: k.state, CurrentWave: k.wave, OpenedAt: k.opened,
		TerminalAt:   reducer.Opt[reducer.Time]{Value: k.terminal, Set: k.flags&hasTerminal != 0},
		SupersededAt: reducer.Opt[reducer.Time]{Value: k.superseded, Set: k.flags&hasSuperseded != 0},
	}
}

// unlisted returns the records that are neither restored nor listed, in the order of opening.
func (a *archive) unlisted() []*archived {
	var all []*archived
	for i := range a.n {
		if k := a.at(i); k.flags&(isRestored|isListed) == 0 {
			all = append(all, k)
		}
	}
	slices.SortFunc(all, func(x, y *archived) int { return cmp.Compare(x.number, y.number) })
	return all
}
