//go:build ruleguard

// Package lint has rules for gocritic (see .golangci.yml): what the deterministic core must not do.
package lint

import "github.com/quasilyte/go-ruleguard/dsl"

func mapRange(m dsl.Matcher) {
	m.Match(
		`for $_, $_ := range $m { $*_ }`, `for $_ := range $m { $*_ }`,
		`for $_, $_ = range $m { $*_ }`, `for $_ = range $m { $*_ }`,
		`for range $m { $*_ }`,
	).
		Where(m["m"].Type.Underlying().Is(`map[$k]$v`)).
		Report(`the order of a map changes from run to run: range over a slice`)
}

func goroutine(m dsl.Matcher) {
	m.Match(`go $f($*_)`).Report(`the deterministic core starts no goroutine`)
}

func selection(m dsl.Matcher) {
	m.Match(`select { $*_ }`).Report(`select picks at random`)
}
