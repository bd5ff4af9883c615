package trace

import "fmt"

// String returns the kind's name as traces spell it. For KindOther see Entry.KindName.
func (k Kind) String() string {
	if k == 0 || k >= kindEnd {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// parseKind returns the kind of that name, or KindOther for an unknown name.
func parseKind(name []byte) Kind {
	for k := KindAgentEvent; k < KindOther; k++ {
		if kindNames[k] == string(name) {
			return k
		}
	}
	return KindOther
}

// KindName returns the name of the entry's kind as its trace spells it.
func (e *Entry) KindName() string {
	if e.Kind == KindOther {
		return e.Other
	}
	return e.Kind.String()
}

var actionNames = [ActionCount]string{"", "OpenRollout", "QueueDispatch"}

// String returns the action's name as traces spell it.
func (a ActionKind) String() string {
	if a == 0 || a >= actionEnd {
		return fmt.Sprintf("ActionKind(%d)", uint8(a))
	}
	return actionNames[a]
}

// parseAction returns the plan action of that name; false for an unknown name.
func parseAction(name string) (ActionKind, bool) {
	for a := OpenRollout; a < actionEnd; a++ {
		if actionNames[a] == name {
			return a, true
		}
	}
	return 0, false
}
