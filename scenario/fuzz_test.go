package scenario

import (
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzInclude reads a scenario that includes any file by any name: the error quotes nothing of a
// file outside of the folder.
func FuzzInclude(f *testing.F) {
	f.Add("subdir/b.yaml", "behaviour: {ack: 7s}")
	f.Add("./subdir/../subdir/b.yaml", "traffic: [{channel: stable, periodic: 2h}]")
	f.Add("../secret", "include: it.yaml")
	f.Add("it.yaml", "[[")
	f.Fuzz(func(t *testing.T, name, included string) {
		const secret = "root-x-0-0"
		fsys := fstest.MapFS{
			"secret":            {Data: []byte(secret)},
			"dir/subdir/b.yaml": {Data: []byte(included)},
			"dir/it.yaml": {Data: []byte("channels: [{name: stable, waves: [{hosts: 1}]}]\ninclude: " +
				quote(name) + "\n")},
		}
		if _, err := LoadFS(fsys, "dir/it.yaml"); err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", name, err)
		}
	})
}
