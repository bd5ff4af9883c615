package statedb

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3/vfs/readervfs"
)

// blockSize is how much of a database at rest is read at once. SQLite asks for a page at a time.
const blockSize = 1 << 16

// blocks reads a file that does not change. It reads ahead while the reads go forward in short
// steps, as those of a table in the order of its rows do. Other reads are as short as they were.
type blocks struct {
	file  *os.File
	size  int64
	block []byte // read last
	from  int64  // its offset
}

// ReadAt implements io.ReaderAt.
func (b *blocks) ReadAt(p []byte, offset int64) (int, error) {
	end := b.from + int64(len(b.block))
	switch {
	case offset >= b.from && offset+int64(len(p)) <= end:
		return copy(p, b.block[offset-b.from:]), nil
	case offset < b.from || offset > end+blockSize || len(p) > blockSize:
		b.from, b.block = offset, b.block[:0]
		return b.file.ReadAt(p, offset)
	}
	n, err := b.file.ReadAt(b.block[:blockSize], offset)
	b.from, b.block = offset, b.block[:n]
	if n >= len(p) {
		err = nil
	}
	return copy(p, b.block), err
}

// Size implements ioutil.SizeReaderAt.
func (b *blocks) Size() (int64, error) { return b.size, nil }

// opened counts the databases at rest that were opened, for a name of each.
var opened atomic.Uint64

// connectAtRest opens a connection to a database that no other process uses.
func connectAtRest(path string) (*DB, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	name := fmt.Sprintf("state-%d.db", opened.Add(1))
	readervfs.Create(name, &blocks{file: f, size: info.Size(), block: make([]byte, 0, blockSize)})
	defer readervfs.Delete(name) // the connection has it
	db, err := connect("file:" + name + "?vfs=reader")
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	db.source = f
	return db, nil
}
