package statedb

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestBlocks compares reads through blocks with reads of the file: forward by pages, back, across
// the end of a block, far ahead, longer than a block, and at the end of the file.
func TestBlocks(t *testing.T) {
	const size = 3*blockSize + 100
	want := make([]byte, size)
	for i := range want {
		want[i] = byte(i * 7 / 3)
	}
	path := filepath.Join(t.TempDir(), "pages")
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := &blocks{file: f, size: size, block: make([]byte, 0, blockSize)}
	const page = 4096
	for _, r := range []struct {
		offset int64
		length int
		ahead  int // how many bytes are held afterwards
	}{
		{0, 100, blockSize},
		{0, page, blockSize},
		{page, page, blockSize},
		{blockSize - page, page, blockSize},
		{blockSize - 1, 2, blockSize}, // across the end
		{0, page, 0},                  // back
		{2 * page, page, blockSize},
		{2*page + blockSize, page, blockSize},
		{0, page, 0},
		{blockSize + 1, page, 0}, // too far ahead
		{2 * blockSize, 1, blockSize},
		{2 * blockSize, blockSize + 1, 0},
		{3 * blockSize, page, 100}, // cut by the end
		{3*blockSize + 50, 50, 100},
		{3*blockSize + 50, 51, 50},
		{size, 1, 0},
		{size + 10, 1, 0},
	} {
		got := make([]byte, r.length)
		n, err := b.ReadAt(got, r.offset)
		whole := r.offset+int64(r.length) <= size
		if whole && err != nil || !whole && !errors.Is(err, io.EOF) {
			t.Errorf("%d bytes at %d: %v", r.length, r.offset, err)
		}
		from := min(r.offset, size)
		if to := min(from+int64(r.length), size); !bytes.Equal(got[:n], want[from:to]) {
			t.Errorf("%d bytes at %d: other bytes, or %d of them", r.length, r.offset, n)
		}
		if len(b.block) != r.ahead {
			t.Errorf("%d bytes at %d: %d bytes are held, not %d", r.length, r.offset, len(b.block), r.ahead)
		}
	}
	if n, err := b.Size(); n != size || err != nil {
		t.Errorf("size %d, %v", n, err)
	}
}
