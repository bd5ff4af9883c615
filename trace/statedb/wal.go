package statedb

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// The layout of a write-ahead log: a header, then frames of a page each.
const (
	walHeader   = 32
	frameHeader = 24
)

// walState is what a write-ahead log looks like from outside.
type walState struct {
	size   int64
	header [walHeader]byte
}

// lookWAL returns the state of a write-ahead log. It is the zero value if there is no such file.
func lookWAL(path string) (walState, error) {
	var s walState
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return s, err
	}
	s.size = info.Size()
	_, err = f.ReadAt(s.header[:], 0)
	return s, ignoreEOF(err)
}

// isCut reports whether a write-ahead log ends within a transaction.
func isCut(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	var head [walHeader]byte
	switch n, err := io.ReadFull(f, head[:]); {
	case n == 0:
		return false, nil // SQLite empties it at times
	case err != nil:
		return true, nil
	}
	page := int64(binary.BigEndian.Uint32(head[8:]))
	salts := [8]byte(head[16:24])
	cut := false
	var frame [frameHeader]byte
	for at := int64(walHeader); ; at += frameHeader + page {
		n, err := f.ReadAt(frame[:], at)
		if n < frameHeader {
			// No more frames, or the start of one.
			return cut || n > 0 && (n < 16 || [8]byte(frame[8:16]) == salts), ignoreEOF(err)
		}
		if [8]byte(frame[8:16]) != salts {
			return cut, nil // what follows is left from earlier
		}
		cut = binary.BigEndian.Uint32(frame[4:]) == 0 // only the last frame of a transaction has a size
		if info, err := f.Stat(); err != nil || info.Size() < at+frameHeader+page {
			return true, err
		}
	}
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// The notes about databases that may lack entries.
const (
	noteNoWAL = "there is no -wal file next to the database: if it was copied while the control " +
		"plane ran, its latest entries are missing"
	noteLostWAL = "there is a -shm file next to the database and no -wal file: its latest entries " +
		"are missing"
	noteCutWAL = "the -wal file ends within a transaction: the entries of that one are missing"
)
