package trace

import (
	"runtime"
	"sync"
)

// ahead reads and decodes batches while earlier ones are used: one goroutine reads, some decode, and the batches come in the
// order in which they were read.
type ahead struct {
	order chan *batch // as read, decoded or not
	free  chan *batch
	stop  chan struct{}
	read  sync.WaitGroup // the goroutine that reads
	rows  bool
}

// mostDecoders bounds how many goroutines decode: beyond that, reading and folding are what takes the time.
const mostDecoders = 4

// Ahead has the reader read and decode ahead of what it is asked for, on as many cores as help. What it gives stays the same.
// It must be called before the first Read, and Close after the last.
func (r *Reader) Ahead() {
	if r.series != nil {
		r.series.ahead = true
		return
	}
	decoders := min(max(1, runtime.GOMAXPROCS(0)-1), mostDecoders)
	a := &ahead{
		order: make(chan *batch, decoders+1),
		free:  make(chan *batch, decoders+3),
		stop:  make(chan struct{}),
	}
	_, a.rows = r.src.(*rowSource)
	work := make(chan *batch, decoders+1)
	for range decoders {
		go decodeAll(r.src, work)
	}
	a.read.Add(1)
	go a.fillAll(r.src, work)
	r.ahead = a
}

// fillAll reads until the input ends or nobody wants more.
func (a *ahead) fillAll(src source, work chan<- *batch) {
	defer a.read.Done()
	defer close(work)
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
		select {
		case a.order <- b:
		case <-a.stop:
			return
		}
		work <- b // there is room for as many as order holds
		if last {
			return
		}
	}
}

func decodeAll(src source, work <-chan *batch) {
	d := newDecoder()
	for b := range work {
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
}

// take gives a batch back and the next one that is decoded.
func (a *ahead) take(used *batch) *batch {
	if used.done != nil { // the first one is the reader's own
		select {
		case a.free <- used:
		default:
		}
	}
	b := <-a.order
	<-b.done
	return b
}

// close ends reading. A read from a stream that gives nothing is not waited for: it ends with the process. Rows come from a
// database that is to be closed, so their reading has to have ended.
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
