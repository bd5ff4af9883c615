package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"rollsim/internal/scratch"
)

// interrupt cancels the context of the running command. It is nil if the command is not
// interruptible, or was interrupted before.
var interrupt atomic.Pointer[context.CancelFunc]

// interruptible returns a context that is cancelled by the first interrupt. The second interrupt
// ends the process.
func interruptible() (ctx context.Context, stop context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	interrupt.Store(&cancel)
	return ctx, func() {
		interrupt.Store(nil)
		cancel()
	}
}

// handleSignals makes the first signal cancel an interruptible command. Any other signal that ends
// the process first removes its temporary files.
var handleSignals = sync.OnceFunc(func() {
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // nohup ignores SIGHUP
			signal.Notify(signals, s)
		}
	}
	go func() {
		for range signals {
			if end := interrupt.Swap(nil); end != nil {
				(*end)()
				continue
			}
			scratch.RemoveAll()
			os.Exit(exitUsage)
		}
	}()
})
