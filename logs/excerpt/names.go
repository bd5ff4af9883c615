package excerpt

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// pseudonym matches those of package redact: a letter and twelve more, or a hash.
var pseudonym = regexp.MustCompile(`\bn[a-z2-7]{12}\b|\b[0-9a-f]{32,64}\b`)

// renaming replaces pseudonyms with plain names.
type renaming map[string]string

// apply renames everything in a log.
func (r renaming) apply(log []byte) []byte {
	return pseudonym.ReplaceAllFunc(log, func(b []byte) []byte {
		if to, ok := r[string(b)]; ok {
			return []byte(to)
		}
		return b
	})
}

// name renames a name, which may be a compound.
func (r renaming) name(text string) string { return string(r.apply([]byte(text))) }

// role is what a name stands for. A name that is several things has the first role.
type role uint8

const (
	channelRole role = iota
	hostRole
	refRole
	closureRole
	probeRole
	otherRole

	roleEnd
)

// plainChannels are the names of channels, the first one first.
var plainChannels = []string{"stable", "edge", "beta", "early", "late"}

// plain returns the n-th name of a role, from 0.
func (r role) plain(n int) string {
	switch r {
	case channelRole:
		if n < len(plainChannels) {
			return plainChannels[n]
		}
		return fmt.Sprintf("channel-%d", n+1)
	case hostRole:
		return fmt.Sprintf("web-%02d", n+1)
	case refRole:
		return fmt.Sprintf("%c%d", 'a'+rune(n%6), n+1)
	case closureRole:
		return fmt.Sprintf("closure-%d", n+1)
	case probeRole:
		return fmt.Sprintf("probe-%d", n+1)
	case otherRole, roleEnd:
	}
	return fmt.Sprintf("text-%d", n+1)
}

// renamings returns the ways to name everything: in the order in which names appear, and in the
// order of their pseudonyms.
func renamings(log []byte) []renaming {
	roles := make(map[string]role)
	var order []string
	for line := range bytes.Lines(log) {
		d := jsontext.NewDecoder(bytes.NewReader(line))
		for {
			token, err := d.ReadToken()
			if err != nil {
				break
			}
			if token.Kind() != '"' || isName(d) {
				continue
			}
			place := string(d.StackPointer())
			for n, name := range pseudonym.FindAllString(token.String(), -1) {
				is := roleOf(place, token.String(), n)
				if was, known := roles[name]; !known {
					order = append(order, name)
					roles[name] = is
				} else {
					roles[name] = min(was, is)
				}
			}
		}
	}
	sorted := slices.Clone(order)
	slices.Sort(sorted)
	var all []renaming
	for _, names := range [][]string{order, sorted} {
		r := make(renaming)
		var counts [roleEnd]int
		for _, name := range names {
			is := roles[name]
			r[name] = is.plain(counts[is])
			counts[is]++
		}
		all = append(all, r)
	}
	return all
}

// roleOf returns the role of the n-th pseudonym of a text.
func roleOf(place, text string, n int) role {
	for strings.Trim(place[strings.LastIndexByte(place, '/')+1:], "0123456789") == "" &&
		place != "" {
		place = place[:strings.LastIndexByte(place, '/')] // an element of a list
	}
	field := strings.ToLower(place[strings.LastIndexByte(place, '/')+1:])
	switch {
	case strings.Contains(field, "rollout"):
		if n == 0 {
			return channelRole
		}
		return refRole
	case strings.HasPrefix(field, "channel") && !strings.HasSuffix(field, "ref"):
		return channelRole
	case strings.HasPrefix(field, "host"):
		return hostRole
	case strings.HasSuffix(field, "ref"):
		return refRole
	case strings.Contains(field, "closure"):
		return closureRole
	case strings.Contains(field, "probe"):
		return probeRole
	}
	return otherRole
}
