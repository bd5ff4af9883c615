package sim

import (
	"math/rand/v2"

	"github.com/cespare/xxhash/v2"
)

// purpose keeps the random streams of one entity apart. New ones go at the end: the number is part
// of the stream's key.
type purpose uint64

const (
	drawAck purpose = 1 + iota
	drawActivation
	drawReboot
	drawProbe
	drawConverge
	drawRollback
	drawActivationFailure
	drawDeferral
	drawProbeFailure
	drawRollbackFailure
	drawNoAnswer
	drawRestart
	drawTraffic
	drawPhase
	drawCrash
	drawTear
	drawLoss
	drawHostOrder
	drawChannelOrder

	drawFault purpose = 1 << 16 // and the kind of fault
)

// streamKey returns what the name of an entity contributes to the key of its streams.
func streamKey(name string) uint64 { return xxhash.Sum64String(name) }

// draw returns the random word of one purpose, for one host under one rollout. Each word has a
// stream of its own, keyed by its purpose, host and rollout, so that one more draw, host or rollout
// changes no other. No state is kept between draws.
func draw(seed, host, rollout uint64, p purpose) uint64 {
	return newDraws(seed, host, p).word(rollout)
}

// draws are the random words of one purpose for one host, under all rollouts.
type draws struct{ high, low uint64 }

func newDraws(seed, host uint64, p purpose) draws {
	return draws{mix(seed^host) ^ leak(), mix(uint64(p))}
}

// word returns the word under one rollout.
func (d draws) word(rollout uint64) uint64 {
	var stream rand.PCG
	stream.Seed(d.high, mix(rollout^d.low))
	return stream.Uint64()
}

// mix is the finalizer of SplitMix64 (Steele, Lea and Flood 2014): similar keys become unrelated
// words.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
