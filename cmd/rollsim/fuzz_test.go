package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rollsim/logs/redact"
)

// FuzzRerun reads any list of failures: its lines are paths that are not empty.
func FuzzRerun(f *testing.F) {
	f.Add([]byte("features/a.feature:3\r\nfeatures/b.feature:4\n"))
	f.Add([]byte("\n\r\n\xff"))
	f.Add([]byte{})
	file := filepath.Join(f.TempDir(), "failed.txt")
	env := newEnvironment(strings.NewReader(""), io.Discard, io.Discard)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		listed, err := env.readRerun(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range listed {
			if path == "" || strings.ContainsAny(path, "\r\n") {
				t.Errorf("the path is %q", path)
			}
		}
	})
}

// FuzzKey reads any key file: it is used as it is, or too short.
func FuzzKey(f *testing.F) {
	f.Add([]byte("a key that is long enough"))
	f.Add([]byte{})
	f.Add(make([]byte, 1<<16))
	file := filepath.Join(f.TempDir(), "the.key")
	env := newEnvironment(strings.NewReader(""), io.Discard, io.Discard)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := env.redactionKey(file)
		if len(text) > maxKey {
			if err == nil {
				t.Errorf("a key of %d bytes is read", len(text))
			}
			return
		}
		if err != nil || string(key) != string(text) {
			t.Fatalf("%q is read as %q, %v", text, key, err)
		}
		if _, err := redact.New(key, 0); (err == nil) != (len(key) >= redact.MinKey) {
			t.Errorf("%d bytes: %v", len(key), err)
		}
	})
}
