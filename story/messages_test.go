package story

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMessages compares the messages about scenarios that fail with goldens. UPDATE_GOLDENS=1
// rewrites them.
func TestMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.feature")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		var b strings.Builder
		for _, s := range run(t, Options{Paths: []string{filepath.ToSlash(file)}}).Scenarios {
			if s.Status == Passed {
				t.Errorf("%s %s passes", s.Place(), s.Name)
			}
			fmt.Fprintf(&b, "=== %d %s: %v at line %d: %s\n%s\n\n",
				s.Line, s.Name, s.Status, s.StepLine, s.Step, s.Details())
		}
		golden := strings.TrimSuffix(file, ".feature") + ".golden"
		if os.Getenv("UPDATE_GOLDENS") != "" {
			if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		g, w := strings.SplitAfter(b.String(), "\n\n"), strings.SplitAfter(string(want), "\n\n")
		for i := range max(len(g), len(w)) {
			if i >= len(g) || i >= len(w) || g[i] != w[i] {
				t.Errorf("%s differs\ngot\n%s\nwant\n%s", golden, at(g, i), at(w, i))
			}
		}
	}
}

func at(parts []string, i int) string {
	if i >= len(parts) {
		return "nothing"
	}
	return parts[i]
}
