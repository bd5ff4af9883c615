package story

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const suiteExample = "../examples/godogsuite"

// TestSuiteExample tests the module with a suite of its own, and once more with a scenario that
// does not hold.
func TestSuiteExample(t *testing.T) {
	if testing.Short() {
		t.Skip("it links another test binary")
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(suiteExample)); err != nil {
		t.Fatal(err)
	}
	command := func(name string, args ...string) (string, error) {
		c := exec.Command(name, args...)
		c.Dir = dir
		out, err := c.CombinedOutput()
		return string(out), err
	}
	binary := filepath.Join(dir, "suite.test")
	for _, args := range [][]string{
		{"mod", "edit", "-replace=rollsim=" + root},
		{"test", "-c", "-vet=off", "-ldflags=-w", "-o", binary, "."},
	} {
		if out, err := command("go", args...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if out, err := command(binary); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	name := filepath.Join(dir, "features", "change.feature")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.Replace(string(text), `"web@a1" is Terminal`, `"web@a1" is Failed`, 1)
	if err := os.WriteFile(name, []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := command(binary)
	if err == nil || !strings.Contains(out, `expected  "web@a1" is Failed`) ||
		strings.Count(out, "--- FAIL: TestFeatures/") != 1 {
		t.Errorf("one scenario has to fail: %v\n%s", err, out)
	}
}

// TestSuitePage checks that the page shows the end of the example.
func TestSuitePage(t *testing.T) {
	page, err := os.ReadFile("../docs/running-features.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := fs.ReadFile(os.DirFS(suiteExample), "suite_test.go")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindSubmatch(page)
	if block == nil || !strings.HasSuffix(string(source), "\n"+string(block[1])) {
		t.Error("docs/running-features.md does not show the end of the example")
	}
}
