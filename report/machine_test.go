package report_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/report"
)

// sameAsFile compares text with a file of the test data; with UPDATE=1 in the environment it writes
// the file instead.
func sameAsFile(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") == "1" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines := strings.SplitAfter(string(got), "\n")
	wantLines := strings.SplitAfter(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := "", ""
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Fatalf("%s:%d: (UPDATE=1 go test rewrites it)\nwant %s\ngot  %s", path, i+1, w, g)
		}
	}
}

func TestMachine(t *testing.T) {
	for _, m := range machine.Tables() {
		for _, format := range report.MachineFormats() {
			t.Run(m.Name()+"/"+format, func(t *testing.T) {
				var b bytes.Buffer
				if err := report.Machine(&b, m, format); err != nil {
					t.Fatal(err)
				}
				sameAsFile(t, "machine-"+m.Name()+"."+format+".golden", b.Bytes())
			})
		}
	}
}

func TestMachineDiff(t *testing.T) {
	changed := reducer.V02().Cells()
	changed[reducer.Pruned][reducer.HostJoined][0].Do = reducer.Ignore
	tests := []struct {
		name string
		a, b *reducer.Table
	}{
		{"shipped-specified", reducer.V02(), reducer.RFC0008()},
		{"specified-shipped", reducer.RFC0008(), reducer.V02()},
		{"same", reducer.V02(), reducer.V02()},
		{"mutant", reducer.V02(), reducer.NewTable("mutant", changed, false)},
	}
	for _, test := range tests {
		for _, format := range []string{"table", "markdown", "json"} {
			t.Run(test.name+"/"+format, func(t *testing.T) {
				var b bytes.Buffer
				if err := report.MachineDiff(&b, test.a, test.b, format); err != nil {
					t.Fatal(err)
				}
				sameAsFile(t, "machine-diff-"+test.name+"."+format+".golden", b.Bytes())
			})
		}
	}
}

func TestUnknownMachineFormats(t *testing.T) {
	var b bytes.Buffer
	tests := []struct {
		err  error
		want string
	}{
		{
			report.Machine(&b, reducer.V02(), "svg"),
			`unknown format "svg" for a machine: expected table, markdown, mermaid, dot, json`,
		},
		{
			report.MachineDiff(&b, reducer.V02(), reducer.RFC0008(), "dot"),
			`unknown format "dot" for the differences of two machines: expected table, markdown, json`,
		},
	}
	for _, test := range tests {
		if test.err == nil || test.err.Error() != test.want {
			t.Errorf("the error is %v, want %s", test.err, test.want)
		}
	}
	if b.Len() != 0 {
		t.Errorf("something was written: %s", b.String())
	}
}

// broken is a writer whose disk is full.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestMachineReturnsErrorOfWriter(t *testing.T) {
	for _, format := range report.MachineFormats() {
		if err := report.Machine(broken{}, reducer.V02(), format); err == nil ||
			!strings.Contains(err.Error(), "disk full") {
			t.Errorf("%s: %v", format, err)
		}
	}
}
