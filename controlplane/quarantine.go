package controlplane

import (
	"cmp"
	"slices"
)

// quarantine is a set of closures, sorted by channel and closure.
type quarantine []QuarantineEntry

func compareEntries(a, b QuarantineEntry) int {
	return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Closure, b.Closure))
}

func (q quarantine) has(e QuarantineEntry) bool {
	_, found := slices.BinarySearchFunc(q, e, compareEntries)
	return found
}

func (q *quarantine) add(e QuarantineEntry) {
	if i, found := slices.BinarySearchFunc(*q, e, compareEntries); !found {
		*q = slices.Insert(*q, i, e)
	}
}

func (q *quarantine) remove(e QuarantineEntry) {
	if i, found := slices.BinarySearchFunc(*q, e, compareEntries); found {
		*q = slices.Delete(*q, i, i+1)
	}
}
