package longlog

import (
	"io"
	"os"

	"rollsim/trace"
)

// Read returns the text of a log, which may be compressed.
func Read(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := trace.Decompress(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(text)
}
