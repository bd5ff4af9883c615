package sim

import "fmt"

// FateKindCount is the number of fates, with the invalid zero value.
const FateKindCount = ConvergesAnyway + 1

var fateNames = [FateKindCount]string{
	FailsActivation: "fails-activation",
	FailsProbes:     "fails-probes",
	Defers:          "defers",
	NeverAnswers:    "never-answers",
	NeverRollsBack:  "never-rolls-back",
	ConvergesAnyway: "converges",
}

// String returns the name of the fate in scenario files.
func (k FateKind) String() string {
	if k == 0 || k >= FateKindCount {
		return fmt.Sprintf("FateKind(%d)", uint8(k))
	}
	return fateNames[k]
}

// FateKinds returns every fate in declared order.
func FateKinds() []FateKind {
	all := make([]FateKind, 0, FateKindCount-1)
	for k := FailsActivation; k < FateKindCount; k++ {
		all = append(all, k)
	}
	return all
}
