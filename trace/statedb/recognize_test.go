package statedb

import (
	"os"
	"path/filepath"
	"testing"

	"rollsim/trace"
)

// TestIsDatabase recognizes a database by its first bytes, or by its log if it has no bytes yet.
func TestIsDatabase(t *testing.T) {
	for _, c := range []struct {
		name, main, log string
		want            bool
	}{
		{"magic", trace.SQLiteMagic, "", true},
		{"more", trace.SQLiteMagic + "x", "", true},
		{"magic cut off", trace.SQLiteMagic[:len(trace.SQLiteMagic)-1], "", false},
		{"another last byte", trace.SQLiteMagic[:len(trace.SQLiteMagic)-1] + "x", "", false},
		{"one byte", "S", "log", false},
		{"text", "{\"seq\":1,\"ts\":\"\"}", "log", false},
		{"all in the log", "", "log", true},
		{"nothing", "", "", false},
	} {
		path := filepath.Join(t.TempDir(), "state.db")
		for name, text := range map[string]string{path: c.main, path + walSuffix: c.log} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if is, err := IsDatabase(path); is != c.want || err != nil {
			t.Errorf("%s: %v, %v", c.name, is, err)
		}
	}
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if is, err := IsDatabase(path); is || err != nil {
		t.Errorf("an empty file without a log: %v, %v", is, err)
	}
	if _, err := IsDatabase(filepath.Join(t.TempDir(), "missing")); !os.IsNotExist(err) {
		t.Errorf("a missing file: %v", err)
	}
}
