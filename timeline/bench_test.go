package timeline_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"rollsim/internal/longlog"
	"rollsim/logs/replay"
	"rollsim/timeline"
	"rollsim/trace/input"
)

// BenchmarkIndex compares the time for the index of a long log with that for a replay of the same
// file, and measures jumps to random entries. -short takes a tenth of a million entries.
func BenchmarkIndex(b *testing.B) {
	entries := 1_000_000
	if testing.Short() {
		entries /= 10
	}
	name := longFile(b, entries)
	var replays, builds []time.Duration
	var x *timeline.Index
	for b.Loop() {
		began := time.Now()
		r, err := input.Open(nil, name)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := replay.Run(r, replay.Options{}); err != nil {
			b.Fatal(err)
		}
		replays = append(replays, time.Since(began))

		x = nil
		runtime.GC()
		began = time.Now()
		if r, err = input.Open(nil, name); err != nil {
			b.Fatal(err)
		}
		r.Ahead()
		if x, err = timeline.Build(r, timeline.Options{}); err != nil {
			b.Fatal(err)
		}
		builds = append(builds, time.Since(began))
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(slices.Min(builds))/float64(slices.Min(replays)), "times-replay")
	b.ReportMetric(float64(x.Len())/slices.Min(builds).Seconds()/1e6, "Mentries/s")

	c := x.Cursor()
	draw := rand.New(rand.NewPCG(1, 2))
	var jumps []time.Duration
	for range 1000 {
		n := draw.IntN(x.Len() + 1)
		began := time.Now()
		c.Go(n)
		if _, err := c.Entry(); err != nil {
			b.Fatal(err)
		}
		jumps = append(jumps, time.Since(began))
	}
	slices.Sort(jumps)
	b.ReportMetric(float64(jumps[990])/1e6, "p99-jump-ms")

	runtime.GC()
	var with, without runtime.MemStats
	runtime.ReadMemStats(&with)
	runtime.KeepAlive(x)
	x, c = nil, nil
	runtime.GC()
	runtime.ReadMemStats(&without)
	b.ReportMetric(float64(with.HeapAlloc-without.HeapAlloc)/(1<<20), "MiB-index")
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, after, _ := bytes.Cut(status, []byte("VmHWM:"))
		var kib float64
		if _, err := fmt.Sscan(string(after), &kib); err == nil {
			b.ReportMetric(kib/1024, "MiB-peak")
		}
	}
}

// longFile writes a long log to a file.
func longFile(b *testing.B, entries int) string {
	b.Helper()
	short, err := longlog.Read("../trace/testdata/sample-6.ndjson.gz")
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(b.TempDir(), "log.ndjson")
	out, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := longlog.Write(out, short, entries, 1); err != nil {
		b.Fatal(err)
	}
	if err := out.Close(); err != nil {
		b.Fatal(err)
	}
	return name
}
