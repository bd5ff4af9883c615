// Package machine lists the built-in machines and finds machines by name.
//
// A command with --machine v0.2 calls [Open], which also starts machines in other processes
// (package external). A scenario file needs a transition table, so its loader calls [ByName].
// Sweeps call [ForSweep], which also finds machines with a planted defect.
//
// To add a machine, append an entry to [List]. Every command, tag and file format that names
// machines reads that list, and derives from the table what the machine can do.
package machine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollsim/machine/external"
	"rollsim/reducer"
)

// Entry is a machine of the list.
type Entry struct {
	Table *reducer.Table

	// Shipped marks the machine that production control planes run. Logs that name no machine are
	// folded through it, and sweeps run it with the shipped control plane too.
	Shipped bool

	// Former marks a machine that production control planes once ran. It is for comparisons: what goes
	// through all machines leaves it out.
	Former bool

	// Defective marks a machine with a planted defect, which shows that a sweep finds one. Only
	// sweeps offer it.
	Defective bool
}

// List holds the built-in machines, the default first. Exactly one is Shipped. A program may
// append machines of its own before it uses another package.
var List = []Entry{
	{Table: reducer.RFC0008()},
	{Table: reducer.V02(), Shipped: true},
	{Table: reducer.V01(), Former: true},
	{Table: canary(), Defective: true},
}

// canary returns rfc0008 with a defect: a rollout that is superseded while it is Converging is
// never pruned.
func canary() *reducer.Table {
	cells := reducer.RFC0008().Cells()
	cells[reducer.Converging][reducer.SuccessorOpened][0].Prune = false
	return reducer.NewTable("canary", cells, true)
}

// Default returns the machine that is used where none is named.
func Default() *reducer.Table { return List[0].Table }

// Shipped returns the machine that production control planes run.
func Shipped() *reducer.Table {
	return List[slices.IndexFunc(List, func(e Entry) bool { return e.Shipped })].Table
}

// Canary returns the first machine with a planted defect.
func Canary() *reducer.Table {
	return List[slices.IndexFunc(List, func(e Entry) bool { return e.Defective })].Table
}

// Tables returns the machines that are in use, the default first: none that is Former or Defective.
func Tables() []*reducer.Table {
	return tables(slices.DeleteFunc(offered(), func(e Entry) bool { return e.Former }))
}

// Names returns the names of the machines without a planted defect, the default first.
func Names() []string { return names(offered()) }

// SweepNames returns the names of all machines of the list, the default first.
func SweepNames() []string { return names(List) }

// ByName returns the machine of that name that has no planted defect. The error names those that
// exist.
func ByName(name string) (*reducer.Table, error) {
	e, err := find(offered(), name)
	return e.Table, err
}

// ForSweep returns the entry of that name, with or without a planted defect. The error names those
// that exist.
func ForSweep(name string) (Entry, error) { return find(List, name) }

// Open returns the machine of that name. For a name with external.Prefix it starts the command
// after the prefix and returns an *external.Machine, which the caller must close. limit is the time
// limit of that machine for one answer, above 0.
func Open(name string, limit time.Duration) (reducer.Machine, error) {
	if command, ok := strings.CutPrefix(name, external.Prefix); ok {
		m, err := external.Start(command, limit)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
	m, err := ByName(name)
	if err != nil {
		return nil, fmt.Errorf("%w, and %sCMD for one in another process", err, external.Prefix)
	}
	return m, nil
}

func offered() []Entry {
	return slices.DeleteFunc(slices.Clone(List), func(e Entry) bool { return e.Defective })
}

func tables(entries []Entry) []*reducer.Table {
	all := make([]*reducer.Table, len(entries))
	for i, e := range entries {
		all[i] = e.Table
	}
	return all
}

func names(entries []Entry) []string {
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.Table.Name()
	}
	return all
}

func find(entries []Entry, name string) (Entry, error) {
	for _, e := range entries {
		if e.Table.Name() == name {
			return e, nil
		}
	}
	all := names(entries)
	last := len(all) - 1
	return Entry{}, fmt.Errorf("no machine is named %q: there are %s and %s",
		name, strings.Join(all[:last], ", "), all[last])
}
