package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module is a small module. Its test notices one mutant of each file, its check another.
var module = map[string]string{
	"go.mod": "module m\n\ngo 1.26\n",
	"a/a.go": "package a\n\nfunc Small(n int) bool { return n < 10 }\n",
	"a/a_test.go": `package a

import "testing"

func TestSmall(t *testing.T) {
	if Small(10) {
		t.Error("10 is small")
	}
}
`,
	"b/b.go": "package b\n\nfunc Large(n int) bool { return n > 10 }\n",
	"cmd/rollsim/main.go": `package main

import (
	"m/b"
	"os"
)

func main() {
	if len(os.Args) != 2 || os.Args[1] != "check" || b.Large(10) {
		os.Exit(1)
	}
}
`,
	"c/c.go": `package c

func One(n int) bool { return n == 1 }

func endless(s string) { endless(s) }
`,
}

// write makes the module in a temporary folder, with other text for some files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, set := range []map[string]string{module, files} {
		for name, text := range set {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// mutants runs the program in a module.
func mutants(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var out, message bytes.Buffer
	code = run(context.Background(), append([]string{"-root", dir}, args...), &out, &message)
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v is left in the temporary folder (%v)", left, err)
	}
	return code, out.String(), message.String()
}

// TestStages checks which stage kills a mutant, and that no file of the module changes.
func TestStages(t *testing.T) {
	dir := write(t, nil)
	for _, test := range []struct {
		pkg, want string
		code      int
	}{
		{"./a", "killed by tests  a/a.go:3: boundary: n < 10 becomes n <= 10", 0},
		{"./b", "killed by check  b/b.go:3: boundary: n > 10 becomes n >= 10", 0},
		{"./c", "SURVIVED         c/c.go:3: negation: n == 1 becomes n != 1", 1},
	} {
		code, stdout, stderr := mutants(t, dir, "-packages", test.pkg, "-n", "1")
		first, _, _ := strings.Cut(stdout, "\n")
		if code != test.code || first != "  1/1 "+test.want || stderr != "" {
			t.Errorf("%s: exit code %d, %q\n%s", test.pkg, code, stdout, stderr)
		}
		survivors := strings.Contains(stdout, "\nsurvived:\nc/c.go:3: negation")
		if survivors != (test.code == 1) {
			t.Errorf("%s: the survivors are wrong:\n%s", test.pkg, stdout)
		}
	}
	for name, want := range module {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("%s is %q (%v), want %q", name, got, err, want)
		}
	}
}

// TestAll checks that all mutants are tested if there are fewer than wanted, and those that do not
// compile are not counted.
func TestAll(t *testing.T) {
	dir := write(t, nil)
	args := []string{"-packages", "./a,./c", "-n", "100", "-seed", "7"}
	code, first, stderr := mutants(t, dir, args...)
	// a: <=, 11, 9. c: !=, 2, 0, the missing call. Without a return, neither compiles.
	want := "seed 7: 2 killed by tests, 0 by check, 5 survived\n"
	if code != 1 || !strings.HasSuffix(first, want) || !strings.Contains(first, "only 7 mutants") {
		t.Errorf("exit code %d, want 1 and %q:\n%s%s", code, want, first, stderr)
	}
	if _, second, _ := mutants(t, dir, args...); second != first {
		t.Errorf("the second run differs:\n%s\n%s", first, second)
	}
}

// TestSkip continues a sample after two mutants.
func TestSkip(t *testing.T) {
	dir := write(t, nil)
	args := []string{"-packages", "./a,./c", "-n", "4", "-seed", "7"}
	_, whole, _ := mutants(t, dir, args...)
	_, rest, stderr := mutants(t, dir, append(args, "-skip", "2")...)
	lines := strings.SplitAfter(whole, "\n")
	if want := lines[2] + lines[3]; !strings.HasPrefix(rest, want) {
		t.Errorf("without the first two:\n%s%s\nwant\n%s", rest, stderr, want)
	}
}

// TestTimeout checks that a mutant that never ends is killed.
func TestTimeout(t *testing.T) {
	dir := write(t, map[string]string{
		"a/a.go":      "package a\n\nfunc Small(n int) {\n\tfor n > 90 {\n\t\tn--\n\t}\n}\n",
		"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc TestSmall(t *testing.T) { Small(91) }\n",
	})
	code, stdout, stderr := mutants(t, dir, "-packages", "./a", "-n", "100", "-timeout", "1s")
	if code != 1 || !strings.Contains(stdout, "killed by tests  a/a.go:5: dropped: n-- is missing") {
		t.Errorf("exit code %d:\n%s%s", code, stdout, stderr)
	}
}

// TestRefuse checks that nothing runs without something to test.
func TestRefuse(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		args  []string
		want  string
	}{
		{"argument", nil, []string{"./a"}, `unexpected argument "./a"`},
		{"count", nil, []string{"-n", "0"}, "-n 0: want at least 1 mutant"},
		{"all skipped", nil, []string{"-n", "3", "-skip", "3"}, "-skip 3: want at least 0 and less"},
		{"limit", nil, []string{"-timeout", "0"}, "-timeout 0s: want more than 0"},
		{"flag", nil, []string{"-N", "1"}, "flag provided but not defined: -N"},
		{"root", nil, []string{"-root", "no"}, "-root: "},
		{"package", nil, []string{"-packages", "./d"}, "go list: "},
		{"tests only", map[string]string{"d/d_test.go": "package d\n"}, []string{"-packages", "./d"},
			"no package with Go files matches ./d"},
		{"a broken test", map[string]string{"c/c_test.go": "package c\n\nimport \"testing\"\n\n" +
			"func TestC(t *testing.T) { t.Error(\"broken\") }\n"}, []string{"-packages", "./c"},
			"without a mutant: "},
		{"a broken check", map[string]string{"b/b.go": "package b\n\n" +
			"func Large(n int) bool { return true }\n"}, []string{"-packages", "./a"},
			"without a mutant: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := mutants(t, write(t, test.files), test.args...)
			if code != 2 || stdout != "" || !strings.Contains(stderr, test.want) {
				t.Errorf("exit code %d, %q, %q; want 2 and %q", code, stdout, stderr, test.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	code, stdout, stderr := mutants(t, "", "-h")
	if code != 0 || stdout != "" || !strings.Contains(stderr, "-seed") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

// TestInterrupt checks that an interrupted run ends with an error.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, message bytes.Buffer
	code := run(ctx, []string{"-root", write(t, nil)}, &out, &message)
	if code != 2 || out.Len() > 0 || !strings.Contains(message.String(), "context canceled") {
		t.Errorf("exit code %d, %q, %q", code, &out, &message)
	}
}
