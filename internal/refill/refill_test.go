package refill

import (
	"maps"
	"slices"
	"testing"
)

func TestSlice(t *testing.T) {
	old := []int{1, 2, 3}
	if got := Slice(old, nil); got != nil {
		t.Errorf("a nil slice is copied as %v", got)
	}
	from := []int{4, 5}
	got := Slice(old, from)
	if !slices.Equal(got, from) || &got[0] != &old[0] {
		t.Errorf("got %v, in other memory: %v", got, &got[0] != &old[0])
	}
	from = []int{6, 7, 8, 9}
	if got = Slice(old, from); !slices.Equal(got, from) || &got[0] == &from[0] {
		t.Errorf("got %v, in the memory of the original: %v", got, &got[0] == &from[0])
	}
	if got = Slice(old, []int{}); got == nil || len(got) > 0 {
		t.Errorf("an empty slice is copied as %v", got)
	}
}

func TestNext(t *testing.T) {
	all := [][]int{{1}, {2, 3}}[:1]
	if v := Next(&all); !slices.Equal(*v, []int{2, 3}) || len(all) != 2 {
		t.Errorf("the memory held %v", *v)
	}
	if v := Next(&all); *v != nil || len(all) != 3 {
		t.Errorf("new memory holds %v", *v)
	}
}

func TestMap(t *testing.T) {
	old, from := map[int]int{1: 1, 2: 2}, map[int]int{2: 4, 3: 9}
	if got := Map(old, nil); got != nil {
		t.Errorf("a nil map is copied as %v", got)
	}
	got := Map(old, from)
	from[5] = 5
	if want := (map[int]int{2: 4, 3: 9}); !maps.Equal(got, want) || !maps.Equal(old, want) {
		t.Errorf("got %v in memory that holds %v, want %v", got, old, want)
	}
	if got = Map(nil, from); !maps.Equal(got, from) {
		t.Errorf("got %v, want %v", got, from)
	}
}

func TestPointers(t *testing.T) {
	one, two, three := 1, 2, 3
	fill := func(v, from *int) { *v = *from }
	old := map[string]*int{"a": &one, "b": &two}
	got := Pointers(old, map[string]*int{"b": &three, "c": &three}, fill)
	if len(got) != 2 || got["b"] != &two || two != 3 || got["c"] == &three || *got["c"] != 3 {
		t.Errorf("got %v", got)
	}
	if got = Pointers(nil, old, fill); len(got) != 2 || got["b"] == old["b"] || *got["b"] != 3 {
		t.Errorf("got %v", got)
	}
}
