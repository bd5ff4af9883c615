package story

import (
	"testing"

	"rollsim/reducer"
)

// TestCaseThroughAnotherMachine runs scenarios with another machine, which has the name of the one
// that they choose.
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
		{
			func(m reducer.Machine) reducer.Machine { return reducer.Named(reducer.V02(), m.Name()) },
			false, // it refuses every clearance
		},
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

// TestMachineOfOptions runs scenarios under a machine that replaces the one that they choose.
func TestMachineOfOptions(t *testing.T) {
	for _, test := range []struct {
		machine reducer.Machine
		again   string
		pass    bool
	}{
		{nil, "", true},
		{reducer.RFC0008(), " --machine rfc0008", true},
		{reducer.V02(), " --machine v0.2", false}, // it refuses every clearance
	} {
		report := run(t, Options{
			FS: shipped, Paths: []string{"features/clearance/cleared.feature"}, Machine: test.machine,
		})
		if report.Passed() != test.pass {
			t.Errorf("under %v: passed %v", test.machine, report.Passed())
		}
		for i := range report.Scenarios {
			s := &report.Scenarios[i]
			if want := "rollsim features " + s.Place() + test.again; s.Again() != want {
				t.Errorf("got %q, want %q", s.Again(), want)
			}
		}
	}
}
