package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	trace := filepath.Join(dir, "t.ndjson")
	if code, _, errs := inProcess(t, "run", "failure-under-rfc0008", "-o", trace); code != exitHolds {
		t.Fatal(errs)
	}
	stuck := filepath.Join(dir, "stuck.yaml")
	text := "channels: [{name: s, waves: [{hosts: 1}]}]\n" +
		"timeline: [{at: 0s, channel: s, ref: a}]\n" +
		"fates: [{host: s-01, fate: never-answers}]\n"
	if err := os.WriteFile(stuck, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		args string
		want int
	}{
		{"", exitHolds},
		{"--help", exitHolds},
		{"--version", exitHolds},
		{"run --help", exitHolds},
		{"run one-wave-converges -h", exitHolds},
		{"replay " + trace, exitHolds},
		{"replay --machine v0.2 " + trace, exitDiffers},
		{"replay " + trace + " --machine v0.2", exitDiffers},
		{"run " + stuck, exitDiffers},
		{"run " + stuck + " --until 5", exitHolds},
		{"conform --machine rfc0008 ../../suite/conform/testdata/cells.ndjson.gz", exitDiffers},
		{"check " + stuck, exitDiffers},
		{"run", exitUsage},
		{"run a b", exitUsage},
		{"run nowhere.yaml", exitUsage},
		{"run -- --odd", exitUsage},
		{"nonsense", exitUsage},
		{"--nonsense", exitUsage},
		{"check --jobs 0", exitUsage},
		{"check --jobs many", exitUsage},
		{"check " + trace, exitUsage},
		{"replay", exitUsage},
		{"replay " + stuck, exitUsage},
		{"conform", exitUsage},
		{"machine nope", exitUsage},
		{"machine --format nope", exitUsage},
		{"features nowhere.feature", exitUsage},
		{"features ../../features --tags @nobody", exitUsage},
		{"features ../../features --format nope", exitUsage},
		{"completion", exitUsage},
		{"lint ../../features ../../scenarios", exitHolds},
		{"lint --explain RS002", exitHolds},
		{"lint --rules", exitHolds},
		{"fmt --check ../../features ../../scenarios", exitHolds},
		{"fmt nowhere.feature", exitUsage},
		{"fmt ../../features/failure/halt.feature:3", exitUsage},
		{"fmt", exitUsage},
		{"lint " + stuck, exitDiffers},
		{"lint " + stuck + " --disable RS102 --disable no-golden", exitHolds},
		{"lint " + trace, exitUsage},
		{"lint nowhere.feature", exitUsage},
		{"lint --explain RS999", exitUsage},
		{"lint --disable nothing", exitUsage},
		{"lint --format nope", exitUsage},
		{"lint --rules --format nope", exitUsage},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			code, out, errs := inProcess(t, strings.Fields(tt.args)...)
			if code != tt.want {
				t.Errorf("exit %d, want %d\n%s%s", code, tt.want, out, errs)
			}
			if code == exitUsage && !strings.HasPrefix(errs, "rollsim: ") {
				t.Errorf("standard error does not start with rollsim: %q", errs)
			}
		})
	}
}

func TestHelpShowsAnExample(t *testing.T) {
	for _, c := range newEnvironment(nil, nil, nil).newApp().Commands {
		code, out, _ := inProcess(t, c.Name, "--help")
		_, example, _ := strings.Cut(out, "Example")
		if code != exitHolds || !strings.Contains(example, "rollsim "+c.Name) {
			t.Errorf("%s --help: exit %d\n%s", c.Name, code, out)
		}
	}
}

func TestCompletion(t *testing.T) {
	for shell, want := range map[string]string{
		"bash": "_rollsim rollsim\n", "zsh": "compdef _rollsim rollsim\n", "fish": "complete -c rollsim ",
	} {
		code, out, _ := inProcess(t, "completion", shell)
		if code != exitHolds || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, want %q in %q", shell, code, want, out)
		}
	}
}
