package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim/external"
	"rollsim/internal/atomicfile"
	"rollsim/internal/nearest"
)

// The exit codes.
const (
	exitHolds   = 0 // all holds
	exitDiffers = 1 // something differs or an invariant broke
	exitUsage   = 2 // usage, or input that cannot be read
)

// errUnusable ends a command whose output has already said what could not be read.
var errUnusable = errors.New("some input cannot be read")

// errDiffers ends a command whose output has already said what differs.
var errDiffers = errors.New("something differs")

// errInterrupted ends a command that the user has interrupted.
var errInterrupted = errors.New("interrupted")

// interruptible gives a context that ends when the user interrupts. Whoever interrupts twice does not want to wait.
func interruptible() (ctx context.Context, stop context.CancelFunc) {
	ctx, stop = signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// usageError is a mistake in how the command was called.
type usageError struct {
	command string // its full name, for the hint
	what    string
}

func (e *usageError) Error() string { return e.what }

func usage(c *cli.Context, format string, args ...any) error {
	return &usageError{command: c.Command.Name, what: fmt.Sprintf(format, args...)}
}

// run is the whole program: it gives the exit code. Results go to stdout, everything else to stderr.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	env := newEnvironment(stdin, stdout, stderr)
	app := env.newApp()
	err := app.Run(flagsFirst(app, args))
	if failure := env.closeMachines(); failure != nil {
		err = failure // whatever the command made of it
	}
	var misuse *usageError
	switch {
	case err == nil:
		return exitHolds
	case errors.Is(err, errDiffers):
		return exitDiffers
	case errors.Is(err, errUnusable):
		return exitUsage
	case errors.As(err, &misuse):
		fmt.Fprintf(stderr, "rollsim: %v\n", err)
		fmt.Fprintf(stderr, "see: rollsim %s\n", strings.TrimSpace(misuse.command+" --help"))
		return exitUsage
	default:
		fmt.Fprintf(stderr, "rollsim: %v\n", err)
		return exitUsage
	}
}

func (env *environment) newApp() *cli.App {
	app := &cli.App{
		Name:  "rollsim",
		Usage: "simulate fleets, and check and replay the rollouts that a reducer makes of them",
		UsageText: "rollsim COMMAND [options] [arguments]\n\n" +
			"rollsim check                 run the regression suite\n" +
			"rollsim run one-wave          simulate one scenario and read its trace",
		Version:              version(),
		Reader:               env.stdin,
		Writer:               env.out.w,
		ErrWriter:            env.err.w,
		EnableBashCompletion: true,
		// A machine's command and a channel's name may have a comma in them.
		DisableSliceFlagSeparator: true,
		HideHelpCommand:           true,
		Commands: []*cli.Command{
			env.checkCommand(),
			env.runCommand(),
			env.featuresCommand(),
			env.stepsCommand(),
			env.newCommand(),
			env.lintCommand(),
			env.fmtCommand(),
			env.coverageCommand(),
			env.mutateCommand(),
			env.exploreCommand(),
			env.mergeCommand(),
			env.replayCommand(),
			env.whyCommand(),
			env.diffCommand(),
			env.importCommand(),
			env.redactCommand(),
			env.fitCommand(),
			env.conformCommand(),
			env.machineCommand(),
			env.completionCommand(),
		},
		// run turns errors into exit codes itself.
		ExitErrHandler: func(*cli.Context, error) {},
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				return &usageError{what: fmt.Sprintf("there is no command %q%s", name, nearest.Hint(name, commandNames(c.App)))}
			}
			return cli.ShowAppHelp(c)
		},
	}
	wrongFlag := func(c *cli.Context, err error, _ bool) error {
		return &usageError{command: c.Command.Name, what: flagMistake(c, err)}
	}
	app.OnUsageError = wrongFlag
	for _, c := range app.Commands {
		c.OnUsageError = wrongFlag
		c.HideHelpCommand = true
	}
	return app
}

// environment is what the commands work with.
type environment struct {
	stdin io.Reader
	out   *printer // results
	err   *printer // everything else

	machines []*external.Machine // those in other processes, until the command is over
}

func newEnvironment(stdin io.Reader, stdout, stderr io.Writer) *environment {
	return &environment{stdin: stdin, out: newPrinter(stdout), err: newPrinter(stderr)}
}

// version is the module's version when it was installed as one, else the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}

func commandNames(app *cli.App) []string {
	var names []string
	for _, c := range app.Commands {
		names = append(names, c.Name)
	}
	return names
}

// flagMistake says what is wrong with the flags, with the nearest flag that there is.
func flagMistake(c *cli.Context, err error) string {
	const unknown = "flag provided but not defined: -"
	name, isUnknown := strings.CutPrefix(err.Error(), unknown)
	if !isUnknown {
		return err.Error()
	}
	name = strings.TrimPrefix(name, "-")
	var known []string
	for _, f := range c.Command.Flags {
		known = append(known, f.Names()...)
	}
	hint := nearest.Hint(name, known)
	return fmt.Sprintf("there is no option --%s%s", name, strings.Replace(hint, `"`, `"--`, 1))
}

// flagsFirst moves a command's options before its arguments, so that `run x --seed 7` is read as people mean it. What
// follows a lone -- stays as it is.
func flagsFirst(app *cli.App, args []string) []string {
	// A shell that asks for completions has the flag that says so last, where it must stay.
	if len(args) < 2 || args[len(args)-1] == "--generate-bash-completion" {
		return args
	}
	command := app.Command(args[1])
	if command == nil {
		return args
	}
	takesValue := make(map[string]bool)
	for _, f := range command.Flags {
		_, isBool := f.(*cli.BoolFlag)
		for _, name := range f.Names() {
			takesValue[name] = !isBool
		}
	}
	var flags, rest []string
	for i := 2; i < len(args); i++ {
		a := args[i]
		if a == "--" {
			rest = append(rest, args[i+1:]...)
			break
		}
		if len(a) < 2 || a[0] != '-' {
			rest = append(rest, a)
			continue
		}
		flags = append(flags, a)
		name := strings.TrimLeft(a, "-")
		if name == "help" || name == "h" {
			return []string{args[0], args[1], "--help"} // beside it, an argument would be taken for a topic
		}
		if takesValue[name] && i+1 < len(args) {
			i++
			flags = append(flags, args[i])
		}
	}
	out := append([]string{args[0], args[1]}, flags...)
	if len(rest) > 0 {
		out = append(out, "--")
	}
	return append(out, rest...)
}

// writeFile writes a file whole or not at all: to a temporary name beside it, then renamed. "-" is standard output.
func (env *environment) writeFile(name string, write func(io.Writer) error) error {
	if name == "-" {
		return write(env.out.w)
	}
	return atomicfile.Write(name, write)
}
