package scratch

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// renames is locked while files are renamed that belong together.
var renames sync.Mutex

// Renames calls a function that renames several files, which RemoveAll must not interrupt.
func Renames(rename func() error) error {
	renames.Lock()
	defer renames.Unlock()
	return rename()
}

// A note says that a temporary file replaces its file once another file, the first, has been
// replaced. It is next to the temporary file.
var noteName = regexp.MustCompile(`^\..+\.[0-9a-f]{16}\.after$`)

func noteOf(temporary string) string { return strings.TrimSuffix(temporary, ".tmp") + ".after" }

// Follow records that a complete temporary file must be renamed after the file first has been
// replaced by firstTemporary. If the process is killed between the two renames, the next process
// that creates a file in the folder renames the second file.
func Follow(temporary, firstTemporary, first string) error {
	digest, err := digestOf(firstTemporary)
	if err != nil {
		return err
	}
	if path, err := filepath.Abs(first); err == nil {
		first = path
	}
	info, err := os.Stat(temporary)
	if err != nil {
		return err
	}
	return os.WriteFile(noteOf(temporary), note(info, digest, first), 0o600)
}

// note returns the content of a note. It contains the time at which the temporary file was written,
// to the nanosecond: files of a checkout or an archive, which anybody may have made, have another.
func note(temporary fs.FileInfo, digest [sha256.Size]byte, first string) []byte {
	return fmt.Appendf(nil, "%d %x %s\n", temporary.ModTime().UnixNano(), digest, first)
}

// finish renames a temporary file of a killed process if its note is valid and the first file was
// replaced. It reports whether it has renamed the file.
func finish(temporary string) bool {
	const most = 1 << 13 // more than the longest path
	has, err := os.Lstat(noteOf(temporary))
	if err != nil || !has.Mode().IsRegular() || has.Size() > most {
		return false
	}
	text, err := os.ReadFile(noteOf(temporary))
	if err != nil {
		return false
	}
	info, err := os.Lstat(temporary)
	if err != nil {
		return false
	}
	parts := strings.SplitN(strings.TrimSuffix(string(text), "\n"), " ", 3)
	if len(parts) < 3 {
		return false
	}
	first := parts[2]
	digest, err := digestOf(first)
	if err != nil || !bytes.Equal(text, note(info, digest, first)) {
		return false
	}
	return os.Rename(temporary, target(temporary)) == nil
}

// target returns the name of the file that a temporary file replaces.
func target(temporary string) string {
	dir, base := filepath.Split(temporary)
	return dir + base[1:len(base)-len(".0123456789abcdef.tmp")]
}

// digestOf returns the digest of the content of a regular file.
func digestOf(name string) (digest [sha256.Size]byte, err error) {
	info, err := os.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return digest, err
	}
	f, err := os.Open(name)
	if err != nil {
		return digest, err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	h.Sum(digest[:0])
	return digest, errors.Join(err, f.Close())
}

// removeNote removes the note of a temporary file, if it has one.
func removeNote(temporary string) error {
	if err := os.Remove(noteOf(temporary)); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// removeNotes removes the notes in a folder whose temporary file does not exist.
func removeNotes(dir string, entries []fs.DirEntry) {
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if !e.Type().IsRegular() || !noteName.MatchString(e.Name()) {
			continue
		}
		if _, err := os.Lstat(strings.TrimSuffix(name, ".after") + ".tmp"); os.IsNotExist(err) {
			_ = os.Remove(name) // a file that cannot be removed does no harm
		}
	}
}
