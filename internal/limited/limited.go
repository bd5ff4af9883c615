// Package limited reads files and lines up to a limit, so that a small compressed input or a device
// cannot fill the memory.
package limited

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// MaxFile is the limit for the small text files that people write, such as features and lists.
const MaxFile = 8 << 20

// ReadAll reads an input of at most most bytes. name is its name in errors.
func ReadAll(name string, in io.Reader, most int) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	switch {
	case err != nil:
		return nil, err
	case len(data) > most:
		return nil, fmt.Errorf("%s: expected at most %s, found more", name, Size(most))
	}
	return data, nil
}

// ReadStart reads at most most bytes of a file. For a parser that reports a file above a limit
// itself, most is one byte more than the limit.
func ReadStart(fsys fs.FS, name string, most int) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(most)))
}

// ReadFile reads a file of at most most bytes.
func ReadFile(fsys fs.FS, name string, most int) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadAll(name, f, most)
}

// Size returns a number of bytes in the largest unit that divides it.
func Size(n int) string {
	switch {
	case n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// LongLine is the error of a line that is longer than the limit.
type LongLine struct{ Most int }

// Error describes the line.
func (e *LongLine) Error() string { return "the line is longer than " + Size(e.Most) }

// Lines reads lines of at most a number of bytes.
type Lines struct {
	in   *bufio.Reader
	most int
	long []byte // the storage of lines that are longer than the buffer of in
}

// NewLines returns a reader of lines of at most most bytes, without the newline.
func NewLines(in *bufio.Reader, most int) *Lines { return &Lines{in: in, most: most} }

// Read returns the next line with its newline, valid until the next call. The error is io.EOF after
// the last line, and together with a last line that has no newline; a *LongLine; or that of the
// input.
func (l *Lines) Read() ([]byte, error) {
	line, err := l.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = l.long[:0]
		for errors.Is(err, bufio.ErrBufferFull) && len(l.long)+len(line) <= l.most {
			l.long = append(l.long, line...)
			line, err = l.in.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	length := len(line)
	if length > 0 && line[length-1] == '\n' {
		length--
	}
	if length > l.most {
		return nil, &LongLine{l.most}
	}
	return line, err
}
