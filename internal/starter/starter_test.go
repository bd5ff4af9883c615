package starter

import (
	"strings"
	"testing"
)

func TestTexts(t *testing.T) {
	for name, title := range map[string]string{
		"failing-canary": "Failing canary",
		"two_wave-fleet": "Two wave fleet",
		"x":              "X",
		"7-days":         "7 days",
		"v0.2":           "V0.2",
	} {
		if got := Feature(name); !strings.Contains(got, "\nFeature: "+title+"\n") {
			t.Errorf("the feature for %q does not have the title %q", name, title)
		}
		if got := Scenario(name); !strings.HasPrefix(got, "# "+title+": ") {
			t.Errorf("the scenario for %q does not have the title %q", name, title)
		}
	}
	for _, text := range []string{Feature("x"), Scenario("x")} {
		if strings.Contains(text, "TITLE") {
			t.Errorf("TITLE is left in\n%s", text)
		}
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{
		"a", "7", "failing-canary", "two_waves", "v0.2", strings.Repeat("x", 100),
	} {
		if err := CheckName(name); err != nil {
			t.Errorf("CheckName(%q): %v", name, err)
		}
	}
	for _, name := range []string{
		"", "-", "_x", ".x", "a b", "a/b", `a\b`, "a:b", "naïve", "a\n", strings.Repeat("x", 101),
	} {
		if err := CheckName(name); err == nil || !strings.Contains(err.Error(), "failing-canary") {
			t.Errorf("CheckName(%q) = %v; want an error with an example", name, err)
		}
	}
}
