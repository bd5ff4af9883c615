package trace

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func BenchmarkReadLog(b *testing.B) {
	data := bytes.Repeat(plainSample(b, "sample-4"), 50)
	b.SetBytes(int64(len(data)))
	n := 0
	for b.Loop() {
		r, err := NewReader("t", bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := r.Read(); err != nil {
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
				break
			}
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
}
