package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"rollsim/internal/atomicfile"
	"rollsim/internal/limited"
	"rollsim/internal/osfs"
	"rollsim/trace/input"
	"rollsim/trace/statedb"
)

// files is the file system of the operating system. It records the files that a command reads and
// writes, so that no output replaces one of them.
type files struct {
	osfs.FS
	stdin  io.Reader
	onName func(string) // called with the name of each input

	mu      sync.Mutex
	read    map[string]place  // by name
	written map[string]output // by name
}

// output is a file that the command has written.
type output struct {
	place
	again bool // the command may write it again
}

// place identifies a file.
type place struct {
	info fs.FileInfo // nil if the file does not exist
	name string      // canonical
}

// placeOf returns the place of the file with a name.
func placeOf(name string) place {
	info, err := os.Stat(name)
	if err != nil {
		info = nil // Stat may return another value
	}
	return place{info, canonical(name)}
}

// is reports whether two places are the same file.
func (p place) is(q place) bool {
	return p.name == q.name || p.info != nil && q.info != nil && os.SameFile(p.info, q.info)
}

// Open implements fs.FS.
func (f *files) Open(name string) (fs.File, error) {
	f.add(name)
	return f.FS.Open(name)
}

// ReadFile implements fs.ReadFileFS.
func (f *files) ReadFile(name string) ([]byte, error) {
	f.add(name)
	return f.FS.ReadFile(name)
}

// OpenIn opens a file inside a folder, as osfs.FS does.
func (f *files) OpenIn(dir, name string) (fs.File, error) {
	f.add(filepath.Join(dir, name))
	return f.FS.OpenIn(dir, name)
}

// open opens an input of the command line.
func (f *files) open(name string) (*os.File, error) {
	f.add(name)
	return os.Open(name)
}

// readSmall reads an input of the command line of at most most bytes.
func (f *files) readSmall(name string, most int) ([]byte, error) {
	in, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return limited.ReadAll(name, in, most)
}

// add records inputs. Use addLogs for logs, which may be databases.
func (f *files) add(names ...string) {
	for _, name := range names {
		if name == "" {
			continue // an option that is not set
		}
		if f.onName != nil {
			f.onName(name)
		}
		at := placeOf(name)
		if name == input.Stdin {
			at.info = stat(f.stdin)
		}
		f.mu.Lock()
		f.read[filepath.Clean(name)] = at
		f.mu.Unlock()
	}
}

// addLogs records logs, and the files that belong to a database.
func (f *files) addLogs(names ...string) {
	f.add(names...)
	for _, name := range names {
		if name != input.Stdin && name != "" {
			f.add(statedb.Files(name)...)
		}
	}
}

