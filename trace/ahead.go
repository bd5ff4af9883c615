package trace

import (
	"runtime"
	"sync"
)

// ahead reads and decodes batches while earlier ones are used. One goroutine reads; whoever has
// nothing better to do decodes: others that do nothing else, the one that reads, once it is far
// enough ahead, or the one that uses them, rather than wait. The batches come in the order in which
// they were read.
type ahead struct {
	order chan *batch // as read, decoded or not
	work  chan *batch // those that are perhaps not decoded
	free  chan *batch
	stop  chan struct{}
	read  sync.WaitGroup // the goroutine that reads
	rows  bool
	dec   *decoder // of the one that uses the batches
}

const (
	farAhead = 4 // how many batches that were read wait to be used
	// how many goroutines do nothing but decode: beyond that, reading and folding are what takes the
	// time
	mostDecoders = 3
)

// Ahead has the reader read and decode ahead of what it is asked for, on as many cores as help.
// What it gives stays the same. It must be called before the first Read, and Close after the last.
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

// fillAll reads until the input ends or nobody wants more.
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
		last := b.err != nil // once it is decoded it belongs to others
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

// decode decodes a batch that was read, unless somebody else does.
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
		if it.read(src, d, &b.units[i]); it.err != nil {
			break
		}
	}
	b.passed.add(d.passed)
	b.done <- struct{}{}
}

// take gives a batch back and the next one, decoded.
func (a *ahead) take(used *batch, src source) *batch {
	if used.done != nil { // the first one is the reader's own
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

// close ends reading. A read from a stream that gives nothing is not waited for: it ends with the
// process. Rows come from a database that is to be closed, so their reading has to have ended.
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
