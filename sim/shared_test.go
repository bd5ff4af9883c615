package sim

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

// constants lists types and fields that runs and their copies share, because they do not change.
var constants = append([]string{
	"sim.profile", "sim.message", "invariant.channels.number", "invariant.evidence.soaks",
	"invariant.records.retention",
}, noState...)

// TestForkIntoUsed copies runs into the memory of others, which are at other times and have had
// other edits. A copy must have the hash of the original, share nothing with it that changes, and
// continue as a copy in new memory does.
func TestForkIntoUsed(t *testing.T) {
	all := variedWalks(t, true)
	compared := 0
	for i, k := range all {
		want := k.Fork(false)
		used := all[(7*i+5)%len(all)].Fork(i%2 == 0)
		for range i % 9 {
			used.Next()
		}
		got := k.ForkInto(used, false)
		if got != used || got.Hash() != k.Hash() {
			t.Fatalf("copy %d has another hash", i)
		}
		original, copied := memory{}, memory{}
		original.visit(reflect.ValueOf(k).Elem(), "")
		copied.visit(reflect.ValueOf(got).Elem(), "")
		for at, name := range copied {
			if original[at] != "" {
				t.Errorf("copy %d shares %s", i, name)
			}
		}
		for want.Next() {
			if !got.Next() || got.Hash() != want.Hash() || !slices.Equal(got.Choices(), want.Choices()) ||
				!slices.Equal(got.Moments(), want.Moments()) {
				t.Fatalf("copy %d differs at %v", i, want.Elapsed())
			}
			compared++
		}
		if got.Next() {
			t.Fatalf("copy %d continues", i)
		}
	}
	if compared < 1000 {
		t.Errorf("only %d instants were compared", compared)
	}
}

// memory has the places in memory that a run may change, each with the name of a field.
type memory map[unsafe.Pointer]string

func (m memory) visit(v reflect.Value, name string) {
	if slices.Contains(constants, name) {
		return
	}
	v = reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem() // may be read
	switch v.Kind() {
	case reflect.Struct:
		of := v.Type().String()
		if slices.Contains(constants, of) {
			return
		}
		for i := range v.NumField() {
			m.visit(v.Field(i), of+"."+v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		if v.IsNil() || slices.Contains(constants, v.Type().Elem().String()) {
			return
		}
		if at := v.UnsafePointer(); m[at] == "" {
			m[at] = name
			m.visit(v.Elem(), name)
		}
	case reflect.Interface:
		if !v.IsNil() && v.Elem().Kind() == reflect.Pointer &&
			strings.HasSuffix(v.Elem().Type().String(), "controlplane.plane") {
			m[v.Elem().UnsafePointer()] = name
			m.visit(v.Elem().Elem(), name)
		}
	case reflect.Slice:
		if v.Len() < v.Cap() { // otherwise a longer one is new memory
			m[v.UnsafePointer()] = name
		}
		m.elements(v, name)
	case reflect.Array:
		m.elements(v, name)
	case reflect.Map:
		if v.Len() > 0 {
			m[v.UnsafePointer()] = name
		}
		for _, key := range v.MapKeys() {
			if value := v.MapIndex(key); value.Kind() == reflect.Pointer {
				m.visit(value.Elem(), name)
			}
		}
	}
}

func (m memory) elements(v reflect.Value, name string) {
	for i := range v.Len() {
		m.visit(v.Index(i), name)
	}
}
