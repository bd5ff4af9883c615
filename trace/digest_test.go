package trace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"github.com/cespare/xxhash/v2"

	"rollsim/reducer"
)

// eachLeaf changes every number, string and flag within v, one after the other, and calls changed
// after each change.
func eachLeaf(v reflect.Value, changed func(v reflect.Value, path string)) {
	eachLeafOf(v, "", changed)
}

func eachLeafOf(v reflect.Value, path string, changed func(reflect.Value, string)) {
	switch kind := v.Kind(); {
	case kind == reflect.Pointer:
		if !v.IsNil() {
			eachLeafOf(v.Elem(), path, changed)
		}
		return
	case kind == reflect.Struct:
		for i := range v.NumField() {
			eachLeafOf(v.Field(i), path+"."+v.Type().Field(i).Name, changed)
		}
		return
	case kind == reflect.Slice:
		for i := range v.Len() {
			eachLeafOf(v.Index(i), fmt.Sprintf("%s[%d]", path, i), changed)
		}
		return
	case kind == reflect.String:
		v.SetString(v.String() + "x")
	case kind == reflect.Bool:
		v.SetBool(!v.Bool())
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	case v.CanUint():
		v.SetUint(v.Uint() + 1)
	default:
		panic("a field of an unknown kind: " + path)
	}
	changed(v, path)
}

func TestDigestDependsOnEveryField(t *testing.T) {
	all := append(zoo(),
		Entry{Kind: KindOther, Other: "metric", Raw: []byte("{}")}, Entry{Kind: KindEnd, End: &End{}})
	for _, e := range all {
		c := e.Clone()
		last := content(&c)
		leaves := 0
		eachLeaf(reflect.ValueOf(&c).Elem(), func(_ reflect.Value, path string) {
			leaves++
			now := content(&c)
			if bytes.Equal(now, last) {
				t.Errorf("%v: changing %s does not change the digest", e.Kind, path)
			}
			last = now
		})
		if leaves < 5 {
			t.Errorf("%v: only %d fields changed", e.Kind, leaves)
		}
	}
}

func TestContentSeparatesFields(t *testing.T) {
	a := Entry{Kind: KindRolloutEvent, Host: "ab", Rollout: "c"}
	b := Entry{Kind: KindRolloutEvent, Host: "a", Rollout: "bc"}
	if bytes.Equal(content(&a), content(&b)) {
		t.Error("moving a letter to the next field does not change the content")
	}
}

func TestOneDigestEverywhere(t *testing.T) {
	all := zoo()
	var digest Digest
	var ndjson, text bytes.Buffer
	w, x := NewWriter(&ndjson), NewText(&text, TransitionsOnly)
	for i := range all {
		for _, sink := range []Sink{&digest, w, x} {
			if err := sink.Write(&all[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	entries, _, err := read(ndjson.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	var again Digest
	for i := range entries {
		_ = again.Write(&entries[i])
	}
	end := entries[len(entries)-1].End
	want := fmt.Sprintf("# entries %d digest %s\n", len(all)-1, digest.Sum())
	if again.Sum() != digest.Sum() || end.Digest != digest.Sum() ||
		end.Entries != uint64(len(all)-1) ||
		!bytes.HasSuffix(text.Bytes(), []byte(want)) {
		t.Errorf(
			"digest %s, read again %s, end line %+v, text %s", digest.Sum(), again.Sum(), end, text.Bytes(),
		)
	}
}

func TestDigestIsPinned(t *testing.T) {
	all := zoo()
	// Goldens and traces depend on the digest: a change of it needs a new FormatVersion. The last
	// entries came later than the others: three orders of an operator, and two changes of the fleet.
	for length, want := range map[int]string{
		len(all) - 5: "2b964e9bebde1841", len(all) - 2: "b9c5d3c6f220b2c0",
		len(all): "7da1af32a2d20322",
	} {
		var digest Digest
		for i := range all[:length] {
			_ = digest.Write(&all[i])
		}
		if got := digest.Sum(); got != want {
			t.Errorf("digest of %d entries %s", length, got)
		}
	}
	if got := new(Digest).Sum(); got != "ef46db3751d8e999" {
		t.Errorf("digest of an empty trace %s", got)
	}
}

func TestInvalidUTF8DigestsAsWritten(t *testing.T) {
	all := zoo()[:2]
	all[1].Event.Channel = "st\xffable\xfe\xfd"
	entries, r, err := read(write(t, all))
	if err != nil || len(r.Breaches()) > 0 {
		t.Fatal(err, r.Breaches())
	}
	if got := entries[1].Event.Channel; got != "st\ufffdable\ufffd\ufffd" {
		t.Errorf("read as %q", got)
	}
}

func BenchmarkEncode(b *testing.B) { benchmarkSink(b, NewWriter(io.Discard)) }
func BenchmarkDigest(b *testing.B) { benchmarkSink(b, new(Digest)) }
func BenchmarkText(b *testing.B)   { benchmarkSink(b, NewText(io.Discard, Full)) }

func benchmarkSink(b *testing.B, s Sink) {
	entries, _, err := read(sample(b, "sample-4"))
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		for i := range entries {
			_ = s.Write(&entries[i])
		}
		n += len(entries)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
}

func BenchmarkRead(b *testing.B) {
	entries, _, err := read(sample(b, "sample-4"))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkRead(b, write(b, entries))
}

func BenchmarkReadSealed(b *testing.B) {
	entries, _, err := read(sample(b, "sample-4"))
	if err != nil {
		b.Fatal(err)
	}
	benchmarkRead(b, write(b, append(zoo()[:1], entries...)))
}

func benchmarkRead(b *testing.B, data []byte) {
	n := 0
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r, err := NewReader("t.ndjson", bytes.NewReader(data))
		for err == nil {
			_, err = r.Read()
			n++
		}
		if !errors.Is(err, io.EOF) || len(r.Breaches()) > 0 {
			b.Fatal(err, r.Breaches())
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
}

// content returns the fields of an entry as a digest adds them.
func content(e *Entry) []byte {
	var host, rollout encoded
	host.set(string(e.Host))
	rollout.set(string(e.Rollout))
	return appendContent(nil, e, &host, &rollout)
}

// TestDigestIsTheHashOfHashes compares digests with their definition, for lengths around those at
// which hashes are added together, with a look at the sum after some entries, and with hosts and
// rollouts that are repeated or not valid UTF-8.
func TestDigestIsTheHashOfHashes(t *testing.T) {
	names := []string{"a", "a", "\xff", "\xff", "\uFFFD", "", "b"}
	for _, n := range []int{0, 1, 31, 32, 33, 64, 65, 200} {
		var digest Digest
		var sums []byte
		for i := range n {
			e := Entry{
				Seq: uint64(i), Kind: KindGateDecision, Host: reducer.HostID(names[i%len(names)]),
				Rollout: reducer.RolloutID(names[i/2%len(names)]), Gate: &GateDecision{Host: "\xff"},
			}
			_ = digest.Write(&e)
			sums = binary.LittleEndian.AppendUint64(sums, xxhash.Sum64(content(&e)))
			if i%7 == 0 || i == n-1 {
				want := fmt.Sprintf("%016x", xxhash.Sum64(sums))
				if got := digest.Sum(); got != want {
					t.Fatalf("after %d of %d entries it is %s, want %s", i+1, n, got, want)
				}
			}
		}
		if n == 0 && digest.Sum() != fmt.Sprintf("%016x", xxhash.Sum64(nil)) {
			t.Errorf("the digest of no entries is %s", digest.Sum())
		}
	}
}
