package trace

import "fmt"

// String is the kind's name as it stands in traces; for KindOther see Entry.KindName.
func (k Kind) String() string {
	if k == 0 || k >= kindEnd {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k]
}

// parseKind finds the kind of that name: KindOther for a name that is none.
func parseKind(name []byte) Kind {
	for k := KindAgentEvent; k < KindOther; k++ {
		if kindNames[k] == string(name) {
			return k
		}
	}
	return KindOther
}

// KindName is the entry's kind as it is spelt in its trace.
func (e *Entry) KindName() string {
	if e.Kind == KindOther {
		return e.Other
	}
	return e.Kind.String()
}

var actionNames = [actionEnd]string{"", "OpenRollout", "QueueDispatch"}

// String is the action's name as it stands in traces.
func (a ActionKind) String() string {
	if a == 0 || a >= actionEnd {
		return fmt.Sprintf("ActionKind(%d)", uint8(a))
	}
	return actionNames[a]
}

// KindCount is above every Kind.
const KindCount = int(kindEnd)

// parseAction returns the plan action of that name. It reports whether there is one.
func parseAction(name string) (ActionKind, bool) {
	for a := OpenRollout; a < actionEnd; a++ {
		if actionNames[a] == name {
			return a, true
		}
	}
	return 0, false
}
