package replay

import (
	"os"
	"testing"

	"rollsim/reducer"
	"rollsim/trace"
)

func TestSamples(t *testing.T) {
	for _, f := range []string{"sample-4", "sample-6"} {
		for _, m := range []reducer.Machine{nil, reducer.RFC0008()} {
			in, err := os.Open("../trace/testdata/" + f + ".ndjson.gz")
			if err != nil {
				t.Fatal(err)
			}
			r, err := trace.NewReader(f, in)
			if err != nil {
				t.Fatal(err)
			}
			res, err := Run(r, Options{Machine: m})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(f, res.Machine, res.Entries, res.Transitions, res.Reproduced, res.Count(Missing), res.Count(Extra), res.Count(Different), res.Notes)
			for _, f := range res.Findings {
				t.Logf("entry %d, %s\n%s", f.Seq, f.Title(), f.Body())
			}
		}
	}
}
