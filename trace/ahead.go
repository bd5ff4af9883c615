package trace

import (
	"runtime"
	"sync"
)

// ahead reads and decodes batches while earlier ones are used. One goroutine reads. Some others
// only decode; the reading goroutine decodes when it is far enough ahead, and the consumer decodes
// rather than wait. The batches arrive in the order in which they were read.
type ahead struct {
	order chan *batch // in the order of reading, decoded or not
	work  chan *batch // batches that may not be decoded yet
	free  chan *batch // batches that may be reused
	stop  chan struct{}
	read  sync.WaitGroup // the goroutine that reads
	rows  bool
	dec   *decoder // the consumer's
}

const (
	// farAhead is the number of batches that may wait for the consumer.
	farAhead = 4
	// mostDecoders limits the goroutines that only decode. With more of them, reading and folding
	// would be the bottleneck.
	mostDecoders = 3
)

// Ahead makes the reader read and decode entries before they are requested, on several cores. Read
// returns the same entries as without it. Ahead must be called before the first Read, and Close
// after the last.
func (r *Reader) Ahead() {
	if r.series != nil {
		r.series.ahead = true
		return
	}
	decoders := min(max(0, runtime.GOMAXPROCS(0)-2), mostDecoders)
	a := &ahead{
		order: make(chan *batch, farAhead+decoders),
		work:  make(chan *batch, decoders),
		free:  make(chan *batch, farAhead+decoders+2),
		stop:  make(chan struct{}),
		dec:   newDecoder(),
	}
	_, a.rows = r.src.(*rowSource)
	for range decoders {
		go func() {
			d := newDecoder()
			for b := range a.work {
				b.decode(r.src, d)
			}
		}()
	}
	a.read.Add(1)
	go a.fillAll(r.src)
	r.ahead = a
}

// fillAll reads until the input ends or the reader is closed.
func (a *ahead) fillAll(src source) {
	defer a.read.Done()
	defer close(a.work)
	d := newDecoder()
	for {
		var b *batch
		select {
		case b = <-a.free:
			b.reset()
		default:
			b = &batch{done: make(chan struct{}, 1)}
		}
		src.fill(b)
		last := b.err != nil // read it now: after decoding, b belongs to the consumer
		b.taken.Store(false)
		select {
		case a.work <- b:
		default:
		}
		select {
		case a.order <- b:
		default:
			b.decode(src, d)
			select {
			case a.order <- b:
			case <-a.stop:
				return
			}
		}
		if last {
			return
		}
	}
}

// decode decodes a batch, unless another goroutine does.
func (b *batch) decode(src source, d *decoder) {
	if b.taken.Swap(true) {
		return
	}
	d.store, d.passed = &b.store, Passed{}
	if cap(b.items) < len(b.units) {
		b.items = make([]item, len(b.units))
	}
	for i := range b.units {
		b.items = b.items[:i+1]
		it := &b.items[i]
		it.read(src, d, &b.units[i])
	}
	b.passed.add(d.passed)
	b.done <- struct{}{}
}

// next returns the next batch, decoded, and frees the used one.
func (a *ahead) next(used *batch, src source) *batch {
	if used.done != nil { // the first batch is the reader's own
		select {
		case a.free <- used:
		default:
		}
	}
	b := <-a.order
	b.decode(src, a.dec)
	<-b.done
	return b
}

// close ends the reading. It does not wait for a read that blocks on a stream, which ends with the
// process. It waits for rows, because the caller closes their database next.
func (a *ahead) close() {
	close(a.stop)
	for {
		select {
		case <-a.order:
			continue
		default:
		}
		break
	}
	if a.rows {
		a.read.Wait()
	}
}
