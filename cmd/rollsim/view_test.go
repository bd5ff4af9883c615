package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRedactedPage looks for names in everything that a page of a redacted log contains, also
// compressed; a page of the log itself has them.
func TestRedactedPage(t *testing.T) {
	log := filepath.Join(t.TempDir(), "night.ndjson")
	if err := os.WriteFile(log, []byte(unzipped(t, "sample-4.ndjson.gz")), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"cache-0007", "db-0003", "stable@", "edge@", "355f235", "night", log}
	for _, redacted := range []bool{false, true} {
		args := []string{"view", log, "-o", filepath.Join(t.TempDir(), "page.html")}
		if redacted {
			args = append(args, "--redact")
		}
		if code, _, errs := inProcess(t, args...); code != exitHolds {
			t.Fatal(errs)
		}
		page, err := os.ReadFile(args[3])
		if err != nil {
			t.Fatal(err)
		}
		text := unpackAll(t, string(page))
		for _, name := range names {
			if found := strings.Contains(text, name); found == redacted {
				t.Errorf("redacted %v: contains %s: %v", redacted, name, found)
			}
		}
	}
}

// unpackAll returns a text with all that it contains in base64 and gzip.
func unpackAll(t *testing.T, text string) string {
	t.Helper()
	all := text
	for _, packed := range regexp.MustCompile(`H4sI[A-Za-z0-9+/=]{40,}`).FindAllString(text, -1) {
		data, err := base64.StdEncoding.DecodeString(packed)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		inner, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		all += unpackAll(t, string(inner))
	}
	return all
}
