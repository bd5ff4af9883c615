package timeline

import (
	"fmt"
	"math"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// Options say how to fold a trace.
type Options struct {
	// Machine steps the records. If it is nil, the header names the machine, and for the log of a
	// control plane it is the one that control planes ship.
	Machine reducer.Machine

	// Policies overrides the policies of channels. Otherwise they are those of the header, or the
	// default.
	Policies map[reducer.ChannelID]reducer.Policy
}

// Builder is a trace.Sink that makes an Index of the entries written to it.
type Builder struct {
	opt   Options
	x     *Index
	fleet *reducer.Fleet // nil before the first entry
	out   reducer.Outcome
	state Snapshot
	last  *row // of the entry before

	// An opening of a rollout that is known, in a simulated trace, until the next entry shows
	// whether the run has refused it; nil if none exists.
	doubtful *trace.Entry
	refusal  string

	lines   []byte          // of the current block
	spare   []byte          // a buffer for the lines of the next one
	sealed  chan sealedText // of the block before, while it is compressed
	sealing int             // its index

	hosts    map[reducer.HostID]uint32
	rollouts map[reducer.RolloutID]uint32 // the last incarnation
	folded   map[uint32]reducer.RolloutID // the fleet's ids of later incarnations
	slots    map[slotKey]uint32
	names    map[string]int64
	holds    map[hold]int64
	faults   map[faultName]int64
	refs     map[Ref]int64
	locks    map[trace.QuarantineConfig]int64
	plans    map[string]uint32 // by channel: the rollout of the last decision of the planner
}

type slotKey struct{ rollout, host uint32 }

// NewBuilder returns an empty Builder.
func NewBuilder(opt Options) *Builder {
	return &Builder{
		opt: opt, x: &Index{ordered: true, inTime: true}, lines: make([]byte, 0, 512<<10),
		hosts:    make(map[reducer.HostID]uint32),
		rollouts: make(map[reducer.RolloutID]uint32),
		folded:   make(map[uint32]reducer.RolloutID),
		slots:    make(map[slotKey]uint32),
		plans:    make(map[string]uint32),
		names:    make(map[string]int64),
		holds:    make(map[hold]int64),
		faults:   make(map[faultName]int64),
		refs:     make(map[Ref]int64),
		locks:    make(map[trace.QuarantineConfig]int64),
	}
}

// Write adds an entry. The header must be the first one. The error is that of a header that names
// an unknown machine, or the *reducer.MachineFailure of a machine that returns no answer.
func (b *Builder) Write(e *trace.Entry) error {
	if b.fleet == nil {
		if err := b.begin(e); err != nil {
			return err
		}
	}
	if e.Kind == trace.KindHeader || e.Kind == trace.KindEnd {
		return nil
	}
	if uint64(b.x.count) >= math.MaxUint32-1 {
		return fmt.Errorf("a trace of more than %d entries is too long for an index", b.x.count)
	}
	if err := b.resolve(e.Rejection == nil); err != nil {
		return err
	}
	b.append(e)
	if err := b.fold(e); err != nil {
		return err
	}
	b.x.count++
	b.settle()
	return nil
}

// begin reads the header, or prepares for the log of a control plane.
func (b *Builder) begin(e *trace.Entry) error {
	x := b.x
	x.start, x.machine = e.At, b.opt.Machine
	policies := make(map[reducer.ChannelID]reducer.Policy)
	if e.Kind == trace.KindHeader {
		c := e.Clone()
		x.header = c.Header
		for i := range x.header.Channels {
			policies[x.header.Channels[i].Channel] = x.header.Channels[i].Policy
		}
		b.state.Quarantine = append(b.state.Quarantine, x.header.Quarantine...)
	}
	for channel, policy := range b.opt.Policies {
		policies[channel] = policy
	}
	switch {
	case x.machine != nil:
	case x.header != nil:
		named, err := machine.ByName(x.header.Machine)
		if err != nil {
			return fmt.Errorf("the header of the trace: %w; choose another one by --machine", err)
		}
		x.machine = named
	default:
		x.machine = machine.Shipped()
	}
	x.policy = func(channel reducer.ChannelID) reducer.Policy {
		if p, ok := policies[channel]; ok {
			return p
		}
		return reducer.DefaultPolicy()
	}
	b.fleet = reducer.NewFleet(x.machine, x.policy)
	x.checkpoints = []checkpoint{{at: b.state.checkpoint()}}
	return nil
}

// append adds the row and the text of an entry.
func (b *Builder) append(e *trace.Entry) {
	x := b.x
	if x.count%blockRows == 0 {
		b.seal()
		x.blocks = append(x.blocks, block{rows: make([]row, 0, blockRows)})
	}
	blk := &x.blocks[len(x.blocks)-1]
	b.lines = append(trace.AppendEntry(b.lines, e), '\n')
	host := e.Host
	if host == "" && e.Event != nil {
		host = e.Event.Host
	}
	r := row{seq: e.Seq, at: e.At, kind: e.Kind, host: None, rollout: None}
	if host != "" {
		r.host = b.host(host)
	}
	if e.Rollout != "" {
		if n, ok := b.rollouts[e.Rollout]; ok {
			r.rollout = n
		}
	}
	if b.last != nil {
		x.ordered = x.ordered && b.last.seq < r.seq
		x.inTime = x.inTime && b.last.at <= r.at
	}
	blk.rows = append(blk.rows, r)
	b.last = &blk.rows[len(blk.rows)-1]
}

// seal compresses the text of the last block, in a goroutine of its own while the next one grows.
func (b *Builder) seal() {
	if len(b.lines) == 0 {
		return
	}
	b.wait()
	lines, spare := b.lines, b.spare
	b.lines, b.spare = spare[:0], nil
	b.sealed = make(chan sealedText, 1)
	go func(done chan sealedText) { done <- sealedText{compress(lines), lines} }(b.sealed)
	b.sealing = len(b.x.blocks) - 1
}

// sealedText is the compressed text of a block, and the buffer of its lines.
type sealedText struct{ text, lines []byte }

// wait waits for the goroutine that compresses a block, if there is one.
func (b *Builder) wait() {
	if b.sealed == nil {
		return
	}
	s := <-b.sealed
	b.x.blocks[b.sealing].text, b.spare, b.sealed = s.text, s.lines, nil
}

// Index returns the index. The builder must not be used again.
func (b *Builder) Index() (*Index, error) {
	if b.x.count == 0 {
		return nil, errEmpty
	}
	if err := b.resolve(false); err != nil {
		return nil, err
	}
	b.seal()
	b.wait()
	return b.x, nil
}

// State returns the state after the entries so far. It is valid until the next Write.
func (b *Builder) State() *Snapshot { return &b.state }

// host returns the number of a host.
func (b *Builder) host(id reducer.HostID) uint32 {
	n, ok := b.hosts[id]
	if !ok {
		n = uint32(len(b.x.hosts))
		b.hosts[id] = n
		b.x.hosts = append(b.x.hosts, id)
	}
	return n
}

// name returns the number of a name.
func (b *Builder) name(text string) int64 { return intern(b.names, &b.x.names, text) }

// intern returns the index of a value in a list, to which it adds a new one.
func intern[T comparable](numbers map[T]int64, list *[]T, value T) int64 {
	n, ok := numbers[value]
	if !ok {
		n = int64(len(*list))
		numbers[value] = n
		*list = append(*list, value)
	}
	return n
}

// settle adds a checkpoint if there are enough changes since the last one.
func (b *Builder) settle() {
	x := b.x
	b.state.N = x.count
	if n := len(x.changes); n-x.checkpoints[len(x.checkpoints)-1].changes >= checkpointEvery {
		x.checkpoints = append(x.checkpoints, checkpoint{at: b.state.checkpoint(), changes: n})
	}
}
