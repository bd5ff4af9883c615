package replay

import (
	"strings"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

// TestCursor: a place has the entry's number, seq and line. An entry that is not finished does not
// move the end.
func TestCursor(t *testing.T) {
	r, err := trace.NewReader("a.ndjson", strings.NewReader(string(inWords(t,
		"poll edge a1 [entry 7]\n+1\npoll edge b2"))))
	if err != nil {
		t.Fatal(err)
	}
	var c cursor
	if c.last() != (Where{}) {
		t.Errorf("before the first entry: %v", c.last())
	}
	for n := uint64(1); n <= 2; n++ {
		e, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		c.advance(r)
		c.highest = e.Seq
		at := start + reducer.Time(n-1)*second
		want := place{n: n, ring: n - 1, seq: n + 6, highest: n + 6, line: int(n), at: at}
		if got := c.place(e); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		if n == 1 {
			c.finish(e)
		}
	}
	if c.last() != (Where{Seq: 7, At: start}) || c.end.ring != 1 {
		t.Errorf("the last finished entry is %+v", c.end)
	}
	if len(c.sources) != 1 || c.sources[0] != (source{name: "a.ndjson", unit: "line"}) {
		t.Errorf("sources %v", c.sources)
	}
}

// TestCursorReturns reads two files in turn: each is one source, also after the other.
func TestCursorReturns(t *testing.T) {
	readers := make(map[string]*trace.Reader)
	for _, name := range []string{"a.ndjson", "b.ndjson"} {
		r, err := trace.NewReader(name, strings.NewReader(string(inWords(t,
			"poll edge a1\n+1\npoll edge b2\n+1\npoll edge c3"))))
		if err != nil {
			t.Fatal(err)
		}
		readers[name] = r
	}
	var c cursor
	for i, name := range []string{"a.ndjson", "b.ndjson", "a.ndjson", "b.ndjson", "b.ndjson"} {
		e, err := readers[name].Read()
		if err != nil {
			t.Fatal(err)
		}
		c.advance(readers[name])
		if got := c.sources[c.place(e).source].name; got != name || len(c.sources) > 2 {
			t.Errorf("entry %d: %s of %v, want %s", i+1, got, c.sources, name)
		}
	}
}
