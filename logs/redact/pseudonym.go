package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"hash"
	"strings"
)

// names makes pseudonyms. Equal names have equal pseudonyms, whatever they name: a closure that is
// called like its ref stays so, and a host is known again within the name of its closure.
type names struct {
	mac   hash.Hash
	sum   []byte
	known map[string]string // those made so far; most names of a log come again
}

// mostKnown bounds how many pseudonyms are kept: a log of years has more texts than fit.
const mostKnown = 1 << 17

func newNames(key []byte) *names {
	return &names{mac: hmac.New(sha256.New, key), known: make(map[string]string)}
}

// What parts a compound: a rollout's id is made of a channel and a ref, a closure's name of a hash
// and a host.
const (
	rolloutMark = "@"
	closureMark = "-nixos-system-"
	storeMark   = "/nix/store/"
)

// compound gives the pseudonym of a name, each part of a compound for itself: so the pseudonym of a
// rollout's id is made of those of its channel and its ref.
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

// pseudonymLetters is how many letters a pseudonym has after the first one: 60 bits, so that a
// million names stay apart.
const pseudonymLetters = 12

// shortestHash is how many digits look like a hash: names shorter than that may well be words.
const shortestHash = 32

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// whole gives the pseudonym of a text. What looks like a hash gets one that does so too, of the
// same length up to 64.
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
	if len(n.known) == mostKnown {
		clear(n.known)
	}
	n.known[strings.Clone(text)] = p
	return p
}

// number gives the pseudonym of a number: some other one, of up to six digits.
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
	return len(text) >= shortestHash && strings.Trim(text, "0123456789abcdef") == ""
}
