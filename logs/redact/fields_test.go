package redact

import (
	"slices"
	"testing"

	"rollsim/trace"
)

// secrets are values that no field may keep. The second one looks like a word of a later version.
var secrets = []string{"zebra-7 said no", "ZebraStriped", "zebra"}

// unclassified returns the fields of a table that a Redactor does not know, or whose values it
// keeps.
func unclassified(t *testing.T, table []trace.Field) []string {
	t.Helper()
	r, err := New([]byte(key), 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range table {
		for _, spelled := range []string{f.Name, f.Tagged} {
			if spelled == "" {
				continue
			}
			for _, secret := range secrets {
				v := &value{kind: '{', names: []string{spelled}, members: []*value{{kind: '"', text: secret}}}
				if err := r.object(v); err != nil {
					t.Fatal(err)
				}
				if v.names[0] != spelled || v.members[0].text == secret {
					found = append(found, f.Of+"."+spelled)
					break
				}
			}
		}
	}
	return found
}

func TestEveryFieldIsClassified(t *testing.T) {
	if got := unclassified(t, trace.Fields()); len(got) > 0 {
		t.Errorf("redact does not know %q", got)
	}
	for c := trace.ClassTag; int(c) < trace.ClassCount; c++ {
		if classes[c] == unknown {
			t.Errorf("redact has no class for class %d of the format", c)
		}
	}
	more := append(trace.Fields(), trace.Field{Of: "HostJoined", Name: "rackId", Tagged: "rack_id"})
	want := []string{"HostJoined.rackId", "HostJoined.rack_id"}
	if got := unclassified(t, more); !slices.Equal(got, want) {
		t.Errorf("of a table with another field, redact does not know %q", got)
	}
}
