// Package atomicfile writes files completely or not at all.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"rollsim/internal/scratch"
)

// File is a file to write.
type File struct {
	Name string
	Fill func(io.Writer) error // writes the content
}

// Write creates or replaces a file with the content that fill writes. It writes to a temporary file
// in the same folder, which must exist, and renames that file at the end. On an error the previous
// file is untouched and the temporary file is removed. A replaced file keeps its mode, and a
// symbolic link stays one, also if its target does not exist yet. Write does not replace a pipe or
// a device such as /dev/null; it writes to it directly.
func Write(name string, fill func(io.Writer) error) error { return WriteAll(File{name, fill}) }

// WriteAll writes several files as Write does, all or none: it replaces the first one when all are
// complete, and restores those that it has replaced if it cannot replace another one. No file
// system renames two files at once, so a process that is killed between two renames leaves the
// first files new and the others old. The next process that writes into the folder of one of the
// others replaces that one, too; until then, [scratch.Left] reports it.
func WriteAll(files ...File) (err error) {
	var regular, other []*pending
	defer func() {
		for _, p := range regular {
			p.discard()
		}
	}()
	for _, f := range files {
		p, err := prepare(f)
		switch {
		case err != nil:
			return err
		case p.temporary == "":
			other = append(other, p)
			continue
		}
		regular = append(regular, p)
		if len(files) > 1 {
			if err := p.keepOld(); err != nil {
				return err
			}
		}
	}
	if err := follow(regular); err != nil {
		return err
	}
	// A pipe without a reader blocks or fails, so it comes before what must not be interrupted.
	for _, p := range other {
		if err := p.send(); err != nil {
			return err
		}
	}
	return scratch.Renames(func() error { return renameAll(regular) })
}

// follow records that each file but the first must be replaced once the first is.
func follow(all []*pending) error {
	for i, p := range all {
		if i == 0 {
			continue
		}
		if err := scratch.Follow(p.temporary, all[0].temporary, all[0].name); err != nil {
			return err
		}
	}
	return nil
}

// renameAll replaces files, all or none.
func renameAll(all []*pending) error {
	for i, p := range all {
		if err := os.Rename(p.temporary, p.name); err != nil {
			for _, done := range all[:i] {
				err = errors.Join(err, done.restore())
			}
			return err
		}
	}
	return nil
}

// WriteBytes creates or replaces a file with data, as Write does.
func WriteBytes(name string, data []byte) error { return Write(name, bytesOf(data)) }

// Create creates a file with data that only its owner may read. The error is fs.ErrExist if there
// is a file of that name.
func Create(name string, data []byte) error {
	p, err := temporary(name, 0o600, bytesOf(data))
	if err != nil {
		return err
	}
	defer p.discard()
	if err := os.Link(p.temporary, name); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// The file system has no hard links.
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	return os.Rename(p.temporary, name)
}

func bytesOf(data []byte) func(io.Writer) error {
	return func(w io.Writer) error { _, err := w.Write(data); return err }
}

// pending is a file whose content is complete, under a temporary name.
type pending struct {
	name      string
	temporary string       // empty for a pipe or a device
	remove    func() error // the temporary file

	fill func(io.Writer) error // of a pipe or a device

	isNew bool
	old   []byte // the content to restore
}

// prepare writes the content of a file to a temporary file.
func prepare(f File) (*pending, error) {
	before, err := os.Stat(f.Name)
	switch {
	case err != nil:
		name, err := linked(f.Name)
		if err != nil {
			return nil, err
		}
		p, err := temporary(name, 0o666, f.Fill)
		if err != nil {
			return nil, err
		}
		p.isNew = true
		return p, nil
	case before.IsDir():
		return nil, fmt.Errorf("%s: expected a file to write to, found a folder", f.Name)
	case !before.Mode().IsRegular():
		return &pending{name: f.Name, fill: f.Fill}, nil
	}
	name, err := filepath.EvalSymlinks(f.Name)
	if err != nil {
		return nil, err
	}
	p, err := temporary(name, 0o666, f.Fill)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(p.temporary, before.Mode().Perm()); err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

// linked returns the name of the file to which symbolic links lead, which need not exist.
func linked(name string) (string, error) {
	const most = 40 // as in Linux
	at := name
	for range most {
		to, err := os.Readlink(at)
		if err != nil {
			return at, nil // not a link
		}
		if !filepath.IsAbs(to) {
			dir, err := filepath.EvalSymlinks(filepath.Dir(at))
			if err != nil {
				return "", err
			}
			to = dir + string(filepath.Separator) + to // .. may follow a link
		}
		at = to
	}
	return "", fmt.Errorf("%s: too many symbolic links", name)
}

// temporary writes content to a new file in the folder of name.
func temporary(name string, perm fs.FileMode, fill func(io.Writer) error) (*pending, error) {
	f, remove, err := scratch.File(filepath.Dir(name), filepath.Base(name), perm)
	if err != nil {
		if of := (*fs.PathError)(nil); errors.As(err, &of) {
			of.Path = name // the user does not know the temporary file
		}
		return nil, err
	}
	p := &pending{name: name, temporary: f.Name(), remove: remove}
	if err := errors.Join(buffered(f, fill), f.Close()); err != nil {
		p.discard()
		return nil, err
	}
	return p, nil
}

// keepOld keeps the present content for restore.
func (p *pending) keepOld() (err error) {
	if !p.isNew {
		p.old, err = os.ReadFile(p.name)
	}
	return err
}

// send writes to a pipe or a device.
func (p *pending) send() error {
	f, err := os.OpenFile(p.name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(buffered(f, p.fill), f.Close())
}

// restore takes the rename back.
func (p *pending) restore() error {
	if p.isNew {
		return os.Remove(p.name)
	}
	old, err := prepare(File{p.name, bytesOf(p.old)})
	if err != nil {
		return err
	}
	defer old.discard()
	return os.Rename(old.temporary, old.name)
}

// discard removes the temporary file, unless it was renamed.
func (p *pending) discard() {
	if p.remove != nil {
		_ = p.remove() // the next process removes it
	}
}

func buffered(f io.Writer, fill func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := fill(w); err != nil {
		return err
	}
	return w.Flush()
}