// isInput reports whether a file to write is one that was read. If rewrites is set, the file may
// have been read under the same name.
func (f *files) isInput(name string, rewrites bool) bool {
	name = filepath.Clean(name)
	at := placeOf(name)
	if at.info != nil && !at.info.Mode().IsRegular() {
		return false // a pipe or a device loses nothing
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for input, read := range f.read {
		if read.is(at) && !(rewrites && input == name) {
			return true
		}
	}
	return false
}

// otherOutput returns the name of an earlier output that is the same file as a file to write, or ""
// if none exists. If again is set, it may be one that the command writes again and again under
// the same name.
func (f *files) otherOutput(name string, again bool) string {
	name = filepath.Clean(name)
	at := placeOf(name)
	if at.info != nil && !at.info.Mode().IsRegular() {
		return "" // a pipe or a device gets both
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for other, written := range f.written {
		if written.is(at) && !(other == name && again && written.again) {
			return other
		}
	}
	return ""
}

// wrote records an output. If again is set, the command may write it again under the same name.
func (f *files) wrote(name string, again bool) {
	at := placeOf(name)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.written == nil {
		f.written = make(map[string]output)
	}
	f.written[filepath.Clean(name)] = output{at, again}
}

// checkOutput returns an error if a file to write is an input or an earlier output.
func (f *files) checkOutput(name string, may replacing) error {
	if f.isInput(name, may == rewrite) {
		return fmt.Errorf("%s: this is one of the inputs: name another file", name)
	}
	if other := f.otherOutput(name, may != writeOnce); other != "" {
		return fmt.Errorf("%s: the command has written this file already, as %s: name another file",
			name, other)
	}
	return nil
}

// canonical returns the absolute name of a file without links in the names of its folders.
func canonical(name string) string {
	dir, err := filepath.EvalSymlinks(filepath.Dir(name))
	if err != nil {
		dir = filepath.Dir(name)
	}
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return filepath.Join(dir, filepath.Base(name))
}

// newFile is a file to write; its name may be "-" for standard output.
type newFile struct {
	name string
	fill func(io.Writer) error
}

// bytesFile returns a file with data.
func bytesFile(name string, data []byte) newFile {
	return newFile{name, func(w io.Writer) error { _, err := w.Write(data); return err }}
}

// writeFile writes a file completely or not at all, unless it is one of the inputs. It compresses
// the file if its name ends in .gz or .zst. "-" is standard output.
func (env *environment) writeFile(name string, fill func(io.Writer) error) error {
	return env.writeAll(newFile{name, fill})
}

// writeBytes writes data to a file, as writeFile does.
func (env *environment) writeBytes(name string, data []byte) error {
	return env.writeAll(bytesFile(name, data))
}

// writeAll writes files as writeFile does, all or none.
func (env *environment) writeAll(all ...newFile) error { return env.replace(all, writeOnce) }

// writeIn writes a file whose name the command has chosen, as writeFile does. It refuses to write
// to a pipe or a device.
func (env *environment) writeIn(f newFile) error {
	if err := expectRegular(f.name); err != nil {
		return err
	}
	return env.writeAll(f)
}

// writeAgain writes a file as writeIn does, and the command may do so several times.
func (env *environment) writeAgain(f newFile) error {
	if err := expectRegular(f.name); err != nil {
		return err
	}
	return env.replace([]newFile{f}, writeAgain)
}

// rewrite writes a file as writeAgain does, and the file may be an input under the same name.
func (env *environment) rewrite(f newFile) error {
	if err := expectRegular(f.name); err != nil {
		return err
	}
	return env.replace([]newFile{f}, rewrite)
}

// replacing says which file a command may replace under the same name.
type replacing uint8

const (
	writeOnce  replacing = iota // none that it has read or written
	writeAgain                  // one that it has written
	rewrite                     // one that it has read or written
)

// expectRegular returns an error if there is a file that is not regular.
func expectRegular(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return nil // none exists, or writing reports the error
	}
	return osfs.CheckMode(name, info.Mode())
}

// replace writes files, all or none.
func (env *environment) replace(all []newFile, may replacing) error {
	var files []atomicfile.File
	for _, f := range all {
		if f.name == "-" {
			if err := f.fill(env.out.w); err != nil {
				return err
			}
			continue
		}
		if err := env.files.checkOutput(f.name, may); err != nil {
			return err
		}
		files = append(files, atomicfile.File{Name: f.name, Fill: compressed(f.name, f.fill)})
	}
	if err := atomicfile.WriteAll(files...); err != nil {
		return err
	}
	for _, f := range files {
		env.files.wrote(f.Name, may != writeOnce)
	}
	return nil
}

// compressed returns a function that compresses what fill writes, if the name ends in .gz or .zst.
func compressed(name string, fill func(io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error {
		var compressor io.WriteCloser
		switch filepath.Ext(name) {
		case ".gz":
			compressor = gzip.NewWriter(w)
		case ".zst":
			var err error
			if compressor, err = zstd.NewWriter(w); err != nil {
				return err
			}
		default:
			return fill(w)
		}
		if err := fill(compressor); err != nil {
			return err
		}
		return compressor.Close()
	}
}
