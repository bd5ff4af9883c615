//go:build unix

package replay

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/ncruces/go-sqlite3"

	"rollsim/internal/longlog"
	"rollsim/trace"
	"rollsim/trace/input"
)

// benchEntries is how long the logs are on which BenchmarkReplay is run; -short takes a tenth.
const benchEntries = 2_000_000

// BenchmarkReplay replays a long log in each form, and for comparison only reads it, on one core
// and on two. It reports entries per second, and entries per second of processor time of all cores,
// which other work on the machine changes less.
func BenchmarkReplay(b *testing.B) {
	entries := benchEntries
	if testing.Short() {
		entries /= 10
	}
	for _, sample := range []string{"sample-4", "sample-6", "shipped-11"} {
		b.Run(sample, func(b *testing.B) {
			name := sample + ".ndjson.gz"
			if strings.HasPrefix(sample, "shipped") {
				name = "../../logs/replay/testdata/" + name
			}
			log := longFiles(b, name, entries)
			measure := func(name, path string, cores int, do func(path string) (uint64, error)) {
				b.Run(fmt.Sprintf("%s/cores=%d", name, cores), func(b *testing.B) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
					b.SetBytes(log.size)
					var n uint64
					before := used()
					for b.Loop() {
						got, err := do(path)
						if err != nil || got < uint64(entries) {
							b.Fatalf("%d entries: %v", got, err)
						}
						n += got
					}
					b.ReportMetric(float64(n)/b.Elapsed().Seconds()/1e6, "Mentries/s")
					b.ReportMetric(float64(n)/(used()-before).Seconds()/1e6, "Mentries/cpu-s")
				})
			}
			measure("lines", log.ndjson, 1, readLines)
			measure("encoding-json", log.ndjson, 1, readMaps)
			for _, cores := range []int{1, 2} {
				measure("ndjson", log.ndjson, cores, replayAll)
				measure("gzip", log.gzip, cores, replayAll)
				measure("state.db", log.db, cores, replayAll)
			}
		})
	}
}

// BenchmarkMemory replays a log of 1,008 hosts that is never stored, and reports the peak memory of
// the process. It is to be run alone, on Linux.
func BenchmarkMemory(b *testing.B) {
	entries := 10_000_000
	if testing.Short() {
		entries /= 10
	}
	for b.Loop() {
		in, out := io.Pipe()
		go func() {
			_, err := longlog.Write(out, plain(b, "sample-6.ndjson.gz"), entries, 63)
			out.CloseWithError(err)
		}()
		r, err := trace.NewReader("a long log", in)
		if err != nil {
			b.Fatal(err)
		}
		if got, err := Run(r, Options{}); err != nil || got.Entries < uint64(entries) ||
			len(got.Groups) > 0 {
			b.Fatalf("%d entries, %v: %v", got.Entries, got.Groups, err)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Skip(err)
	}
	var kib float64
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(after, &kib); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(kib/1024, "MiB-peak")
}

// used returns the processor time that the process has used.
func used() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func replayAll(path string) (uint64, error) {
	r, err := input.Open(nil, path)
	if err != nil {
		return 0, err
	}
	result, err := Run(r, Options{})
	return result.Entries, err
}

// readLines reads the lines of a file.
func readLines(path string) (n uint64, err error) {
	return eachLine(path, func([]byte) error { return nil })
}

// readMaps decodes each line of a file into a map.
func readMaps(path string) (n uint64, err error) {
	return eachLine(path, func(line []byte) error {
		var m map[string]any
		return json.Unmarshal(line, &m)
	})
}

func eachLine(path string, do func([]byte) error) (n uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in := bufio.NewScanner(f)
	for ; in.Scan() && err == nil; n++ {
		err = do(in.Bytes())
	}
	return n, errors.Join(err, in.Err())
}

type longFile struct {
	ndjson, gzip, db string
	size             int64 // of the NDJSON, in bytes
}

// longFiles writes one log in each of the forms that are measured.
func longFiles(b *testing.B, sample string, entries int) longFile {
	b.Helper()
	dir := b.TempDir()
	log := longFile{
		ndjson: filepath.Join(dir, "log.ndjson"),
		gzip:   filepath.Join(dir, "log.gz"),
		db:     filepath.Join(dir, "state.db"),
	}
	ndjson, err := os.Create(log.ndjson)
	if err != nil {
		b.Fatal(err)
	}
	packed, err := os.Create(log.gzip)
	if err != nil {
		b.Fatal(err)
	}
	z := gzip.NewWriter(packed)
	rows, lines := io.Pipe()
	stored := make(chan error, 1)
	go func() {
		err := store(log.db, rows)
		rows.CloseWithError(err)
		stored <- err
	}()
	_, err = longlog.Write(io.MultiWriter(ndjson, z, lines), plain(b, sample), entries, 1)
	lines.CloseWithError(err)
	if err := errors.Join(err, <-stored, z.Close(), packed.Close(), ndjson.Close()); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(log.ndjson)
	if err != nil {
		b.Fatal(err)
	}
	log.size = info.Size()
	return log
}

// store stores the lines of a log in a database as a control plane does.
func store(path string, lines io.Reader) error {
	db, err := sqlite3.Open(path)
	if err != nil {
		return err
	}
	defer db.Close()
	err = db.Exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN;
		CREATE TABLE event_log(
			seq INTEGER PRIMARY KEY, ts TEXT, kind TEXT, host_id TEXT, rollout_id TEXT, payload TEXT
		)`)
	if err != nil {
		return err
	}
	insert, _, err := db.Prepare(`INSERT INTO event_log
		SELECT ?1->>'seq', ?1->>'ts', ?1->>'kind', ?1->>'host', ?1->>'rollout', ?1->'payload'`)
	if err != nil {
		return err
	}
	defer insert.Close()
	in := bufio.NewScanner(lines)
	for in.Scan() {
		if err := insert.BindText(1, in.Text()); err != nil {
			return err
		}
		insert.Step()
		if err := insert.Reset(); err != nil {
			return err
		}
	}
	return errors.Join(in.Err(), db.Exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)"))
}
