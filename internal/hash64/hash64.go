// Package hash64 hashes the values of a state, one after the other, into 64 bits. It is fast for
// many small values, and returns the same hash on every machine. It is no defence against values
// that somebody has chosen to collide.
package hash64

import "math/bits"

// Sum is a hash of the values so far. The zero value has none.
type Sum uint64

// The secrets of wyhash (Wang Yi, 2019): odd, with as many ones as zeros.
const (
	k0 = 0xa0761d6478bd642f
	k1 = 0xe7037ed1a0b428db
	k2 = 0x8ebc6af09c88c6e3
)

// Pair adds two words, for the time of one.
func (s *Sum) Pair(a, b uint64) {
	high, low := bits.Mul64(a^k1, b^uint64(*s)^k0)
	*s = Sum(high ^ low)
}

// Word adds a word.
func (s *Sum) Word(x uint64) { s.Pair(x, k2) }

// Int adds a number.
func (s *Sum) Int(n int) { s.Word(uint64(n)) }

// Bool adds a truth value.
func (s *Sum) Bool(b bool) { s.Word(Bit(b, 0)) }

// Bit returns a word whose bit n is set if b is true.
func Bit(b bool, n uint) uint64 {
	if b {
		return 1 << n
	}
	return 0
}

// Text adds a text.
func (s *Sum) Text(text string) { s.Named(text, 0) }

// Named adds a text and a word.
func (s *Sum) Named(text string, x uint64) {
	s.Pair(uint64(len(text)), x)
	for ; len(text) > 16; text = text[16:] {
		s.Pair(word(text[:8]), word(text[8:16]))
	}
	if len(text) > 8 {
		s.Pair(word(text[:8]), word(text[8:]))
	} else {
		s.Word(word(text))
	}
}

// word returns up to eight bytes as a word.
func word(text string) uint64 {
	n := len(text)
	switch {
	case n >= 4:
		return half(text) | half(text[n-4:])<<32
	case n > 0:
		return uint64(text[0]) | uint64(text[n/2])<<8 | uint64(text[n-1])<<16
	}
	return 0
}

// half returns the first four bytes as a word.
func half(text string) uint64 {
	_ = text[3]
	return uint64(uint32(text[0]) | uint32(text[1])<<8 | uint32(text[2])<<16 | uint32(text[3])<<24)
}

// Of returns the hash of some words.
func Of(words ...uint64) uint64 {
	var s Sum
	for _, x := range words {
		s.Word(x)
	}
	return uint64(s)
}

// OfText returns the hash of a text.
func OfText(text string) uint64 {
	var s Sum
	s.Text(text)
	return uint64(s)
}
