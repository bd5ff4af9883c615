package lint_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// source has a line for each thing that the deterministic core must not do, marked as refused, and
// its twin that is allowed.
const source = `package room

import (
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

type names map[string]int

func core(m map[string]int, named names, list []int, in chan int, f func()) {
	for range m { // refused
	}
	for range named { // refused
	}
	for k := range m { // refused
		_ = k
	}
	for k, v := range m { // refused
		_, _ = k, v
	}
	var k string
	for k = range m { // refused
	}
	_ = k
	for i := range list {
		_ = i
	}
	for i, v := range list {
		_, _ = i, v
	}
	for range 3 {
	}
	go f() // refused
	f()
	select { // refused
	case <-in:
	default:
	}
	<-in
	_ = time.Now()              // refused
	_ = time.Since(time.Time{}) // refused
	time.Sleep(time.Second)     // refused
	_ = time.Unix(0, 0)
	_ = os.Getenv("HOME") // refused
	_ = rand.IntN(3)      // refused
	_ = rand.New(rand.NewPCG(1, 2)).IntN(3)
	var mu sync.Mutex // refused
	_ = &mu
}
`

// TestRules runs the linter on code that breaks each rule for the deterministic core: in its rooms
// every line is refused, elsewhere none.
func TestRules(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the linter")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	where := exec.Command("go", "tool", "-modfile=tools/go.mod", "-n", "golangci-lint")
	where.Dir = root
	linter, err := where.Output()
	if err != nil {
		t.Skipf("the linter cannot be built: %v", err)
	}
	dir := t.TempDir()
	rooms := []string{"controlplane", "reducer", "report", "sim"}
	files := make(map[string]string)
	for _, name := range []string{"go.mod", "go.sum"} { // the rules import a package
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	for _, room := range rooms {
		files[room+"/room.go"] = source
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command(strings.TrimSpace(string(linter)), "run", "--allow-parallel-runners",
		"--config", filepath.Join(root, ".golangci.yml"), "--enable-only", "forbidigo,gocritic",
		"--output.text.print-issued-lines=false", "./...")
	run.Dir = dir
	out, _ := run.CombinedOutput() // it fails because of the findings
	found := make(map[string]bool)
	for line := range strings.Lines(string(out)) {
		if place := strings.SplitN(line, ":", 3); len(place) == 3 {
			path := strings.Split(filepath.ToSlash(place[0]), "/")
			found[strings.Join(path[max(0, len(path)-2):], "/")+":"+place[1]] = true
		}
	}
	for _, room := range rooms {
		for n, line := range slices.Collect(strings.Lines(source)) {
			want := room != "report" && strings.HasSuffix(line, "// refused\n")
			if place := fmt.Sprintf("%s/room.go:%d", room, n+1); found[place] != want {
				t.Errorf("%s is refused: %v: %s", place, found[place], line)
			}
		}
	}
	if t.Failed() {
		t.Logf("the linter reports\n%s", out)
	}
}
