package statedb

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"rollsim/reducer"
	"rollsim/trace"
)

// writerEnv makes the test binary act as the control plane, which writes to a database. Its value
// is the path of the database.
const writerEnv = "ROLLSIM_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerEnv); path != "" {
		if err := writer(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writer acts as the control plane: it executes statements from standard input, one per line, and
// confirms each.
func writer(path string) error {
	conn, err := sqlite3.Open(path)
	if err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		if err := conn.Exec(in.Text()); err != nil {
			return err
		}
		fmt.Println("ok")
	}
	if os.Getenv("ROLLSIM_TEST_CRASH") != "" {
		os.Exit(0) // without closing
	}
	return conn.Close()
}

type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(t *testing.T, path string, env ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(append(os.Environ(), writerEnv+"="+path), env...)
	p.in, _ = p.cmd.StdinPipe()
	out, _ := p.cmd.StdoutPipe()
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.end)
	return p
}

func (p *process) do(statement string) {
	p.t.Helper()
	fmt.Fprintln(p.in, statement)
	if line, err := p.out.ReadString('\n'); line != "ok\n" {
		p.t.Fatalf("%s: %s %v", statement, line, err)
	}
}

func (p *process) end() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

const addRow = `INSERT INTO event_log(ts, kind, payload) VALUES ('2026-05-16T18:00:00Z',` +
	` 'manifest_poll', '{"channel":"edge","outcome":"304","channel_ref":null}')`

// sample unpacks the sample's database into a temporary directory.
func sample(t testing.TB, name string) string {
	t.Helper()
	packed, err := os.ReadFile("../testdata/" + name + ".state.db.gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// folder returns the names and contents of the files in the directory of a database.
func folder(t *testing.T, path string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = fmt.Sprintf("%x", sha256.Sum256(data))
	}
	return all
}

// count reads a database with its tables and returns the number of rows.
func count(path string) (rows, rollouts, quarantines int, err error) {
	db, err := Open("state.db", path)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for {
		var row trace.Row
		if err := db.Next(&row); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return rows, 0, 0, err
		}
		rows++
	}
	if _, err = db.Rollouts(func(*reducer.Record) error { rollouts++; return nil }); err == nil {
		_, err = db.Quarantines(func(*trace.QuarantineRow) error { quarantines++; return nil })
	}
	return rows, rollouts, quarantines, err
}

const sampleRows = 4041

// check checks that a database has the rows of the sample and more others, and that reading it
// changes no file.
func check(t *testing.T, path string, more int) {
	t.Helper()
	before := folder(t, path)
	rows, rollouts, quarantines, err := count(path)
	if err != nil || rows != sampleRows+more || rollouts != 8 || quarantines != 5 {
		t.Errorf("%d rows, %d rollouts, %d quarantines, %v", rows, rollouts, quarantines, err)
	}
	if after := folder(t, path); !reflect.DeepEqual(after, before) {
		t.Errorf("after reading there is\n%v, before there was\n%v", after, before)
	}
}

func TestAtRest(t *testing.T) {
	path := sample(t, "sample-4")
	check(t, path, 0)
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	check(t, path, 0)
}

func TestThroughALink(t *testing.T) {
	path := sample(t, "sample-4")
	p := start(t, path)
	p.do(addRow)
	link := filepath.Join(t.TempDir(), "a link?with#odd%20name")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	if rows, _, _, err := count(link); rows != sampleRows+1 || err != nil {
		t.Errorf("%d rows, %v", rows, err)
	}
	check(t, link, 1)
}

