package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(inUTC{m}, map[string]func(){"rollsim": main, "broken-machine": brokenMachine})
}

// inUTC runs the tests of this process in one time zone, with lines of one width. The commands of
// scripts are processes of their own.
type inUTC struct{ m *testing.M }

func (t inUTC) Run() int {
	os.Setenv("TZ", "UTC")
	os.Unsetenv("COLUMNS")
	return t.m.Run()
}

// TestScripts runs every script in testdata/script in a folder of its own.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("ROOT", root)
			env.Setenv("TZ", "UTC")
			env.Setenv("PATH", withoutGo(env.Getenv("PATH")))
			return nil
		},
	})
}

// withoutGo removes the folder of the Go tools from a search path: godog runs "go env" whenever a
// process begins, which takes longer than most commands of the scripts. A folder that has other
// programs, too, stays.
func withoutGo(path string) string {
	has := func(dir, program string) bool {
		_, err := os.Stat(filepath.Join(dir, program))
		return err == nil
	}
	dirs := slices.DeleteFunc(filepath.SplitList(path), func(dir string) bool {
		return has(dir, "go") && !has(dir, "sh")
	})
	return strings.Join(dirs, string(os.PathListSeparator))
}

// inProcess runs the program in this process.
func inProcess(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(append([]string{"rollsim"}, args...), strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// TestReplayOfChangedTrace removes, repeats and changes every line of a simulated trace except the
// first and the last: replay must fail and name the entry.
func TestReplayOfChangedTrace(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "t.ndjson")
	if code, _, errs := inProcess(t, "run", "failure-under-rfc0008", "-o", file); code != 0 {
		t.Fatal(errs)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	lines = lines[:len(lines)-1]
	number := regexp.MustCompile(`"wave":(\d+)`)
	tampered := filepath.Join(dir, "tampered.ndjson")
	for i := 1; i < len(lines)-1; i++ {
		changed := strings.Replace(lines[i], `"stable@a1"`, `"stable@a9"`, 1)
		if changed == lines[i] {
			changed = strings.Replace(lines[i], `"stable"`, `"staple"`, 1)
		}
		variants := map[string]string{
			"removed": "", "repeated": lines[i] + lines[i], "changed": changed,
		}
		if number.MatchString(lines[i]) {
			variants["another wave"] = number.ReplaceAllString(lines[i], `"wave":7`)
		}
		for what, variant := range variants {
			text := strings.Join(lines[:i], "") + variant + strings.Join(lines[i+1:], "")
			if err := os.WriteFile(tampered, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, errs := inProcess(t, "replay", tampered)
			entry := fmt.Sprintf("entry %d ", i)
			if code != exitDiffers || !strings.Contains(out, entry) {
				t.Errorf("entry %d %s: exit %d\n%s%s", i, what, code, out, errs)
			}
		}
	}
}
