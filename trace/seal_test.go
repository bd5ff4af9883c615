package trace

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// lines splits a trace into lines without newlines.
func lines(data []byte) []string {
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func TestSeal(t *testing.T) {
	whole := lines(write(t, zoo()))
	last := len(whole) - 1 // the index of the end line, and its seq
	replace := func(i int, old, new string) func([]string) []string {
		return func(l []string) []string {
			if strings.Count(l[i], old) != 1 {
				t.Fatalf("line %d has no single %s: %s", i+1, old, l[i])
			}
			l[i] = strings.Replace(l[i], old, new, 1)
			return l
		}
	}
	for _, c := range []struct {
		name   string
		change func([]string) []string
		want   string
	}{
		{"nothing", func(l []string) []string { return l }, ""},
		{"removed", func(l []string) []string { return append(l[:7:7], l[8:]...) },
			"entry 7 is missing: line 8 has seq 8"},
		{"two removed", func(l []string) []string { return append(l[:7:7], l[9:]...) },
			"entries 7 to 8 are missing: line 8 has seq 9"},
		{"last removed", func(l []string) []string { return append(l[:last-1:last-1], l[last]) },
			fmt.Sprintf("entry %d is missing: line %d has seq %d", last-1, last, last)},
		{"repeated", func(l []string) []string { return append(l[:8:8], l[7:]...) },
			"entry 7 occurs twice, on lines 8 and 9"},
		{"repeated later", func(l []string) []string { return slices.Insert(l, 20, l[7]) },
			"entry 7 occurs twice, the second time on line 21"},
		{"swapped", func(l []string) []string { l[7], l[8] = l[8], l[7]; return l },
			"entry 7 is missing: line 8 has seq 8\nentry 7 comes after entry 8, on line 9"},
		{"seq changed", replace(7, `"seq":7`, `"seq":70`), "entry 7 (line 8): changed after it was " +
			"written: its content does not match its sum"},
		{"changed", replace(2, `"wave":4294967295`, `"wave":0`),
			"entry 2 (line 3): changed after it was written: its content does not match its sum"},
		{"header changed", replace(0, `"retentionSeconds":60,`, `"retentionSeconds":61,`),
			"entry 0 (line 1): changed after it was written: its content does not match its sum"},
		{"end line changed", replace(last, fmt.Sprintf(`"entries":%d`, last-1), `"entries":1`),
			fmt.Sprintf("entry %d (line %d): changed after it was written: its content does not match "+
				"its sum", last, last+1)},
		{"host added", replace(1, `"host":null`, `"host":"h"`),
			"entry 1 (line 2): changed after it was written: its content does not match its sum"},
		{"payload field added", replace(5, `"payload":{`, `"payload":{"color":"red",`),
			"entry 5 (line 6): changed after it was written: its content does not match its sum"},
		{"field added", replace(5, `"payload":{`, `"color":"red","payload":{`),
			"entry 5 (line 6): changed after it was written: it has content that its sum does not cover"},
		{"constant changed", replace(17, switchMethod, "reboot"),
			"entry 17 (line 18): changed after it was written: its content does not match its sum"},
		{"sum removed", func(l []string) []string {
			l[4] = l[4][:strings.Index(l[4], `,"sum"`)] + "}"
			return l
		}, "entry 4 (line 5): changed after it was written: it has no sum"},
		{"line added", func(l []string) []string { return append(l, l[3]) },
			fmt.Sprintf("line %d follows the end line", last+2)},
		{"no JSON added", func(l []string) []string { return append(l, "hello") },
			fmt.Sprintf("line %d follows the end line", last+2)},
		{"two changes", func(l []string) []string {
			return replace(10, `"wave":2`, `"wave":3`)(replace(3, "web", "db")(l))
		},
			"entry 3 (line 4): changed after it was written: its content does not match its sum\n" +
				"entry 10 (line 11): changed after it was written: its content does not match its sum"},
		{"spelt again", func(l []string) []string {
			for i := range l {
				v := jsontext.Value(l[i])
				if err := v.Canonicalize(); err != nil {
					t.Fatal(err)
				}
				if err := v.Format(jsontext.SpaceAfterColon(true), jsontext.SpaceAfterComma(true)); err != nil {
					t.Fatal(err)
				}
				if bytes.Contains(v, []byte("18446744073709552000")) {
					// RFC 8785 rounds integers beyond 2^53, such as the seed.
					v = bytes.Replace(v, []byte("18446744073709552000"), []byte("18446744073709551615"), 1)
				}
				l[i] = string(v)
			}
			return l
		}, ""},
		{"blank lines", func(l []string) []string { return append(append(l[:7:7], "", " "), l[7:]...) },
			""},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := c.change(append([]string(nil), whole...))
			_, r, err := read([]byte(strings.Join(changed, "\n") + "\n"))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, b := range r.Breaches() {
				got = append(got, b.String())
			}
			if s := strings.Join(got, "\n"); s != c.want {
				t.Errorf("\n got %s\nwant %s", s, c.want)
			}
		})
	}
}

// TestSealOfConsistentForgery changes an entry or the end line together with its sum, so that only
// the end line shows the change.
func TestSealOfConsistentForgery(t *testing.T) {
	all := zoo()
	original := lines(write(t, all))
	last := len(all)

	changed := append([]string(nil), original...)
	all[2].Event.Wave = 7
	changed[2] = lines(write(t, all))[2]

	miscounted := append([]string(nil), original...)
	entries, _, err := read([]byte(strings.Join(original, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	end := entries[last]
	end.End.Entries++
	miscounted[last] = string(appendSum(appendEntry(nil, &end), new(Digest).add(&end)))

	for name, forged := range map[string][]string{"changed": changed, "miscounted": miscounted} {
		_, r, err := read([]byte(strings.Join(forged, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		b := r.Breaches()
		if len(b) != 1 || b[0].Kind != Miscounted ||
			!strings.HasPrefix(b[0].String(),
				fmt.Sprintf("entry %d (line %d), the end line: it counts ", last, last+1)) {
			t.Errorf("%s: breaches %v", name, b)
		}
	}
}
