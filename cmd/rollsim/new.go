package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"rollsim"
	"rollsim/internal/shell"
	"rollsim/internal/starter"
	"rollsim/report"
	"rollsim/scenario"
	"rollsim/suite/check"
)

func (env *environment) newCommand() *cli.Command {
	return &cli.Command{
		Name:      "new",
		Usage:     "write a first feature or scenario, which passes, or the settings of an editor",
		ArgsUsage: "feature NAME|scenario NAME|vscode",
		Description: "The file is NAME.feature or NAME.yaml in the current directory, with comments\n" +
			"that explain it. A scenario also gets its golden, and schema.json in its\n" +
			"folder, with which editors complete its fields. rollsim replaces files only\n" +
			"with --force.\n" +
			"With vscode, rollsim writes the folder .vscode, with which Visual Studio Code\n" +
			"completes features and scenarios.\n\n" +
			"Examples: rollsim new feature failing-canary\n" +
			"          rollsim new scenario failing-canary -o scenarios/failing-canary.yaml",
		Flags: []cli.Flag{
			&cli.StringFlag{
				Name:    "output",
				Aliases: []string{"o"},
				Usage:   "write to `FILE`; - writes only the feature or scenario to standard output",
			},
			forceFlag("files"),
		},
		Action: env.new,
	}
}

// forceFlag allows a command to replace files.
func forceFlag(things string) cli.Flag {
	return &cli.BoolFlag{Name: "force", Usage: "replace " + things + " if they exist"}
}

func (env *environment) new(c *cli.Context) error {
	if c.NArg() == 1 && c.Args().First() == "vscode" {
		return env.newEditor(c.Bool("force"))
	}
	if c.NArg() != 2 {
		return usage(c, "expected feature or scenario and a name, or vscode")
	}
	kind, name := c.Args().Get(0), c.Args().Get(1)
	var ext string
	switch kind {
	case "feature":
		ext = ".feature"
	case "scenario":
		ext = ".yaml"
	default:
		return usage(c, "unknown kind %q: expected feature, scenario or vscode", kind)
	}
	// A name of several words becomes the name of a file.
	name = strings.Join(strings.Fields(strings.TrimSuffix(name, ext)), "-")
	if err := starter.CheckName(name); err != nil {
		return usage(c, "%v", err)
	}
	output := name + ext
	if c.IsSet("output") {
		output = c.String("output")
	}
	if output != "-" && filepath.Ext(output) != ext {
		return usage(c, "-o %s: expected a name that ends in %s, or -", output, ext)
	}
	if kind == "feature" {
		return env.newFiles(c.Bool("force"), "rollsim features "+shell.Join(output),
			bytesFile(output, []byte(starter.Feature(name))))
	}
	text := []byte(starter.Scenario(name))
	if output == "-" {
		return env.newFiles(c.Bool("force"), "", bytesFile(output, text))
	}
	path := filepath.ToSlash(output)
	file, err := scenario.Parse(path, text)
	if err != nil {
		return err
	}
	rec, err := file.Record()
	if err != nil {
		return err
	}
	files := []newFile{
		bytesFile(filepath.FromSlash(check.GoldenPath(path)), rec.Text), bytesFile(output, text),
	}
	schema := filepath.Join(filepath.Dir(output), "schema.json")
	if _, err := os.Stat(schema); errors.Is(err, fs.ErrNotExist) {
		text, err := fs.ReadFile(rollsim.Library, "scenarios/schema.json")
		if err != nil {
			return err
		}
		files = append(files, bytesFile(schema, text))
	}
	return env.newFiles(c.Bool("force"), "rollsim check "+shell.Join(output), files...)
}

// expectNone returns an error if one of the files exists.
func expectNone(names ...string) error {
	for _, name := range names {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s exists; --force replaces it", name)
		}
	}
	return nil
}

// writeNew writes files, all or none, and creates their folders.
func (env *environment) writeNew(files ...newFile) error {
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil {
			return err
		}
	}
	return env.writeAll(files...)
}

// newFiles writes and lists files, and prints the next command. Without replace, no file is written
// if one of them exists.
func (env *environment) newFiles(replace bool, next string, files ...newFile) error {
	for _, f := range files {
		if f.name == "-" || replace {
			continue
		}
		if err := expectNone(f.name); err != nil {
			return err
		}
	}
	if err := env.writeNew(files...); err != nil {
		return err
	}
	for _, f := range files {
		if f.name != "-" {
			env.out.printf("%s\n", f.name)
		}
	}
	if next != "" && files[0].name != "-" {
		env.out.printf("next: %s\n", next)
	}
	return nil
}

// newEditor writes the settings of Visual Studio Code into the current folder. It always replaces
// the schema, because users do not edit it.
func (env *environment) newEditor(replace bool) error {
	schema, err := fs.ReadFile(rollsim.Library, "scenarios/schema.json")
	if err != nil {
		return err
	}
	language, err := env.language()
	if err != nil {
		return err
	}
	var files []newFile
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"steps.go", func(w io.Writer) error {
			return report.EditorSteps(w, language.Sentences(""))
		}},
		{"settings.json", func(w io.Writer) error {
			return report.EditorSettings(w, language.EditorTypes())
		}},
		{"extensions.json", report.EditorExtensions},
		{"tasks.json", report.EditorTasks},
	} {
		var b bytes.Buffer
		if err := f.write(&b); err != nil {
			return err
		}
		files = append(files, bytesFile(filepath.Join(".vscode", f.name), b.Bytes()))
	}
	if err := env.newFiles(replace, "", files...); err != nil {
		return err
	}
	return env.newFiles(true, "", bytesFile(filepath.Join("scenarios", "schema.json"), schema))
}
