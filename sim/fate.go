package sim

import "fmt"

// FateKindCount is the length of an array indexed by FateKind: index 0 stays unused.
const FateKindCount = int(fateEnd)

var fateNames = [FateKindCount]string{
	FailsActivation: "fails-activation",
	FailsProbes:     "fails-probes",
	Defers:          "defers",
	NeverAnswers:    "never-answers",
	NeverRollsBack:  "never-rolls-back",
	ConvergesAnyway: "converges",
	FailsControl:    "fails-control",
}

// String returns the name of the fate in scenario files.
func (k FateKind) String() string {
	if k == 0 || k >= fateEnd {
		return fmt.Sprintf("FateKind(%d)", uint8(k))
	}
	return fateNames[k]
}

// FateKinds returns the fates of every control plane in declared order. Only the shipped one has
// FailsControl.
func FateKinds() []FateKind {
	all := make([]FateKind, 0, fateEnd-1)
	for k := FailsActivation; k < FailsControl; k++ {
		all = append(all, k)
	}
	return all
}
