package deviation

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"all": "all", "delays": "short-delay,long-delay", "host-lost,polls,host-lost": "host-lost," +
			"poll-failed,poll-stale",
	} {
		if got, err := Parse(text); err != nil || got.String() != want {
			t.Errorf("%s is %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "host-lots", "all,", "All"} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%q is a set of kinds", text)
		}
	}
	for _, k := range All().List() {
		if got, err := Parse(k.String()); err != nil || got != Of(k) {
			t.Errorf("%v is %v, %v", k, got, err)
		}
	}
}

// TestOfHosts checks which kinds concern a host, by their names.
func TestOfHosts(t *testing.T) {
	const alone = "poll-failed poll-stale control-plane-crash ref-moves operator-clears " +
		"operator-aborts operator-pauses stray-event torn-opening other-draws"
	if got := strings.Join((All() &^ OfHosts()).Names(), " "); got != alone {
		t.Errorf("kinds without a host: %s", got)
	}
}
