package trace

import "testing"

// TestStrictRowText: the error of a column that is not UTF-8 names the column, then its text.
func TestStrictRowText(t *testing.T) {
	for want, row := range map[string]Row{
		`kind: expected UTF-8, found "\xff"`:           {Kind: []byte{0xff}},
		`host_id: expected UTF-8, found "web\xff"`:     {Host: []byte("web\xff")},
		`rollout_id: expected UTF-8, found "a\xffb@1"`: {Rollout: []byte("a\xffb@1")},
	} {
		if err := newDecoder().strictRow(&row, new(Entry)); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
