package platforms_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// TestPlatforms checks that the command compiles for other systems. Linux on amd64 is where the
// tests run, and .ci/determinism compiles for arm64.
func TestPlatforms(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	all := newSources()
	for _, platform := range []string{"darwin/arm64", "windows/amd64", "linux/386"} {
		t.Run(platform, func(t *testing.T) {
			packages, problems := all.check(t, "../../cmd/rollsim", platform)
			if packages < 200 {
				t.Errorf("checked %d packages, want at least 200", packages)
			}
			if len(problems) > 0 {
				t.Errorf("cmd/rollsim does not compile:\n%s", strings.Join(problems, "\n"))
			}
		})
	}
}

// TestRefuses checks that files which compile for one system only are refused for others.
func TestRefuses(t *testing.T) {
	const uses = "package main\n\nfunc main() { f() }\n"
	for _, tt := range []struct {
		name, platform, want string
		files                map[string]string
	}{
		{"same everywhere", "windows/amd64", "", map[string]string{
			"a.go": "package main\n\nfunc main() {}\n",
		}},
		{"for this system", "linux/amd64", "", map[string]string{
			"a.go": uses, "f_linux.go": "package main\n\nfunc f() {}\n",
		}},
		{"for another system", "darwin/arm64", "a.go:3:15: undefined: f", map[string]string{
			"a.go": uses, "f_linux.go": "package main\n\nfunc f() {}\n",
		}},
		{"twice", "windows/amd64", "f redeclared in this block", map[string]string{
			"a.go": uses + "\nfunc f() {}\n", "f_windows.go": "package main\n\nfunc f() {}\n",
		}},
		{"unused import", "windows/amd64", `"unsafe" imported and not used`, map[string]string{
			"a.go": uses, "f_windows.go": "package main\n\nimport \"unsafe\"\n\nfunc f() {}\n",
		}},
		{"number of 64 bits", "linux/386", "overflows", map[string]string{
			"a.go": "package main\n\nvar n int = 1 << 40\n\nfunc main() { _ = n }\n",
		}},
		{"no body", "windows/amd64", "f has no body", map[string]string{
			"a.go": uses, "f_windows.go": "package main\n\nfunc f()\n",
		}},
		{"no file", "windows/amd64", "build constraints exclude all Go files", map[string]string{
			"a_linux.go": "package main\n\nfunc main() {}\n",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tt.files["go.mod"] = "module rollsim\n\ngo 1.26\n"
			for name, text := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, problems := newSources().check(t, dir, tt.platform)
			got := strings.Join(problems, "\n")
			if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// listed is a package as "go list" describes it.
type listed struct {
	ImportPath, Dir string
	Module          *struct{ Main bool }
	GoFiles         []string
	ImportMap       map[string]string
	Error           *struct{ Err string }
}

// check checks the types of a package and of all that it imports, as its compiler for a platform
// does. It returns the number of packages and what is wrong with them. Functions of other modules
// and of the standard library are checked without their bodies.
func (all *sources) check(t *testing.T, dir, platform string) (packages int, problems []string) {
	t.Helper()
	goos, goarch, _ := strings.Cut(platform, "/")
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps",
		"-json=ImportPath,Dir,Module,GoFiles,ImportMap,Error", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	c := &checker{goarch: goarch, parsed: all, done: make(map[string]*types.Package)}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; packages++ {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages, c.problems
		} else if err != nil {
			t.Fatal(err)
		}
		c.add(&p) // those that it imports came before
	}
}

// sources are the files that are parsed, most of them once for several platforms.
type sources struct {
	fset  *token.FileSet
	files map[string]*ast.File
}

func newSources() *sources { return &sources{token.NewFileSet(), make(map[string]*ast.File)} }

func (all *sources) parse(name string) (*ast.File, error) {
	if f := all.files[name]; f != nil {
		return f, nil
	}
	f, err := parser.ParseFile(all.fset, name, nil, parser.SkipObjectResolution)
	all.files[name] = f
	return f, err
}

// checker checks packages in an order in which each comes after its imports.
type checker struct {
	goarch   string
	parsed   *sources
	done     map[string]*types.Package
	problems []string
}

func (c *checker) add(p *listed) {
	if p.ImportPath == "unsafe" {
		c.done[p.ImportPath] = types.Unsafe
		return
	}
	if p.Error != nil {
		c.problems = append(c.problems, p.Error.Err)
		return
	}
	own := p.Module != nil && p.Module.Main
	var files []*ast.File
	for _, name := range p.GoFiles {
		f, err := c.parsed.parse(filepath.Join(p.Dir, name))
		if err != nil {
			c.problems = append(c.problems, err.Error())
			return
		}
		files = append(files, f)
		if own {
			c.bodies(f)
		}
	}
	conf := types.Config{
		IgnoreFuncBodies: !own,
		Sizes:            types.SizesFor("gc", c.goarch),
		Importer: importer(func(path string) (*types.Package, error) {
			return c.imported(p, path)
		}),
		Error: func(err error) {
			// An import that only bodies use is reported, too, as a soft error.
			if e := (types.Error{}); own || !errors.As(err, &e) || !e.Soft {
				c.problems = append(c.problems, err.Error())
			}
		},
	}
	c.done[p.ImportPath], _ = conf.Check(p.ImportPath, c.parsed.fset, files, nil)
}

// bodies reports functions without a body.
func (c *checker) bodies(f *ast.File) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body == nil {
			at := c.parsed.fset.Position(fn.Pos())
			c.problems = append(c.problems, fmt.Sprintf("%s: func %s has no body", at, fn.Name.Name))
		}
	}
}

// imported returns the package that p imports by a path.
func (c *checker) imported(p *listed, path string) (*types.Package, error) {
	if real, mapped := p.ImportMap[path]; mapped {
		path = real // a vendored one
	}
	if found := c.done[path]; found != nil {
		return found, nil
	}
	return nil, fmt.Errorf("%s is not checked", path)
}

type importer func(path string) (*types.Package, error)

func (i importer) Import(path string) (*types.Package, error) { return i(path) }
