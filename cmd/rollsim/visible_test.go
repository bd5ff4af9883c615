package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// evil is a name that a terminal would obey, or that would hide or forge a part of a message.
const evil = "a\x1b[2J\u009b31m\u202eb\u2066\u2028\u2029\u200b\ufeff\u00ad\x7f\r"

// forged is a line that only a name with a newline can make.
const forged = "\nFORGED"

// inJSON and inYAML are evil with forged as texts in quotes spell it.
const (
	inJSON = `a\u001b[2J\u009b31m\u202eb\u2066\u2028\u2029\u200b\ufeff\u00ad\u007f\r\nFORGED`
	inYAML = `a\x1b[2J\u009b31m\u202eb\u2066\u2028\u2029\u200b\ufeff\u00ad\x7f\r\nFORGED`
)

// kindsOf has the endings of the files that a command reads; other files are of no interest.
var kindsOf = map[string][]string{
	"features": {"", ".feature", ".txt"}, "run": {"", ".yaml"}, "coverage": {"", ".yaml"},
	"mutate": {""}, "explore": {"", ".yaml"}, "merge": {""}, "machine": {""}, "new": {""},
	"steps": {""}, "completion": {""}, "lint": {"", ".yaml", ".feature"},
	"check": {"", ".yaml", ".feature"}, "fmt": {"", ".yaml", ".feature"},
	"replay": {"", ".ndjson", ".txt"}, "why": {"", ".ndjson"}, "show": {"", ".ndjson"},
	"incident": {"", ".ndjson"},
	"diff":     {"", ".ndjson"},
	"import":   {"", ".ndjson"}, "redact": {"", ".ndjson", ".txt"}, "fit": {"", ".ndjson"},
	"conform": {"", ".ndjson"}, "view": {"", ".yaml", ".ndjson", ".feature"},
	"debug": {""}, "shrink": {"", ".yaml"}, "prove": {"", ".yaml"},
}

// obeyed returns the first character of an output that a terminal obeys or hides, or that was
// forged.
func obeyed(output string) string {
	if strings.Contains(output, forged) {
		return forged
	}
	for i, r := range output {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) ||
			unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || r == utf8.RuneError &&
			!strings.HasPrefix(output[i:], "\ufffd")) {
			return output[max(0, i-40):min(len(output), i+40)]
		}
	}
	return ""
}

