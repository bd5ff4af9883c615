package features

import (
	"os"
	"testing"
)

func TestSmoke(t *testing.T) {
	r, err := Run(Options{FS: os.DirFS(".."), Paths: []string{"features"}, Format: "pretty", Output: os.Stdout, NoColor: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range r.Scenarios {
		if s.Status != Passed {
			t.Errorf("%s:%d %s\n%s", s.File, s.Line, s.Name, s.Message)
		}
	}
}
