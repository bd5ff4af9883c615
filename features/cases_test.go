package features

import (
	"reflect"
	"testing"

	"rollsim/reducer"
)

// TestCasesAreTheScenariosOfRun runs scenarios that pass and that fail in every way, alone and in a suite.
func TestCasesAreTheScenariosOfRun(t *testing.T) {
	opt := Options{Paths: []string{"testdata"}}
	cases, err := Cases(opt)
	if err != nil {
		t.Fatal(err)
	}
	report := run(t, opt)
	if len(cases) != len(report.Scenarios) {
		t.Fatalf("%d cases of %d scenarios", len(cases), len(report.Scenarios))
	}
	for i, c := range cases {
		if got, want := c.Run(nil), report.Scenarios[i]; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: alone it is\n%+v\nin a suite\n%+v", c.Place(), got, want)
		}
	}
}

// TestCaseThroughAnotherMachine runs scenarios whose transitions another machine decides, under the name of their own.
func TestCaseThroughAnotherMachine(t *testing.T) {
	cases, err := Cases(Options{FS: shipped, Paths: []string{"features/clearance/cleared.feature"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		through func(reducer.Machine) reducer.Machine
		pass    bool
	}{
		{func(m reducer.Machine) reducer.Machine { return m }, true},
		{func(m reducer.Machine) reducer.Machine { return reducer.Named(reducer.V02(), m.Name()) }, false}, // it refuses every clearance
	} {
		passed := 0
		for _, c := range cases {
			if c.Run(test.through).Status == Passed {
				passed++
			}
		}
		if (passed == len(cases)) != test.pass {
			t.Errorf("%d of %d pass", passed, len(cases))
		}
	}
}
