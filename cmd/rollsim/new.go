package main

import (
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
		Name: "new",
		Usage: "write a feature or a scenario to begin with, which passes; or the settings of an " +
			"editor",
		ArgsUsage: "feature NAME|scenario NAME|vscode",
		Description: "The file is NAME.feature or NAME.yaml in the current directory, with comments " +
			"that say what is what. A scenario comes\n" +
			"with its golden, and with schema.json beside it, so that editors complete its fields. " +
			"Nothing is overwritten without --force.\n" +
			"With vscode, the folder .vscode gets what Visual Studio Code needs to complete features and " +
			"scenarios.\n\n" +
			"Examples: rollsim new feature failing-canary\n" +
			"          rollsim new scenario failing-canary -o scenarios/failing-canary.yaml",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `FILE`; - prints " +
				"the file alone to standard output"},
			&cli.BoolFlag{Name: "force", Usage: "replace what is there already"},
		},
		Action: env.new,
	}
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
		return usage(c, "there is no new %s: expected feature, scenario or vscode", kind)
	}
	name = strings.TrimSuffix(name, ext)
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
		return env.newFiles(
			c.Bool("force"), "rollsim features "+shell.Join(output), newFile{output, starter.Feature(name)},
		)
	}
	text := starter.Scenario(name)
	if output == "-" {
		return env.newFiles(c.Bool("force"), "", newFile{output, text})
	}
	path := filepath.ToSlash(output)
	file, err := scenario.Parse(path, []byte(text))
	if err != nil {
		return err
	}
	rec, err := file.Record()
	if err != nil {
		return err
	}
	made := []newFile{{filepath.FromSlash(check.GoldenPath(path)), string(rec.Text)}, {output, text}}
	schema := filepath.Join(filepath.Dir(output), "schema.json")
	if _, err := os.Stat(schema); errors.Is(err, fs.ErrNotExist) {
		text, err := fs.ReadFile(rollsim.Library, "scenarios/schema.json")
		if err != nil {
			return err
		}
		made = append(made, newFile{schema, string(text)})
	}
	return env.newFiles(c.Bool("force"), "rollsim check "+shell.Join(output), made...)
}

type newFile struct{ name, text string }

// newFiles writes files, of which none may be there yet unless they are to be replaced. next is
// what to type then.
func (env *environment) newFiles(replace bool, next string, files ...newFile) error {
	for _, f := range files {
		if _, err := os.Lstat(f.name); f.name != "-" && !replace && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s is there already, and is left as it is; --force replaces it", f.name)
		}
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.name), 0o755); err != nil {
			return err
		}
		if err := env.writeFile(f.name, func(w io.Writer) error { _, err := io.WriteString(w, f.text); return err }); err != nil {
			return err
		}
		if f.name != "-" {
			env.out.printf("%s\n", f.name)
		}
	}
	if next != "" && files[0].name != "-" {
		env.out.printf("next: %s\n", next)
	}
	return nil
}

// newEditor writes the settings of Visual Studio Code into the current folder. The schema, which
// nobody changes, is brought up to date where it is there already.
func (env *environment) newEditor(replace bool) error {
	schema, err := fs.ReadFile(rollsim.Library, "scenarios/schema.json")
	if err != nil {
		return err
	}
	var files []newFile
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"steps.go", report.EditorSteps},
		{"settings.json", report.EditorSettings},
		{"extensions.json", report.EditorExtensions},
		{"tasks.json", report.EditorTasks},
	} {
		var b strings.Builder
		if err := f.write(&b); err != nil {
			return err
		}
		files = append(files, newFile{filepath.Join(".vscode", f.name), b.String()})
	}
	if err := env.newFiles(replace, "", files...); err != nil {
		return err
	}
	return env.newFiles(true, "", newFile{filepath.Join("scenarios", "schema.json"), string(schema)})
}
