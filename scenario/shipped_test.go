package scenario

import (
	"slices"
	"testing"

	"rollsim/controlplane"
	"rollsim/internal/osfs"
	"rollsim/invariant"
)

// TestDefects checks that each defect of the shipped control plane has a scenario in which it is
// not fixed and a violation names it, and one without it in which no violation does.
func TestDefects(t *testing.T) {
	for _, defect := range controlplane.Defects() {
		for _, mended := range []bool{false, true} {
			name := "../scenarios/shipped-" + string(defect)
			if mended {
				name += "-mended"
			}
			file, err := LoadFS(osfs.FS{}, name+".yaml")
			if err != nil {
				t.Error(err)
				continue
			}
			if slices.Contains(file.Scenario.Mended, defect) != mended {
				t.Errorf("%s: mended lists %v", name, file.Scenario.Mended)
			}
			rec, err := file.Record()
			if err != nil || rec.Verdict != "" {
				t.Errorf("%s: %v %s", name, err, rec.Verdict)
				continue
			}
			named := slices.ContainsFunc(rec.Result.Violations, func(v invariant.Violation) bool {
				return v.Defect == defect
			})
			if named == mended {
				t.Errorf("%s: the violations are %v", name, rec.Result.Violations)
			}
		}
	}
}
