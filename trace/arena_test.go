package trace

import (
	"reflect"
	"testing"
)

// TestArena checks that copies are deep and equal, that later copies and changes of the originals
// leave them as they are, and that memory is used again only after Reset.
func TestArena(t *testing.T) {
	var a Arena
	originals := zoo()
	var copies, want []Entry
	for range 2 * slabSize / 8 {
		for i := range originals {
			copies = append(copies, Entry{})
			a.Copy(&copies[len(copies)-1], &originals[i])
			want = append(want, originals[i].Clone())
		}
	}
	for i := range originals {
		e := &originals[i]
		switch {
		case e.Event != nil:
			e.Event.Rollout += "changed"
		case e.Gate != nil:
			e.Gate.Reason += "changed"
		case e.Plan != nil && len(e.Plan.Hosts) > 0:
			e.Plan.Hosts[0] += "changed"
		}
	}
	for i := range copies {
		if !reflect.DeepEqual(copies[i], want[i]) {
			t.Fatalf("copy %d is %+v, want %+v", i, copies[i], want[i])
		}
	}

	before := len(a.events.pieces)
	a.Reset()
	for i := range originals {
		if originals[i].Event != nil {
			var got Entry
			if a.Copy(&got, &originals[i]); got.Event != &a.events.pieces[0][0] {
				t.Error("the first copy after Reset is not in the first piece of memory")
			}
			break
		}
	}
	if len(a.events.pieces) != before {
		t.Errorf("%d pieces of memory for events, want %d", len(a.events.pieces), before)
	}
}
