package enum_test

import (
	"encoding/json"
	"errors"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlaces checks that every switch and every table over an enumeration has all its values, and
// that no array is sized by one of them. A failure names each place to extend.
func TestPlaces(t *testing.T) {
	m, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.enums) < 20 {
		t.Errorf("found %d enumerations: %v", len(m.enums), m.enums)
	}
	if all := m.problems(); len(all) > 0 {
		t.Errorf("%d places are incomplete:\n%s", len(all), strings.Join(all, "\n"))
	}
}

// growth is an enumeration with one more value, and the places that the value makes incomplete.
type growth struct {
	path, end, value string
	printed          string   // what String returns for the value while it has no name
	classed          bool     // coverage has a table over the enumeration
	places           []string // the beginnings of their paths
}

var growths = []growth{
	{
		"reducer/vocabulary.go", "stateEnd", "Paused", "State(9)", false,
		[]string{"reducer/vocabulary.go", "reducer/tables.go", "logs/replay/", "story/"},
	},
	{
		"reducer/vocabulary.go", "hostStateEnd", "HostPaused", "HostState(8)", false,
		[]string{"reducer/vocabulary.go", "reducer/host.go", "suite/coverage/", "story/"},
	},
	{
		"reducer/vocabulary.go", "eventEnd", "RolloutPaused", "EventKind(9)", true,
		[]string{"reducer/vocabulary.go", "reducer/fleet.go", "suite/coverage/", "trace/"},
	},
	{
		"reducer/vocabulary.go", "effectEnd", "PauseRollout", "EffectKind(5)", true,
		[]string{"reducer/vocabulary.go", "reducer/capability.go", "suite/coverage/", "trace/"},
	},
	{
		"reducer/host.go", "agentEventEnd", "ActivationPaused", "AgentEventKind(13)", false,
		[]string{"reducer/host.go", "trace/"},
	},
	{
		"reducer/machine.go", "conditionEnd", "WaveLevel", "Condition(6)", false,
		[]string{"reducer/machine.go", "suite/coverage/"},
	},
	{"sim/fault.go", "faultEnd", "PollDelayed", "FaultKind(12)", false, []string{"sim/fault.go"}},
}

// TestOneMore adds a value to an enumeration, and checks that problems names the places that lack
// it.
func TestOneMore(t *testing.T) {
	m, err := load()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range growths {
		t.Run(g.value, func(t *testing.T) {
			text, err := withValue(g.path, g.end, g.value)
			if err != nil {
				t.Fatal(err)
			}
			larger, err := m.with(g.path, text)
			if err != nil {
				t.Fatal(err)
			}
			all := "\n" + strings.Join(larger.problems(), "\n")
			for _, place := range g.places {
				if !strings.Contains(all, "\n"+place) {
					t.Errorf("%s is not named:\n%s", place, all)
				}
			}
			if !strings.Contains(all, g.value) {
				t.Errorf("%s is not named:\n%s", g.value, all)
			}
		})
	}
}

// TestOneMoreRuns tests reducer and coverage with one more value in each of two enumerations. Their
// TestEnumerations must fail if they lack one, must name it, and must not panic.
func TestOneMoreRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	for _, larger := range [][]growth{growths[:2], growths[2:4]} {
		t.Run(larger[0].value+","+larger[1].value, func(t *testing.T) {
			of := runEnumerations(t, larger)
			for _, g := range larger {
				for pkg, out := range of {
					if strings.Contains(out, "panic") {
						t.Fatalf("a panic:\n%s", out)
					}
					fails := strings.Contains(out, "FAIL\t"+modulePath+"/"+pkg)
					if want := pkg == "reducer" || g.classed; fails != want {
						t.Errorf("%s fails: %v, want %v\n%s", pkg, fails, want, out)
					}
					if fails && !strings.Contains(out, g.printed) {
						t.Errorf("%s does not name %s:\n%s", pkg, g.printed, out)
					}
				}
			}
		})
	}
}

// runEnumerations returns the output of the tests of each package, with one more value before the
// end of some enumerations of one file.
func runEnumerations(t *testing.T, larger []growth) map[string]string {
	t.Helper()
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	path := larger[0].path
	text, err := os.ReadFile(filepath.Join(root, path))
	for _, g := range larger {
		if err == nil {
			text, err = addValue(text, path, g.end, g.value)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	replace := map[string]map[string]string{
		"Replace": {filepath.Join(top, filepath.FromSlash(path)): changed},
	}
	list, err := json.Marshal(replace)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.WriteFile(changed, text, 0o600), os.WriteFile(overlay, list, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	of := make(map[string]string)
	for _, pkg := range []string{"reducer", "suite/coverage"} {
		cmd := exec.CommandContext(t.Context(), "go", "test", "-vet=off", "-overlay="+overlay,
			"-run=^TestEnumerations$", "./"+pkg)
		cmd.Dir = top
		out, err := cmd.CombinedOutput()
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Skip(err) // no go command
		}
		of[pkg] = string(out)
	}
	return of
}

// TestProblems checks good and bad uses of one enumeration.
func TestProblems(t *testing.T) {
	const enum = `package p
type Colour uint8
const (
	Red Colour = 1 + iota
	Green
	colourEnd
)
const ColourCount = int(colourEnd)
`
	const (
		inSwitch = "the switch over p.Colour has no Green"
		inTable  = "the table over p.Colour has no Green"
	)
	for use, want := range map[string]string{
		`func f(c Colour) { switch c { case Red, Green: } }`:       "",
		`func f(c Colour) { switch c { case Red: } }`:              inSwitch,
		`func f(c Colour) { switch c { case Red: default: } }`:     inSwitch,
		`func f(c Colour) { switch { case c == Red: } }`:           "",
		`var a = [ColourCount]int{Red: 1, Green: 2}`:               "",
		`var a = [colourEnd]int{Green: 2}`:                         "the table over p.Colour has no Red",
		`var a = [ColourCount]string{"", "red", "green"}`:          "",
		`var a = [ColourCount]string{"", "red"}`:                   inTable,
		`var a = [ColourCount]string{1: "red", "green"}`:           "",
		`var a [ColourCount]string`:                                "",
		`var a = map[Colour]string{Red: ""}`:                       inTable,
		`var a = make(map[Colour]string)`:                          "",
		`type T [ColourCount]int; var a = T{Red: 1}`:               inTable,
		`var a [Green + 1]int`:                                     "the array ends with Green",
		`import "q"; func f(c q.C) { switch c { case q.Red: } }`:   "",
		`import q "rollsim/p"; var a = map[q.Colour]int{q.Red: 1}`: inTable,
	} {
		m := &module{fset: token.NewFileSet()}
		err := errors.Join(m.add("p/enum.go", []byte(enum)), m.add("p/use.go", []byte("package p\n"+use)))
		if err != nil {
			t.Fatalf("%s: %v", use, err)
		}
		m.collect()
		got := strings.Join(m.problems(), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", use, got, want)
		}
	}
}
