package statedb

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ncruces/go-sqlite3"

	"rollsim/internal/scratch"
	"rollsim/trace"
)

// The suffixes of the files next to a database.
const (
	walSuffix     = "-wal"
	shmSuffix     = "-shm"
	journalSuffix = "-journal"
)

// Files returns the names of the files that SQLite may keep next to a database.
func Files(path string) []string {
	return []string{path + walSuffix, path + shmSuffix, path + journalSuffix}
}

// A database is in WAL mode if its header has walVersion at readVersionAt.
const (
	readVersionAt = 19
	walVersion    = 2
)

// open opens a database without changing it or the files next to it.
//
// A database in use has a -wal and a -shm. SQLite writes to the -shm, even in mode ro, so open
// reads a private copy of the database and its -wal. It also copies a database with the journal of
// a transaction that a crash interrupted. Without a -wal the main file alone is complete, and open
// reads it as immutable, because SQLite would otherwise create a -wal and a -shm.
func open(path string) (*DB, error) {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	for _, name := range Files(path) {
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is not a regular file", filepath.Base(name))
		}
	}
	wal, err := inWALMode(path)
	if err != nil {
		return nil, err
	}
	switch {
	case wal && size(path+walSuffix) > 0, !wal && size(path+journalSuffix) > 0:
		return openCopy(path)
	case wal:
		found := &snapshot{path: path, files: look(path)}
		db, err := connectAtRest(path)
		if err != nil {
			return nil, err
		}
		db.found = found
		switch {
		case exists(path + walSuffix):
		case exists(path + shmSuffix):
			db.notes = append(db.notes, noteLostWAL)
		default:
			db.notes = append(db.notes, noteNoWAL)
		}
		return db, nil
	}
	name := filepath.ToSlash(path)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // on Windows
	}
	return connect("file://" + (&url.URL{Path: name}).EscapedPath() + "?mode=ro")
}

// connect opens a connection and reads once, because only a read shows whether it works.
func connect(uri string) (*DB, error) {
	conn, err := sqlite3.OpenFlags(uri, sqlite3.OPEN_READONLY|sqlite3.OPEN_URI)
	if err != nil {
		return nil, err
	}
	conn.Limit(sqlite3.LIMIT_LENGTH, trace.MaxLine)
	db := &DB{conn: conn}
	if err = conn.BusyTimeout(busyFor); err == nil {
		_, err = db.tables()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return db, nil
}

func inWALMode(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, readVersionAt+1)
	if _, err := io.ReadFull(f, head); err != nil {
		if errors.Is(err, io.EOF) {
			return true, nil // an empty file: all data is in the write-ahead log
		}
		return false, errors.New("the database is damaged: its header ends early")
	}
	return head[readVersionAt] == walVersion, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// size returns the size of a file, or 0 when there is no such file.
func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// files has the sizes and modification times of a database and the files next to it.
type files [3]struct{ size, modified int64 }

// look returns the present sizes and times of a database's files.
func look(path string) files {
	var f files
	for i, suffix := range []string{"", walSuffix, journalSuffix} {
		if info, err := os.Stat(path + suffix); err == nil {
			f[i].size, f[i].modified = info.Size(), info.ModTime().UnixNano()
		}
	}
	return f
}

// snapshot records the files of a database at rest, to check later that they have not changed.
type snapshot struct {
	path  string
	files files
}

func (s *snapshot) check() error {
	if s != nil && look(s.path) != s.files {
		return errors.New("another process wrote to the database while it was read: read it again")
	}
	return nil
}

// copyTries is the number of attempts to copy a database that changes in the meantime, and
// copyPause the pause between them, which grows.
const (
	copyTries = 8
	copyPause = 20 * time.Millisecond
)

// openCopy opens a private copy of the database and the files next to it.
//
// The database is copied first. If it and the header of its write-ahead log are the same after both
// were copied, no checkpoint has moved pages in between, and the copy is that of one moment. What
// is appended to the write-ahead log in the meantime changes nothing: SQLite ignores a transaction
// that is not complete.
func openCopy(path string) (*DB, error) {
	cut := false
	db, err := openPrivate(func(to string) error {
		for i := range copyTries {
			main, wal, err := lookBoth(path)
			if err == nil {
				err = copyAll(path, to)
			}
			if err != nil {
				return err
			}
			mainNow, walNow, err := lookBoth(path)
			if err != nil {
				return err
			}
			if mainNow == main && walNow.header == wal.header && walNow.size >= wal.size {
				if wal.size > 0 {
					cut, err = isCut(to + walSuffix)
				}
				return err
			}
			time.Sleep(copyPause << i)
		}
		return errors.New("another process keeps changing the database: try again later, or copy it " +
			"with SQLite")
	})
	if err == nil && cut {
		db.notes = append(db.notes, noteCutWAL)
	}
	return db, err
}

// lookBoth returns the present states of a database and its journal, and of its write-ahead log.
func lookBoth(path string) (files, walState, error) {
	main := look(path)
	main[1].size, main[1].modified = 0, 0 // its write-ahead log may grow
	wal, err := lookWAL(path + walSuffix)
	return main, wal, err
}

// OpenStream opens a private copy of the database that it reads from in. name is its name in
// messages.
func OpenStream(name string, in io.Reader) (*DB, error) {
	db, err := openPrivate(func(to string) error {
		if err := write(to, in); err != nil {
			return trace.Unreadable(name, 0, err)
		}
		return nil
	})
	return begun(name, db, err)
}

// openPrivate opens a database that make creates in a temporary directory. The directory is removed
// when the database is closed, or before where the system allows that.
func openPrivate(make func(path string) error) (*DB, error) {
	dir, remove, err := scratch.Dir()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "state.db")
	var db *DB
	if err = make(path); err == nil {
		db, err = connectPrivate(path)
	}
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	db.clean = remove
	return db, nil
}

func copyAll(path, to string) error {
	for _, suffix := range []string{"", walSuffix, journalSuffix} {
		if err := copyFile(path+suffix, to+suffix); err != nil &&
			!(suffix != "" && errors.Is(err, os.ErrNotExist)) {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return write(to, in)
}

func write(to string, in io.Reader) error {
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// connectPrivate opens a private copy for writing, so that SQLite can recover it.
func connectPrivate(path string) (*DB, error) {
	conn, err := sqlite3.OpenFlags(path, sqlite3.OPEN_READWRITE)
	if err != nil {
		return nil, fmt.Errorf("a copy of it: %w", err)
	}
	conn.Limit(sqlite3.LIMIT_LENGTH, trace.MaxLine)
	db := &DB{conn: conn}
	if _, err := db.tables(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return db, nil
}
