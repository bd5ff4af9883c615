package trace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"rollsim/reducer"
)

func zstdOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = z.Write(data)
	_ = z.Close()
	return b.Bytes()
}

// TestZstdWindow reads data whose window is above the limit, in the first frame and after a line.
func TestZstdWindow(t *testing.T) {
	// The magic number, a header with a window descriptor alone, and an empty last block.
	frame := func(exponent byte) []byte {
		return []byte{0x28, 0xb5, 0x2f, 0xfd, 0, (exponent - 10) << 3, 1, 0, 0}
	}
	line := fmt.Sprintf(logLine, "rollout_event", joined)
	const want = "the zstd data needs a window larger than 512 MiB, or is damaged"
	for _, c := range []struct {
		data []byte
		want string
	}{
		{frame(30), "t.ndjson:1: " + want},
		{frame(41), "t.ndjson:1: " + want},
		{append(zstdOf(t, []byte(strings.Repeat(line, 9000))), frame(30)...), "t.ndjson:9001: " + want},
		{append(zstdOf(t, []byte(line)), frame(29)...), "EOF"}, // at the limit
	} {
		r, err := NewReader("t.ndjson", bytes.NewReader(c.data))
		for err == nil {
			_, err = r.Read()
		}
		if err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// TestDocumentWithLongValue reads a rollout document of short events and a long value.
func TestDocumentWithLongValue(t *testing.T) {
	event := `{"seq":%d,"ts":"2026-05-16T01:00:00Z","kind":"metric","host":null,"payload":"`
	for what, c := range map[string]struct{ before, want string }{
		"an event": {`{"rollout_id":"a@b","events":[` + fmt.Sprintf(event, 1) + `"},` +
			fmt.Sprintf(event, 2), "d.json: event 2: a value is longer than 64 MiB"},
		"all events": {`{"events":[` + fmt.Sprintf(event, 1), "d.json: a value is longer than 64 MiB"},
	} {
		in := io.MultiReader(strings.NewReader(c.before), io.LimitReader(endlessly('x'), 1<<40))
		r, err := NewReader("d.json", in)
		for err == nil {
			_, err = r.Read()
		}
		if err.Error() != c.want {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestReadZstd(t *testing.T) {
	plain := write(t, zoo())
	packed := zstdOf(t, plain)
	want, _, _ := read(plain)
	got, r, err := read(packed)
	if err != nil || len(r.Breaches()) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d entries, %v, %v", len(got), r.Breaches(), err)
	}
	if _, _, err = read(packed[:len(packed)-20]); err == nil ||
		!strings.HasSuffix(err.Error(), "the compressed data ends early") {
		t.Errorf("cut off: %v", err)
	}
	packed[len(packed)-1] ^= 1
	if _, _, err = read(packed); err == nil ||
		!strings.Contains(err.Error(), "the zstd data is damaged") {
		t.Errorf("damaged: %v", err)
	}
}

// documentOf returns the rollout document with the events of a rollout's log.
func documentOf(t testing.TB, id reducer.RolloutID, entries []Entry) string {
	t.Helper()
	var events []string
	for i := range entries {
		if entries[i].Rollout != id {
			continue
		}
		line := string(appendEntry(nil, &entries[i])) + "}"
		events = append(events, strings.Replace(line, fmt.Sprintf(`,"rollout":"%s"`, id), "", 1))
	}
	return fmt.Sprintf(`{"rollout_id":"%s","events":[%s]}`, id, strings.Join(events, ","))
}

// lone returns the entries of the zoo without the header.
func lone() []Entry {
	return slices.DeleteFunc(zoo(), func(e Entry) bool { return e.Kind == KindHeader })
}

func TestReadDocument(t *testing.T) {
	const id = "stable@a1"
	want := slices.DeleteFunc(lone(), func(e Entry) bool { return e.Rollout != id })
	text := documentOf(t, id, lone())
	parts := strings.SplitN(strings.TrimSuffix(text, "}"), `"events":`, 2)
	for name, text := range map[string]string{
		"compact":      text,
		"mark, spaces": "\xef\xbb\xbf\n " + strings.ReplaceAll(text, `,"ts"`, ` , "ts"`) + "\n",
		"events first": `{"events":` + parts[1] + `,"rollout_id":"` + id + `"}`,
		"unknown members": `{"next":{"seq":[1]},"rollout_id":"` + id + `","events":` + parts[1] +
			`,"more":false}`,
		"unknown and sorted": `{"a":1,"events":` + parts[1] + `,"more":false,"rollout_id":"` + id + `"}`,
		"zstd":               string(zstdOf(t, []byte(text))),
	} {
		for _, in := range []io.Reader{strings.NewReader(text),
			iotest.OneByteReader(strings.NewReader(text))} {
			r, err := NewReader("t.json", in)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var got Collector
			for {
				e, err := r.Read()
				if err != nil {
					if !errors.Is(err, io.EOF) {
						t.Errorf("%s: %v", name, err)
					}
					break
				}
				if r.Line() != len(got.Entries)+1 {
					t.Errorf("%s: event %d has number %d", name, len(got.Entries)+1, r.Line())
				}
				_ = got.Write(e)
			}
			if !r.IsDocument() || !reflect.DeepEqual(got.Entries, want) {
				t.Errorf("%s: %d entries of %d", name, len(got.Entries), len(want))
			}
			unknown := strings.Count(text, `"more"`) + strings.Count(text, `"next"`) +
				strings.Count(text, `"a":1`)
			if r.Passed().Fields != uint64(unknown) {
				t.Errorf("%s: unknown %+v", name, r.Passed())
			}
		}
	}
	if got, _, err := read([]byte(`{"rollout_id":"r","events":[]}`)); err != nil || len(got) != 0 {
		t.Errorf("empty: %d entries, %v", len(got), err)
	}
}

func TestDocumentErrors(t *testing.T) {
	event := `{"seq":7,"ts":"2026-05-16T01:00:00Z","kind":"rollout_event","host":null,"payload":` +
		joined + `}`
	document := func(events string) string { return `{"rollout_id":"r","events":[` + events + `]}` }
	for _, c := range []struct{ in, want string }{
		{`{"rollout_id":null,"events":[]}`, "t.ndjson: rollout_id: expected a string, found null"},
		{`{"rollout_id":"r"}`, "t.ndjson: events: expected a list of entries, found nothing"},
		{`{"events":[]}`, "t.ndjson: rollout_id: expected a string, found nothing"},
		{`{"rollout_id":"r","events":{"a":1}}`, `t.ndjson: events: expected a list of entries,` +
			` found {"a":1}`},
		{`{"rollout_id":"r","rollout_id":"r","events":[]}`,
			`t.ndjson: expected a rollout document: duplicate object member name "rollout_id"`},
		{document(event) + "{}", "t.ndjson: expected one rollout document, found more after it"},
		{document(event) + "x", "t.ndjson: expected a rollout document: invalid character 'x'"},
		{document(event + "," + event)[:300], "t.ndjson: event 2: expected a rollout document: it " +
			"ends early"},
		{document(event)[:len(document(event))-1], "t.ndjson: expected a rollout document: it ends " +
			"early"},
		{document(event + `,` + strings.Replace(event, `"wave":0`, `"wave":-1`, 1)),
			"t.ndjson: event 2: seq 7: payload.wave: expected an integer from 0 to 4294967295, found -1"},
		{document(event + ",5"), "t.ndjson: event 2: expected a JSON object, found 5"},
		{document(event + "]"), "t.ndjson: expected a rollout document: invalid character ']'"},
		{document(strings.Repeat("[", 20_000)), "t.ndjson: event 1: expected a rollout document: " +
			"exceeded max depth"},
		{document("\"\xff\""), "t.ndjson: event 1: expected a rollout document: invalid UTF-8"},
	} {
		_, _, err := read([]byte(c.in))
		if !errors.As(err, new(*ReadError)) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", clip([]byte(c.in)), err, c.want)
		}
	}
}

// TestAhead checks that a reader returns the same entries and errors with and without Ahead.
func TestAhead(t *testing.T) {
	log := write(t, lone())
	many := bytes.Repeat(log, 200)
	sealed := write(t, zoo())
	for name, data := range map[string][]byte{
		"sealed": sealed, "one": log[:bytes.IndexByte(log, '\n')+1], "many": many,
		"torn":     many[:len(many)-7],
		"bad line": slices.Concat(many, []byte("hello\n"), many),
		"cut off":  sealed[:bytes.LastIndexByte(sealed[:len(sealed)-1], '\n')+1],
		"sample":   plainSample(t, "sample-4"), "document": []byte(documentOf(t, "stable@a1", lone())),
		"trailing": slices.Concat(sealed, log),
	} {
		all := func(ahead bool) (Collector, error, Passed, []Breach) {
			r, err := NewReader("t", bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if ahead {
				r.Ahead()
			}
			defer r.Close()
			var c Collector
			for {
				e, err := r.Read()
				if err != nil {
					if _, again := r.Read(); !errors.Is(again, err) {
						t.Errorf("%s: the next Read returns %v", name, again)
					}
					return c, err, r.Passed(), r.Breaches()
				}
				_ = c.Write(e)
			}
		}
		want, wantErr, wantPassed, wantBreaches := all(false)
		got, err, passed, breaches := all(true)
		if !reflect.DeepEqual(got, want) || err.Error() != wantErr.Error() ||
			!reflect.DeepEqual(breaches, wantBreaches) {
			t.Errorf(
				"%s: %d of %d entries, %v, want %v", name, len(got.Entries), len(want.Entries), err, wantErr,
			)
		}
		if errors.Is(err, io.EOF) && passed != wantPassed {
			t.Errorf("%s: unknown %v, want %v", name, passed, wantPassed)
		}
	}
}

func TestClosedEarly(t *testing.T) {
	r, err := NewReader("t", bytes.NewReader(bytes.Repeat(write(t, lone()), 1000)))
	if err != nil {
		t.Fatal(err)
	}
	r.Ahead()
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	closed := 0
	r.OnClose(func() error { closed++; return nil })
	if err := errors.Join(r.Close(), r.Close()); err != nil || closed != 1 {
		t.Error(err, closed)
	}
	if _, err := r.Read(); err == nil {
		t.Error("Read succeeds after Close")
	}
}

func TestConcatenate(t *testing.T) {
	entries := lone()
	for _, ahead := range []bool{false, true} {
		opened := 0
		part := func(name string, entries []Entry) func() (*Reader, error) {
			return func() (*Reader, error) {
				opened++
				return NewReader(name, bytes.NewReader(write(t, entries)))
			}
		}
		r := Concatenate(part("a", entries[:5]), part("b", entries[5:9]), part("c", entries[9:]))
		if ahead {
			r.Ahead()
		}
		var got Collector
		for {
			e, err := r.Read()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				break
			}
			if opened == 3 && len(got.Entries) < 9 {
				t.Error("all inputs are open at once")
			}
			if len(got.Entries) == 6 && (r.File() != "b" || r.Line() != 2) {
				t.Errorf("%s:%d", r.File(), r.Line())
			}
			_ = got.Write(e)
		}
		_, alone, _ := read(write(t, entries))
		if !reflect.DeepEqual(got.Entries, entries) || r.Passed() != alone.Passed() || r.Close() != nil {
			t.Errorf("%d of %d entries, unknown %v", len(got.Entries), len(entries), r.Passed())
		}
	}
	r := Concatenate(
		func() (*Reader, error) { return NewReader("a", bytes.NewReader(write(t, zoo()))) },
	)
	const refusal = "a: a simulated trace cannot be read together with other inputs: name it alone"
	if _, err := r.Read(); err == nil || err.Error() != refusal {
		t.Error(err)
	}
	r = Concatenate(func() (*Reader, error) { return NewReader("a", strings.NewReader("")) })
	if _, err := r.Read(); err == nil || err.Error() != "a: expected a trace, found nothing" {
		t.Error(err)
	}
}

func TestMerge(t *testing.T) {
	var readers []*Reader
	var got Collector
	entries := lone()
	for i := range entries {
		entries[i].Seq = uint64(i)
	}
	for _, id := range []reducer.RolloutID{"stable@b2", "stable@a1"} {
		for i := range entries {
			if i%3 == 0 {
				entries[i].Rollout = "stable@b2"
			} else {
				entries[i].Rollout = "stable@a1"
			}
		}
		r, err := NewReader(string(id), strings.NewReader(documentOf(t, id, entries)))
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	r := Merge(readers...)
	for {
		e, err := r.Read()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			break
		}
		if r.File() != string(e.Rollout) {
			t.Errorf("%s is from %s", e.Rollout, r.File())
		}
		_ = got.Write(e)
	}
	if !reflect.DeepEqual(got.Entries, entries) {
		t.Errorf("%d of %d entries", len(got.Entries), len(entries))
	}
}
