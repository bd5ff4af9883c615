// Package refill copies values into memory that was used before.
package refill

import "maps"

// Slice returns a copy of a slice in the memory of an old one, where that is large enough. A nil
// slice is copied as nil.
func Slice[T any](old, from []T) []T {
	if from == nil {
		return nil
	}
	return append(old[:0], from...)
}

// Next makes a slice longer by one, and returns the last element: with what its memory holds, so
// that what the element refers to can be used again, or its zero value.
func Next[T any](s *[]T) *T {
	if n := len(*s); n < cap(*s) {
		*s = (*s)[:n+1]
	} else {
		var zero T
		*s = append(*s, zero)
	}
	return &(*s)[len(*s)-1]
}

// Map returns a copy of a map in the memory of an old one. A nil map is copied as nil.
func Map[K comparable, V any](old, from map[K]V) map[K]V {
	if old == nil || from == nil {
		return maps.Clone(from)
	}
	clear(old)
	maps.Copy(old, from)
	return old
}

// Keep removes the keys of a map that another one does not have.
func Keep[K comparable, V any](m, other map[K]V) {
	maps.DeleteFunc(m, func(k K, _ V) bool {
		_, has := other[k]
		return !has
	})
}

// Pointers returns a copy of a map to values that each belong to one map, in the memory of an old
// one. fill sets a new or an old value from another one.
func Pointers[K comparable, V any](old, from map[K]*V, fill func(v, from *V)) map[K]*V {
	if old == nil {
		old = make(map[K]*V, len(from))
	}
	Keep(old, from)
	for k, v := range from {
		c := old[k]
		if c == nil {
			c = new(V)
			old[k] = c
		}
		fill(c, v)
	}
	return old
}
