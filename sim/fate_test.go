package sim

import "testing"

// TestFateKinds checks that every fate has a name of its own.
func TestFateKinds(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range append(FateKinds(), FailsControl) {
		if name := k.String(); name == "" || seen[name] {
			t.Errorf("fate %d: no name, or a duplicate: %q", uint8(k), name)
		}
		seen[k.String()] = true
	}
	if len(seen) != FateKindCount-1 {
		t.Errorf("%d fates have names, want %d", len(seen), FateKindCount-1)
	}
	for k, want := range map[FateKind]string{0: "FateKind(0)", fateEnd: "FateKind(8)"} {
		if got := k.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