func TestWhileItIsWritten(t *testing.T) {
	path := sample(t, "sample-4")
	p := start(t, path)
	p.do(addRow)
	p.do("BEGIN IMMEDIATE")
	p.do(addRow)
	check(t, path, 1) // uncommitted rows are not visible

	db, err := Open("state.db", path)
	if err != nil {
		t.Fatal(err)
	}
	var row trace.Row
	if err := db.Next(&row); err != nil {
		t.Fatal(err)
	}
	p.do("COMMIT") // the reader does not block the writer
	p.do(addRow)
	n := 1
	for err = db.Next(&row); err == nil; err = db.Next(&row) {
		n++
	}
	if n != sampleRows+1 || !errors.Is(err, io.EOF) {
		t.Errorf("%d rows, %v: not those at the beginning of the reading", n, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	check(t, path, 3)
	p.end()
	check(t, path, 3)
	if all := folder(t, path); len(all) != 1 {
		t.Errorf("after the writer has ended there are %v", all)
	}
}

func TestWriterEndsWhileItIsRead(t *testing.T) {
	path := sample(t, "sample-4")
	p := start(t, path)
	p.do(addRow)
	db, err := Open("state.db", path)
	if err != nil {
		t.Fatal(err)
	}
	p.end()
	before := folder(t, path)
	var row trace.Row
	n := 0
	for err = db.Next(&row); err == nil; err = db.Next(&row) {
		n++
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if n != sampleRows+1 || !errors.Is(err, io.EOF) || !reflect.DeepEqual(folder(t, path), before) {
		t.Errorf("%d rows, %v; before %v, after %v", n, err, before, folder(t, path))
	}
}

func TestWriterStartsWhileItIsRead(t *testing.T) {
	path := sample(t, "sample-4")
	db, err := Open("state.db", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	start(t, path).do(addRow)
	var row trace.Row
	for err = db.Next(&row); err == nil; err = db.Next(&row) {
		continue
	}
	if !strings.Contains(err.Error(), "another process wrote to the database while") {
		t.Error(err)
	}
}

func TestAfterACrash(t *testing.T) {
	path := sample(t, "sample-4")
	p := start(t, path, "ROLLSIM_TEST_CRASH=1")
	p.do(addRow)
	p.do("BEGIN")
	p.do(addRow)
	p.end()
	if len(folder(t, path)) != 3 {
		t.Fatal("the killed writer left no files", folder(t, path))
	}
	check(t, path, 1)
	if err := os.Remove(path + shmSuffix); err != nil {
		t.Fatal(err)
	}
	check(t, path, 1)
}

// TestCopied reads a copy of a database and its write-ahead log, without the shared memory.
func TestCopied(t *testing.T) {
	path := sample(t, "sample-4")
	p := start(t, path)
	p.do(addRow)
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := copyAll(path, to); err != nil {
		t.Fatal(err)
	}
	nothingStays(t, func() (*DB, error) { return Open("copy.db", to) })
	check(t, to, 1)
}

// TestStream reads a compressed database, from a private copy.
func TestStream(t *testing.T) {
	content, err := os.ReadFile(sample(t, "sample-4"))
	if err != nil {
		t.Fatal(err)
	}
	nothingStays(
		t,
		func() (*DB, error) { return OpenStream("state.db.gz", bytes.NewReader(content)) },
	)
	for name, in := range map[string]io.Reader{
		"the compressed data ends early": io.MultiReader(
			bytes.NewReader(content[:9000]), iotest.ErrReader(io.ErrUnexpectedEOF)),
		"the database is damaged: database disk image is malformed": bytes.NewReader(content[:9000]),
	} {
		if _, err := OpenStream("state.db.gz", in); !errors.As(err, new(*trace.ReadError)) ||
			err.Error() != "state.db.gz: "+name {
			t.Error(err)
		}
	}
}

// nothingStays checks that a private copy is removed as soon as it is open, so that it does not
// stay if the reader is killed. Windows cannot remove open files: there it checks the copy after
// Close.
func nothingStays(t *testing.T, open func() (*DB, error)) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); (err != nil || len(left) > 0) && runtime.GOOS != "windows" {
		t.Errorf("present while it is read: %v", left)
	}
	var row trace.Row
	for err = db.Next(&row); err == nil; err = db.Next(&row) {
		continue
	}
	if !errors.Is(err, io.EOF) || row.Seq < sampleRows {
		t.Error(row.Seq, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left in the temporary directory: %v", left)
	}
}

func TestEverythingInTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	p := start(t, path)
	p.do("PRAGMA journal_mode = wal")
	p.do("PRAGMA wal_autocheckpoint = 0")
	p.do("CREATE TABLE event_log (seq INTEGER PRIMARY KEY, ts TEXT, kind TEXT, host_id TEXT, " +
		"rollout_id TEXT, payload TEXT)")
	p.do(addRow)
	if is, err := IsDatabase(path); !is || err != nil {
		t.Error(is, err)
	}
	if rows, _, _, err := count(path); rows != 1 || err != nil {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestRollbackJournal(t *testing.T) {
	path := sample(t, "sample-4")
	p := start(t, path, "ROLLSIM_TEST_CRASH=1")
	p.do("PRAGMA journal_mode = delete")
	p.do(addRow)
	check(t, path, 1)
	p.do("PRAGMA cache_size = 1")
	p.do("BEGIN IMMEDIATE")
	p.do(addRow)
	p.do("UPDATE event_log SET payload = payload || ' '") // spills into the database
	p.end()
	check(t, path, 1)
}

func TestLocked(t *testing.T) {
	path := sample(t, "sample-4")
	p := start(t, path)
	p.do("PRAGMA journal_mode = delete")
	p.do("BEGIN EXCLUSIVE")
	began := time.Now()
	_, _, _, err := count(path)
	if err == nil || err.Error() != "state.db: another process has locked the database for more "+
		"than 2s: try again later" || time.Since(began) > 20*time.Second {
		t.Error(err, time.Since(began))
	}
}

func TestOtherDatabases(t *testing.T) {
	good := sample(t, "sample-4")
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func([]byte) []byte) func(string) error {
		return func(path string) error { return os.WriteFile(path, change(bytes.Clone(data)), 0o600) }
	}
	statements := func(all ...string) func(string) error {
		return func(path string) error {
			conn, err := sqlite3.Open(path)
			for _, s := range all {
				err = errors.Join(err, conn.Exec(s))
			}
			return errors.Join(err, conn.Close())
		}
	}
	const eventLog = "CREATE TABLE event_log (seq INTEGER PRIMARY KEY, ts, kind, host_id, " +
		"rollout_id, payload)"
	insert := func(values string) string { return "INSERT INTO event_log VALUES (" + values + ")" }
	for _, c := range []struct {
		name string
		make func(string) error
		want string
	}{
		{"no tables", statements("PRAGMA user_version = 1"), "state.db: expected the control plane's " +
			"database, with a table event_log; this one has no tables"},
		{"others", statements("CREATE TABLE users (id)", "CREATE TABLE cities (id)"),
			"this one has the tables cities, users"},
		{"another schema", statements("CREATE TABLE event_log (seq INTEGER PRIMARY KEY, at TEXT, kind " +
			"TEXT)"),
			"state.db: table event_log: expected a column ts, found only seq, at, kind"},
		{"integer", statements(eventLog, insert("1, 5, 'a', null, null, '{}'")), "seq 1: ts: expected " +
			"text, found an integer"},
		{"blob", statements(eventLog, insert("1, 'x', 'a', null, null, x'00'")), "seq 1: payload: " +
			"expected text, found a blob"},
		{"float", statements(eventLog, insert("-3, 'x', 'a', 1.5, null, ''")), "seq -3: host_id: " +
			"expected text, found a float"},
		{"no key", statements("CREATE TABLE event_log (seq, ts, kind, host_id, rollout_id, payload)",
			insert("'a', 'x', 'a', null, null, ''")),
			"seq: expected an integer, found text"},
		{"derived table", statements(eventLog, "CREATE TABLE rollouts (rollout_id, state)"),
			"state.db: table rollouts: expected a column channel, found only rollout_id, state"},
		{"state", statements(eventLog, "CREATE TABLE rollouts ("+strings.Join(rolloutColumns, ", ")+")",
			"INSERT INTO rollouts VALUES ('a', 'b', 'c', 'Paused', 0, null, null, "+
				"'2026-01-01T00:00:00Z', null, null)"),
			`state.db: table rollouts, row 1: state: expected a rollout state, found "Paused"`},
		{"wave", statements(eventLog, "CREATE TABLE rollouts ("+strings.Join(rolloutColumns, ", ")+")",
			"INSERT INTO rollouts VALUES ('a', 'b', 'c', 'Active', -1, null, null, "+
				"'2026-01-01T00:00:00Z', null, null)"),
			`state.db: table rollouts, row 1: current_wave: expected an integer from 0 to 4294967295,` +
				` found -1`},
		{"time", statements(eventLog, "CREATE TABLE quarantined_closures "+
			"("+strings.Join(quarantineColumns, ", ")+")",
			"INSERT INTO quarantined_closures VALUES ('a', 'b', 'yesterday', null)"),
			`state.db: table quarantined_closures,` +
				` row 1: quarantined_at: expected an RFC 3339 time such as`},
		{"cut off", changed(func(b []byte) []byte { return b[:len(b)/2] }), "state.db: the database " +
			"is damaged: "},
		{"header alone", changed(func(b []byte) []byte { return b[:18] }), "state.db: the database is " +
			"damaged: its header ends early"},
		{"garbage", changed(func(b []byte) []byte {
			for i := 4096; i < len(b); i++ {
				b[i] = byte(i * i >> 3)
			}
			return b
		}), "the database is damaged: "},
		{"garbage in the header", changed(func(b []byte) []byte {
			copy(b[16:], "\xff\xff\x02\x02\xff\xff\xff")
			return b
		}), "the database is damaged"},
	} {
		path := filepath.Join(t.TempDir(), "state.db")
		if err := c.make(path); err != nil {
			t.Fatal(c.name, err)
		}
		before := folder(t, path)
		_, _, _, err := count(path)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if after := folder(t, path); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: after reading there is %v", c.name, after)
		}
	}
	if _, err := Open("nowhere.db", filepath.Join(t.TempDir(), "nowhere.db")); err == nil ||
		!strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
}

// TestSampleEqualsItsExport compares the rows of a sample's database with the lines of its export.
func TestSampleEqualsItsExport(t *testing.T) {
	for _, name := range []string{"sample-4", "sample-6"} {
		packed, err := os.Open("../testdata/" + name + ".ndjson.gz")
		if err != nil {
			t.Fatal(err)
		}
		defer packed.Close()
		lines, err := trace.NewReader(name, packed)
		if err != nil {
			t.Fatal(err)
		}
		db, err := Open("state.db", sample(t, name))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		rows := trace.NewRowReader("state.db", db, db)
		for {
			want, err := lines.Read()
			got, also := rows.Read()
			if errors.Is(err, io.EOF) && errors.Is(also, io.EOF) {
				break
			}
			if err != nil || also != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s:%d: %v, %v\n%+v\n%+v", name, lines.Line(), err, also, got, want)
			}
		}
	}
}

// FuzzOpen checks that any file that begins like a database can be read or results in an error.
func FuzzOpen(f *testing.F) {
	path := filepath.Join(f.TempDir(), "small.db")
	conn, err := sqlite3.Open(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		"PRAGMA page_size = 512", "CREATE TABLE event_log (seq INTEGER PRIMARY KEY, ts TEXT, kind " +
			"TEXT, host_id TEXT, rollout_id TEXT, payload TEXT)",
		"CREATE TABLE rollouts (" + strings.Join(rolloutColumns, ", ") + ")",
		"CREATE TABLE quarantined_closures (" + strings.Join(quarantineColumns, ", ") + ")",
		addRow, addRow, "INSERT INTO rollouts VALUES ('a@b', 'a', 'b', 'Active', 0, null, null, " +
			"'2026-01-01T00:00:00Z', null, null)",
		"INSERT INTO quarantined_closures VALUES ('a', 'b', '2026-01-01T00:00:00Z', null)",
	} {
		if err := conn.Exec(s); err != nil {
			f.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(0), data[:0])
	f.Add(uint16(18), []byte("\x02\x02"))
	f.Add(uint16(100), []byte("\x05\x00\x00\x00\x01"))
	f.Add(uint16(520), []byte("\xff\xff\xff"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, at uint16, patch []byte) {
		changed := bytes.Clone(data)
		copy(changed[int(at)%len(changed):], patch)
		path := filepath.Join(dir, "state.db")
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if is, err := IsDatabase(path); err != nil || !is {
			return
		}
		_, _, _, _ = count(path)
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("after reading there is %v", entries)
		}
	})
}
