package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"rollsim/internal/scratch"
	"rollsim/machine/external"
)

// The times within which a process ends after the first interrupt. Together they are less than a
// second.
const (
	reportWithin = 400 * time.Millisecond // for an interruptible command to report what it has
	removeWithin = 200 * time.Millisecond // to remove temporary files
)

// interrupt cancels the context of the running command. It is nil if the command is not
// interruptible, or was interrupted before.
var interrupt atomic.Pointer[context.CancelFunc]

// ending is set once a signal ends the process: before machines are killed.
var ending atomic.Bool

// interruptible returns a context that is cancelled by the first interrupt, so that the command can
// report what it has. The process ends reportWithin later, or with the second interrupt.
func interruptible() (ctx context.Context, stop context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	interrupt.Store(&cancel)
	return ctx, func() {
		interrupt.Store(nil)
		cancel()
	}
}

// within returns a context that ends after a time, if that is not 0.
func within(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// handleSignals ends the process when it is asked to, whatever the command does: it may be blocked.
var handleSignals = sync.OnceFunc(func() {
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // nohup ignores SIGHUP
			signal.Notify(signals, s)
		}
	}
	go func() {
		<-signals
		if cancel := interrupt.Swap(nil); cancel != nil {
			(*cancel)()
			select {
			case <-signals:
			case <-time.After(reportWithin):
			}
		}
		ending.Store(true)
		removed := make(chan bool)
		go func() {
			external.KillAll()
			scratch.RemoveAll()
			close(removed)
		}()
		select {
		case <-removed:
		case <-time.After(removeWithin): // a file system that does not answer
		}
		os.Exit(exitUsage)
	}()
})
