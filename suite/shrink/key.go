package shrink

import (
	"fmt"
	"slices"
	"strings"

	"rollsim/controlplane"
	"rollsim/internal/nearest"
	"rollsim/invariant"
	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/suite/coverage"
)

// Key says which failure a smaller case must still show.
type Key struct {
	// Invariant is violated. The other fields narrow that down; a zero field is no condition.
	Invariant invariant.Name
	State     reducer.State     // of the rollout
	Event     reducer.EventKind // the last one before; only with State
	Defect    controlplane.Defect

	// Machines, instead of Invariant, are two machines whose runs differ.
	Machines [2]string

	// Departs, instead of Invariant, is the class of an event in State to which the machine answers
	// otherwise than the specification.
	Departs coverage.Class
}

// ErrorInvariant is the invariant that a run violates which ends with a panic or an error of the
// simulator.
const ErrorInvariant invariant.Name = "no-error"

// KeyOf returns the key of a violation. An exact one has the last event before it.
func KeyOf(v *invariant.Violation, exact bool) Key {
	k := Key{Invariant: v.Invariant, State: v.State, Defect: v.Defect}
	if v.Defect != "" { // the cause is known, wherever it shows
		k.State = 0
	}
	if exact && k.State != 0 {
		k.Event = v.Event
	}
	return k
}

const (
	differs = "differs:"
	departs = "departs:"
)

// String returns the key as ParseKey reads it.
func (k Key) String() string {
	if k.Machines[0] != "" {
		return differs + k.Machines[0] + "," + k.Machines[1]
	}
	if k.Departs != 0 {
		return departs + k.State.String() + "/" + k.Departs.String()
	}
	text := string(k.Invariant)
	switch {
	case k.Defect != "":
		text += "/" + string(k.Defect)
	case k.State != 0:
		text += "/" + k.State.String()
		if k.Event != 0 {
			text += "/" + k.Event.String()
		}
	}
	return text
}

// ParseKey reads a key: INVARIANT, INVARIANT/STATE, INVARIANT/STATE/EVENT, INVARIANT/DEFECT,
// differs:MACHINE,MACHINE or departs:STATE/EVENT.
func ParseKey(text string) (Key, error) {
	if cell, ok := strings.CutPrefix(text, departs); ok {
		return parseDeparture(text, cell)
	}
	if pair, ok := strings.CutPrefix(text, differs); ok {
		first, second, two := strings.Cut(pair, ",")
		if !two || first == second {
			return Key{}, fmt.Errorf("%s: expected two machines, such as differs:rfc0008,v0.2", text)
		}
		for _, name := range []string{first, second} {
			if _, err := machine.ForSweep(name); err != nil {
				return Key{}, fmt.Errorf("%s: %w", text, err)
			}
		}
		return Key{Machines: [2]string{first, second}}, nil
	}
	parts := strings.Split(text, "/")
	k := Key{Invariant: invariant.Name(parts[0])}
	names := append(invariant.Names(), ErrorInvariant)
	if !slices.Contains(names, k.Invariant) {
		return Key{}, fmt.Errorf("%s: %q is not an invariant%s", text, parts[0],
			nearest.Hint(parts[0], plain(names)))
	}
	if len(parts) > 1 {
		if err := k.narrow(parts[1]); err != nil {
			return Key{}, fmt.Errorf("%s: %w", text, err)
		}
	}
	if len(parts) > 2 {
		i := slices.IndexFunc(reducer.EventKinds(), func(e reducer.EventKind) bool {
			return e.String() == parts[2]
		})
		if i < 0 || len(parts) > 3 || k.State == 0 {
			return Key{}, fmt.Errorf("%s: expected INVARIANT/STATE/EVENT, such as "+
				"unpruned/Superseded/SuccessorOpened", text)
		}
		k.Event = reducer.EventKinds()[i]
	}
	return k, nil
}

// parseDeparture reads a cell: a state, and an event with its condition.
func parseDeparture(text, cell string) (Key, error) {
	state, event, _ := strings.Cut(cell, "/")
	for _, s := range reducer.States() {
		if class, ok := coverage.ParseClass(event); ok && s.String() == state {
			return Key{State: s, Departs: class}, nil
		}
	}
	return Key{}, fmt.Errorf("%s: expected departs:STATE/EVENT, such as "+
		"departs:Converging/SuccessorOpened", text)
}

// narrow reads the state of a rollout, or a defect.
func (k *Key) narrow(text string) error {
	for _, s := range reducer.States() {
		if s.String() == text {
			k.State = s
			return nil
		}
	}
	if slices.Contains(controlplane.Defects(), controlplane.Defect(text)) {
		k.Defect = controlplane.Defect(text)
		return nil
	}
	known := plain(controlplane.Defects())
	for _, s := range reducer.States() {
		known = append(known, s.String())
	}
	return fmt.Errorf("%q is neither a state of a rollout nor a defect of the shipped control plane%s",
		text, nearest.Hint(text, known))
}

func plain[S ~string](names []S) []string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = string(n)
	}
	return all
}

// fits reports whether a violation is the one that the key means.
func (k Key) fits(v *invariant.Violation) bool {
	return v.Excused == "" && v.Invariant == k.Invariant &&
		(k.State == 0 || v.State == k.State && v.Defect == "") &&
		(k.Event == 0 || v.Event == k.Event) && (k.Defect == "" || v.Defect == k.Defect)
}
