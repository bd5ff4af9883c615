package explore

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzReadJSON reads any result file. One that is read can be written, read again and merged.
func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(`{"format":"` + fileFormat + `"}`))
	f.Add([]byte(`{"parameters":{"seeds":"1:18446744073709551615"}}`))
	var b bytes.Buffer
	empty := newResult(Parameters{}, nil)
	if err := empty.WriteJSON(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(bytes.ReplaceAll(b.Bytes(), []byte(": 0"), []byte(": 18446744073709551615")))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadJSON("result.json", bytes.NewReader(data))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "result.json: ") {
				t.Errorf("the error does not name the file: %v", err)
			}
			return
		}
		var b bytes.Buffer
		if err := r.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		again, err := ReadJSON("result.json", &b)
		if err != nil {
			t.Fatalf("the result cannot be read again: %v", err)
		}
		_ = again.Merge(r) // the same seeds are an error
	})
}
