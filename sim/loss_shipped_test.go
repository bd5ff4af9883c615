package sim

import (
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestEarlierMessagesDrawNothing checks that which row of the log a failed insert loses does not
// depend on how many messages were sent before, which is no part of a state.
func TestEarlierMessagesDrawNothing(t *testing.T) {
	run := func(letters int) (string, int) {
		sc := produced(t, wave(time.Minute, "a"))
		var digest trace.Digest
		k, err := NewWalk(sc, Options{Machine: reducer.RFC0008(), Sink: &digest})
		if err != nil {
			t.Fatal(err)
		}
		edit := &Edit{Lines: []Action{fault(6*time.Second, LogInsertFailed, "a", 0)}}
		if err := k.Edit(edit); err != nil {
			t.Fatal(err)
		}
		p := k.w.driver.production
		for range letters {
			p.letters++
			p.logged = append(p.logged, true)
		}
		for more := true; more; more = k.Next() {
			continue
		}
		if _, err := k.Finish(); err != nil {
			t.Fatal(err)
		}
		return digest.Sum(), len(k.w.record.ledger.lost)
	}
	want, lost := run(0)
	if lost != 1 {
		t.Fatalf("the log loses %d rows, want one", lost)
	}
	for letters := 1; letters < 8; letters++ {
		if got, _ := run(letters); got != want {
			t.Errorf("after %d messages more, the log loses another row", letters)
		}
	}
}
