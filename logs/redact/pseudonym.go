package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"hash"
	"strings"
)

// names makes pseudonyms. Equal names have equal pseudonyms whatever they name: a closure that has
// the name of its ref keeps it, and the name of a closure still contains its host.
type names struct {
	mac   hash.Hash
	sum   []byte
	known map[string]string // a cache: most names occur many times in a log
}

// maxKnown is the capacity of the cache. A log of several years has more texts than fit in memory.
const maxKnown = 1 << 17

func newNames(key []byte) *names {
	return &names{mac: hmac.New(sha256.New, key), known: make(map[string]string)}
}

// The separators in compound names: a rollout id is a channel and a ref, the name of a closure is a
// hash and a host.
const (
	rolloutMark = "@"
	closureMark = "-nixos-system-"
	storeMark   = "/nix/store/"
)

// compound returns the pseudonym of a name. It replaces each part of a compound name separately:
// the pseudonym of a rollout id consists of those of its channel and its ref.
func (n *names) compound(name string) string {
	if rest, stored := strings.CutPrefix(name, storeMark); stored {
		return storeMark + n.compound(rest)
	}
	for _, mark := range []string{rolloutMark, closureMark} {
		if !strings.Contains(name, mark) {
			continue
		}
		parts := strings.Split(name, mark)
		for i := range parts {
			parts[i] = n.compound(parts[i])
		}
		return strings.Join(parts, mark)
	}
	return n.whole(name)
}

// pseudonymLetters is the length of a pseudonym after its first letter: 60 bits, so that a million
// names do not collide.
const pseudonymLetters = 12

// minHash is the minimum length of a hash in hexadecimal digits. A shorter name may be a word.
const minHash = 32

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// whole returns the pseudonym of a text as one name. The pseudonym of a hash is hexadecimal too,
// and has its length, but at most 64 digits.
func (n *names) whole(text string) string {
	if text == "" {
		return ""
	}
	if p, ok := n.known[text]; ok {
		return p
	}
	n.hash(text)
	var p string
	if looksLikeHash(text) {
		p = hex.EncodeToString(n.sum)
		p = p[:min(len(p), len(text))]
	} else {
		p = "n" + strings.ToLower(letters.EncodeToString(n.sum))[:pseudonymLetters]
	}
	if len(n.known) == maxKnown {
		clear(n.known)
	}
	n.known[strings.Clone(text)] = p
	return p
}

// number returns the pseudonym of a number: another number of at most six digits.
func (n *names) number(text string) int {
	n.hash("number " + text)
	return (int(n.sum[0])<<16 | int(n.sum[1])<<8 | int(n.sum[2])) % 1_000_000
}

func (n *names) hash(text string) {
	n.mac.Reset()
	_, _ = n.mac.Write([]byte(text)) // never fails
	n.sum = n.mac.Sum(n.sum[:0])
}

func looksLikeHash(text string) bool {
	return len(text) >= minHash && strings.Trim(text, "0123456789abcdef") == ""
}
