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

// interrupt ends the context of a command that is interruptible; nil where none is, or where it has
// been interrupted already.
var interrupt atomic.Pointer[context.CancelFunc]

// interruptible gives a context that ends when the user interrupts. Whoever interrupts twice does
// not want to wait.
func interruptible() (ctx context.Context, stop context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	interrupt.Store(&cancel)
	return ctx, func() {
		interrupt.Store(nil)
		cancel()
	}
}

// heedSignals has a process that is told to end leave nothing temporary behind.
var heedSignals = sync.OnceFunc(func() {
	told := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as under nohup
			signal.Notify(told, s)
		}
	}
	go func() {
		for range told {
			if end := interrupt.Swap(nil); end != nil {
				(*end)()
				continue
			}
			scratch.RemoveAll()
			os.Exit(exitUsage)
		}
	}()
})
