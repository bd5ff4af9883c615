package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestCost reads files that are built to cause a lot of work. If the work grew with the square of
// their size, the test would miss its deadline.
func TestCost(t *testing.T) {
	const deadline = time.Minute // far above what any file takes: it only detects a hang
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const head = "channels:\n  - name: stable\n    waves:\n      - hosts: 3\n"
	for name, c := range map[string]struct{ text, want string }{
		"many fields": {many(40_000, "k%d: 1\n"), "a mapping has more than 200 fields"},
		"many flow fields": {
			head + "behaviour: {probe: {" + many(20_000, "k%d: 1, ") + "}}\n",
			"unknown distribution \"k0\": expected one of constant, uniform, exponential, lognormal, " +
				"normal, weibull, gamma, empirical",
		},
		"deep":        {strings.Repeat("[", 100_000), "nested more than 20 levels deep"},
		"deep blocks": {strings.Repeat("- ", 100_000) + "a", "nested more than 20 levels deep"},
		"many documents": {
			strings.Repeat("---\n", 100_000), "a second document begins here: a file holds one scenario",
		},
		"many hosts": {
			"channels:\n  - name: stable\n    waves:\n      - hosts:\n" + many(20_000, "        - h%d\n"),
			"",
		},
		"many channels": {"channels:\n" + many(20_000, "  - name: c%d\n"), ""},
		"many edges": {
			"channels:\n  - name: c0\n" + strings.ReplaceAll(
				many(10_000, "  - name: c%d\n    after: [c0]\n"), "name: c0\n", "name: c\n"), "",
		},
		"a long cycle": {
			"channels:\n" + many(3_000,
				"  - {name: c%d, after: [b%[1]d]}\n  - {name: b%[1]d, after: [c%[1]d]}\n"),
			"after: channels c0, b0 wait for each other in a cycle",
		},
		"many refs": {
			head + "timeline:\n" + many(10_000, "  - {at: 1s, channel: stable, ref: r%d}\n"), "",
		},
		"many unknown refs": {
			head + "fates:\n" + many(10_000, "  - {host: stable-01, ref: r%d, fate: defers}\n"),
			`channel stable never moves to ref "r0"`,
		},
		"many hosts and an unknown one": {
			"channels:\n  - name: stable\n    waves:\n      - hosts: 50000\n" +
				"fates:\n  - {host: stable-00000, fate: defers}\n",
			`unknown host "stable-00000": did you mean "stable-00001"?`,
		},
		"many quantiles": {
			head + "behaviour: {ack: {empirical: [" + many(20_000, "%ds, ") + "6h]}}\n", "",
		},
		"many groups": {
			head + "groups:\n" + many(5_000, "  - {hosts: [stable-01], behaviour: {ack: %dms}}\n"),
			"groups: more than 500 entries",
		},
	} {
		t.Run(name, func(t *testing.T) {
			parsed := make(chan error, 1)
			go func() {
				_, err := Parse("x.yaml", []byte(c.text))
				parsed <- err
			}()
			var err error
			select {
			case err = <-parsed:
			case <-time.After(deadline):
				t.Fatalf("not done after %v", deadline)
			}
			var e *Error
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &e) || e.Message != c.want):
				t.Errorf("got %v; want %s", err, c.want)
			}
		})
	}
}

// TestNests refuses nests of three million bytes within a second.
func TestNests(t *testing.T) {
	const size = 3_000_000
	for _, opening := range []string{"[", "{a: ", "- ", "a: ", "? ", "[\n", "[{a: "} {
		text := []byte("channels: \n  " + strings.Repeat(opening, size/len(opening)))
		for what, read := range map[string]func() error{
			"Parse":       func() error { _, err := Parse("x.yaml", text); return err },
			"Format":      func() error { _, err := Format("x.yaml", text); return err },
			"ParseFaults": func() error { _, err := ParseFaults("x.yaml", text); return err },
		} {
			began := time.Now()
			if err := read(); err == nil {
				t.Errorf("%s accepts %q", what, opening)
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s of %q took %v", what, opening, took)
			}
		}
	}
}

// TestLongTexts reads texts that are longer than the first part: what the end of a part cuts must
// not count.
func TestLongTexts(t *testing.T) {
	const head = "channels: [{name: stable}]\n"
	for what, quoted := range map[string]string{
		"double quotes": "\"%s\"", "single quotes": "'%s'", "a comment": "1s # %s",
	} {
		for cut := -3; cut <= 3; cut++ {
			space := "# " + strings.Repeat("x", firstPart-len(head)-20-cut) + "\n"
			text := head + space + "behaviour: {ack: " + fmt.Sprintf(quoted, "? [[[ &a *b !c") + "}\n"
			p := new(problems)
			if tokens, ok := tokenize(p, text); !ok || len(tokens) == 0 {
				t.Errorf("%s, %d: %v", what, cut, p.err())
			}
		}
	}
}

func TestTooLarge(t *testing.T) {
	fsys := fstest.MapFS{"big.yaml": {Data: bytes.Repeat([]byte("#"), MaxSize+1)}}
	_, err := LoadFS(fsys, "big.yaml")
	want := "big.yaml:1:1: the file is larger than 8388608 bytes"
	if err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
	if _, err := LoadFS(fsys, "small.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that does not exist: %v", err)
	}
}
