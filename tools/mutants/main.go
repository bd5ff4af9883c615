package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// packages lists the packages that are mutated by default.
const packages = "./reducer,./controlplane,./sim,./invariant,./trace/...,./logs/...," +
	"./story/...,./suite/...,./internal/..."

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run tests mutants as the arguments say, and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(stderr)
	n := flags.Int("n", 150, "how many mutants to test")
	skip := flags.Int("skip", 0, "how many of them to skip, because an earlier run has tested them")
	seed := flags.Uint64("seed", 1, "which mutants: the same seed draws the same")
	patterns := flags.String("packages", packages, "`patterns` of packages, as for go list")
	timeout := flags.Duration("timeout", 5*time.Minute, "limit for the tests, and for the check")
	root := flags.String("root", "..", "`folder` of the module")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: packages follow -packages", flags.Arg(0))
	case *n < 1:
		err = fmt.Errorf("-n %d: want at least 1 mutant", *n)
	case *skip < 0 || *skip >= *n:
		err = fmt.Errorf("-skip %d: want at least 0 and less than -n %d", *skip, *n)
	case *timeout <= 0:
		err = fmt.Errorf("-timeout %v: want more than 0", *timeout)
	}
	survived := 0
	if err == nil {
		var t *tester
		if t, err = newTester(*root, *timeout); err == nil {
			survived, err = t.sample(ctx, strings.Split(*patterns, ","), *seed, *skip, *n, stdout)
			err = errors.Join(err, os.RemoveAll(t.temp))
		}
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "mutants:", err)
		return 2
	case survived > 0:
		return 1
	}
	return 0
}
