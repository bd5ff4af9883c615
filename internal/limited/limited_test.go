package limited

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
)

func TestLines(t *testing.T) {
	const most = 20
	long := strings.Repeat("x", most)
	for _, c := range []struct {
		text string
		want []string
		err  error
	}{
		{"", nil, io.EOF},
		{"\n", []string{"\n"}, io.EOF},
		{"a\nb", []string{"a\n", "b"}, io.EOF},
		{"a\n\nb\n", []string{"a\n", "\n", "b\n"}, io.EOF},
		{long + "\n" + long, []string{long + "\n", long}, io.EOF},
		{"a\n" + long + "x\nb\n", []string{"a\n"}, &LongLine{most}},
		{"a\n" + long + "x", []string{"a\n"}, &LongLine{most}},
		{long + long + long, nil, &LongLine{most}},
	} {
		// 16 bytes is the smallest buffer of a bufio.Reader.
		lines := NewLines(bufio.NewReaderSize(strings.NewReader(c.text), 16), most)
		var got []string
		var err error
		for err == nil {
			var line []byte
			if line, err = lines.Read(); len(line) > 0 {
				got = append(got, string(line))
			}
		}
		if strings.Join(got, "|") != strings.Join(c.want, "|") || err.Error() != c.err.Error() {
			t.Errorf("%q: %q, %v", c.text, got, err)
		}
	}
	broken := errors.New("disk on fire")
	lines := NewLines(bufio.NewReader(iotest.ErrReader(broken)), most)
	if line, err := lines.Read(); len(line) > 0 || !errors.Is(err, broken) {
		t.Errorf("%q, %v", line, err)
	}
}

func TestReadFile(t *testing.T) {
	files := fstest.MapFS{"a": {Data: []byte("1234")}}
	if got, err := ReadFile(files, "a", 4); err != nil || string(got) != "1234" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ReadFile(files, "a", 3); err == nil ||
		err.Error() != "a: expected at most 3 bytes, found more" {
		t.Errorf("%v", err)
	}
	if got, err := ReadStart(files, "a", 3); err != nil || string(got) != "123" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ReadFile(files, "b", 3); err == nil {
		t.Error("a file that does not exist is read")
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int]string{
		2: "2 bytes", 1 << 10: "1 KiB", 1<<10 + 1: "1025 bytes", 64 << 20: "64 MiB",
	} {
		if got := Size(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