// TestNothingIsObeyed runs every command on files with such names and texts.
func TestNothingIsObeyed(t *testing.T) {
	t.Chdir(t.TempDir())
	const (
		entry  = `{"seq":%d,"ts":"2026-05-16T01:00:00Z","host":"NAME","rollout":"NAME@r","kind":`
		global = `{"seq":%d,"ts":"2026-05-16T01:00:00Z","host":null,"rollout":null,"kind":`
		poll   = global + `"manifest_poll","payload":{"channel":"NAME","outcome":"NAME",` +
			`"channel_ref":"NAME"}}`
		opened = entry + `"rollout_event","payload":{"RolloutOpened":{"rollout_id":"NAME@r",` +
			`"channel":"NAME","target_ref":"r","at":"2026-05-16T01:00:00Z"}}}`
		joined = entry + `"rollout_event","payload":{"HostJoined":{"rollout_id":"NAME@r",` +
			`"host_id":"NAME","wave":0,"at":"2026-05-16T01:00:00Z"}}}`
		odd  = entry + `"NAME","payload":{"NAME":"NAME"}}`
		gate = entry + `"gate_decision","payload":{"gate":"NAME","reason":"NAME","host":"NAME",` +
			`"rollout":"NAME@r"}}`
		failed = entry + `"agent_event","payload":{"kind":"ActivationFailed","exitCode":1,` +
			`"stderrTail":"NAME","failedAt":"2026-05-16T01:00:04Z","seq":3}}`
	)
	var log strings.Builder
	for i, line := range []string{poll, opened, joined, odd, gate, failed, joined} {
		line = strings.Replace(line, "%d", string(rune('1'+i)), 1)
		log.WriteString(strings.ReplaceAll(line, "NAME", inJSON) + "\n")
	}
	yaml := strings.ReplaceAll(`channels:
  - name: stable
    waves: [{hosts: ["NAME"]}]
budgets: [{name: "NAME", hosts: ["NAME"], max_in_flight: 1}]
timeline: [{at: 0s, channel: stable, ref: "NAME"}]
`, "NAME", inYAML)
	const (
		name = evil + forged
		page = "Feature: a\u202e\u200b\u00ad b\n  Scenario: c\u202e\u2066\u200b\n" +
			"    Given what\u202e\u200b\n"
	)
	for file, text := range map[string]string{
		name + ".yaml": yaml, "good.yaml": yaml,
		"wrong.yaml":     strings.Replace(yaml, "channels", `"`+inYAML+`"`, 1),
		"include.yaml":   `include: "` + inYAML + `.yaml"` + "\n" + yaml,
		"kind.yaml":      strings.Replace(yaml, "0s", `"`+inYAML+`"`, 1),
		name + ".ndjson": log.String(), "good.ndjson": log.String(),
		name + ".feature": page, "good.feature": page,
		"torn.ndjson":                `{"seq":1,"ts":"` + inJSON + `","kind":1}`,
		name + ".txt":                evil,
		"accept.txt":                 "effect 869 1f00ab34 " + evil + "\n",
		"vector.ndjson":              `{"id":1,"` + inJSON + `":"` + inJSON + `"}`,
		"faults.yaml":                `faults: [{kind: "` + inYAML + `"}]`,
		"d/" + name + "/result.json": `{"` + inJSON + `": "` + inJSON + `"}`,
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Skipf("this system has no such names: %v", err)
		}
	}
	all := []string{
		"check", "check -v", "run", "run --format summary", "run --format ndjson", "features",
		"features --format progress", "features --format junit", "features --format cucumber",
		"features --format github", "lint", "lint --format json", "lint --format github", "fmt",
		"fmt --check", "coverage", "mutate", "explore --faults", "explore --control-plane",
		"explore --machine", "merge", "merge --json", "replay", "replay --all", "replay --json",
		"replay --all --accept accept.txt good.ndjson --host", "replay --channel",
		"replay good.ndjson --rollout", "replay good.ndjson --accept", "why --host",
		"why good.ndjson --host", "why good.ndjson --rollout", "show", "show --json", "show --all",
		"incident", "incident --channel a",
		"show good.ndjson --host", "show good.ndjson --kind", "show good.ndjson --tz",
		"diff --machine v0.2 --machine rfc0008", "diff --json --machine v0.2 --machine rfc0008",
		"import", "import -o -", "redact -o -", "redact good.ndjson -o - --key", "fit", "fit -o -",
		"conform",
		"conform --machine", "machine", "machine --diff", "new feature", "new scenario", "steps --format",
		"completion", "check good.yaml --junit", "features --tags", "features --name",
		"features good.feature --rerun",
		"features good.feature --keep", "run one-wave-converges --machine",
		"view", "view --machine", "view one-wave-converges -o", "debug",
		"shrink", "shrink --keep", "shrink one-wave-converges --control-plane",
		"prove --deviations 0", "prove two-waves --kinds", "prove two-waves --control-plane",
		"run one-wave-converges --until", "run one-wave-converges --format",
	}
	files := []string{
		name, "no/" + name, "exec:./" + name, "d/" + name, name + ".yaml", "good.yaml", "wrong.yaml",
		"include.yaml", "kind.yaml", name + ".ndjson", "good.ndjson", "torn.ndjson", "vector.ndjson",
		name + ".feature", "good.feature", name + ".txt",
	}
	commands := make(map[string]bool)
	for _, command := range all {
		words := strings.Fields(command)
		commands[words[0]] = true
		for _, file := range files {
			if kinds, ok := kindsOf[words[0]]; ok && !slices.Contains(kinds, filepath.Ext(file)) {
				continue
			}
			code, stdout, stderr := inProcess(t, append(words[:len(words):len(words)], file)...)
			for _, output := range []string{stdout, stderr} {
				if found := obeyed(output); found != "" {
					t.Errorf("%s %q: exit %d: %q", command, file, code, found)
				}
			}
		}
	}
	for _, c := range newEnvironment(nil, nil, nil).newApp().Commands {
		if !commands[c.Name] {
			t.Errorf("the table has no %s", c.Name)
		}
	}
}
