package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"rollsim/internal/nearest"
	"rollsim/internal/visible"
	"rollsim/machine/external"
	"rollsim/reducer"
)

// The exit codes.
const (
	exitHolds   = 0 // no difference, finding or violation
	exitDiffers = 1 // a difference, a finding or a violation
	exitUsage   = 2 // a mistake in the command line, or input that cannot be read
)

// errUnusable ends a command that has already reported which input it cannot read.
var errUnusable = errors.New("some input cannot be read")

// errDiffers ends a command that has already reported what differs.
var errDiffers = errors.New("something differs")

// errInterrupted ends a command that the user has interrupted.
var errInterrupted = errors.New("interrupted")

// usageError is a mistake in the command line.
type usageError struct {
	command string // the name of the command, for the hint; empty for the program itself
	what    string
}

func (e *usageError) Error() string { return e.what }

func usage(c *cli.Context, format string, args ...any) error {
	return &usageError{command: c.Command.Name, what: fmt.Sprintf(format, args...)}
}

// run runs the program and returns its exit code. Results go to stdout, everything else to stderr.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	handleSignals()
	env := newEnvironment(stdin, stdout, stderr)
	for _, arg := range args {
		env.oneLine(arg)
	}
	app := env.newApp()
	err := app.Run(flagsFirst(app, args))
	if failure := env.closeMachines(); failure != nil &&
		!reducer.IsMachineFailure(err) {
		err = failure // the command may have handled it as an answer
	}
	if env.out.failed != nil {
		err = env.out.failed // the result was not written
	}
	if ending.Load() {
		select {} // the process ends; a machine that was killed for that is no failure to report
	}
	var misuse *usageError
	switch {
	case err == nil:
		return exitHolds
	case errors.Is(err, errDiffers):
		return exitDiffers
	case errors.Is(err, errUnusable), errors.Is(err, syscall.EPIPE): // EPIPE: nobody reads the output
		return exitUsage
	case errors.As(err, &misuse):
		env.err.printf("rollsim: %v\n", err)
		env.err.printf("see: rollsim %s\n", strings.TrimSpace(misuse.command+" --help"))
		return exitUsage
	default:
		text := err.Error()
		var file *fs.PathError
		if errors.As(err, &file) { // users do not know the name of the system call
			text = strings.Replace(text, file.Error(), visible.Name(file.Path)+": "+file.Err.Error(), 1)
		}
		env.err.printf("rollsim: %s\n", text)
		return exitUsage
	}
}

func (env *environment) newApp() *cli.App {
	app := &cli.App{
		Name:  "rollsim",
		Usage: "simulate fleets, check rollouts against a specification, and replay recorded logs",
		UsageText: "rollsim COMMAND [options] [arguments]\n\n" +
			"rollsim check                      run the regression suite\n" +
			"rollsim run one-wave-converges     simulate one scenario and read its trace",
		Version:              version(),
		Reader:               env.stdin,
		Writer:               env.out.w,
		ErrWriter:            env.err.w,
		EnableBashCompletion: true,
		// The command of a machine and the name of a channel may contain a comma.
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
			env.shrinkCommand(),
			env.proveCommand(),
			env.replayCommand(),
			env.whyCommand(),
			env.viewCommand(),
			env.debugCommand(),
			env.showCommand(),
			env.incidentCommand(),
			env.diffCommand(),
			env.importCommand(),
			env.redactCommand(),
			env.fitCommand(),
			env.conformCommand(),
			env.machineCommand(),
			env.completionCommand(),
		},
		// run converts errors to exit codes.
		ExitErrHandler: func(*cli.Context, error) {},
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				hint := nearest.Hint(name, commandNames(c.App))
				return &usageError{what: fmt.Sprintf("unknown command %q%s", name, hint)}
			}
			return cli.ShowAppHelp(c)
		},
	}
	onUsageError := func(c *cli.Context, err error, _ bool) error {
		return &usageError{command: c.Command.Name, what: flagMistake(c, err)}
	}
	app.OnUsageError = onUsageError
	for _, c := range app.Commands {
		c.OnUsageError = onUsageError
		c.HideHelpCommand = true
	}
	return app
}

// environment is the environment of a command.
type environment struct {
	stdin io.Reader
	out   *printer // results
	err   *printer // everything else
	files *files

	machines []*external.Machine // the machines in other processes, which closeMachines ends
}

func newEnvironment(stdin io.Reader, stdout, stderr io.Writer) *environment {
	env := &environment{
		stdin: stdin, out: newPrinter(stdout), err: newPrinter(stderr),
		files: &files{stdin: stdin, read: make(map[string]place)},
	}
	env.files.onName = env.oneLine
	return env
}

// oneLine makes both streams write a name on one line.
func (env *environment) oneLine(name string) {
	env.out.w.OneLine(name)
	env.err.w.OneLine(name)
}

// version returns the version of the module, or the commit of a build from a checkout.
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

// The errors of the command-line library.
var (
	unknownFlag = regexp.MustCompile(`^flag provided but not defined: --?(.*)$`)
	noValue     = regexp.MustCompile(`^flag needs an argument: --?(.*)$`)
	wrongValue  = regexp.MustCompile(
		`(?s)^invalid (?:boolean )?value "(.*)" for (?:flag )?--?([^ ]*): `)
)

// flagMistake returns the message for an error of the command-line library: which option is wrong,
// and what was expected.
func flagMistake(c *cli.Context, err error) string {
	if m := unknownFlag.FindStringSubmatch(err.Error()); m != nil {
		var known []string
		for _, f := range c.Command.Flags {
			known = append(known, f.Names()...)
		}
		hint := strings.Replace(nearest.Hint(m[1], known), `"`, `"--`, 1)
		return fmt.Sprintf("unknown option --%s%s", m[1], hint)
	}
	if m := noValue.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Sprintf("%s: expected a value after it", dashed(m[1]))
	}
	m := wrongValue.FindStringSubmatch(err.Error())
	if m == nil {
		return err.Error()
	}
	expected := "a whole number"
	for _, f := range c.Command.Flags {
		if !slices.Contains(f.Names(), m[2]) {
			continue
		}
		switch f.(type) {
		case *cli.DurationFlag:
			expected = "a time such as 90s or 1h30m"
		case *cli.BoolFlag:
			expected = "true, false or nothing"
		}
	}
	return fmt.Sprintf("%s %s: expected %s", dashed(m[2]), m[1], expected)
}

func dashed(flag string) string { return "--"[:min(2, len(flag))] + flag }

// flagsFirst moves the options of a command before its arguments, because the command-line library
// stops reading options at the first argument. It does not change what follows "--".
func flagsFirst(app *cli.App, args []string) []string {
	// The option with which a shell requests completions must stay at the end.
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
			// With an argument, the library would show the help of a subcommand.
			return []string{args[0], args[1], "--help"}
		}
		if !takesValue[name] {
			continue
		}
		if i++; i == len(args) {
			return append(args[:2:2], flags...) // the value is missing: do not pass an argument as it
		}
		flags = append(flags, args[i])
	}
	out := append([]string{args[0], args[1]}, flags...)
	if len(rest) > 0 {
		out = append(out, "--")
	}
	return append(out, rest...)
}
