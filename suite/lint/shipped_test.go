package lint

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// TestControlPlanes checks what lint finds about fields that depend on the control plane, about
// budgets with selectors, and about refs for all channels.
func TestControlPlanes(t *testing.T) {
	const start = `# One host converges.
channels:
  - {name: stable, waves: [{hosts: 2, soak: 10m}]}
timeline:
  - {at: 0s, channel: stable, ref: a1}
`
	release := strings.Replace(start, "channel: stable, ref", "release", 1)
	shipped := strings.Replace(start, "channels:", "control_plane: shipped\nchannels:", 1)
	mended := strings.Replace(
		start, "channels:", "control_plane: {shipped: {mended: [quarantine-inert]}}\nchannels:", 1,
	)
	channel := func(text, field string) string {
		return strings.Replace(text, "{name: stable, ", "{name: stable, "+field+", ", 1)
	}
	for text, want := range map[string]string{
		start + "phases: {poll: 5s}\n":                                     "6:9 RS110",
		shipped + "phases: {poll: 5s}\n":                                   "",
		start + "releases: [{ref: a1, manifest: stale, signed: 1h}]\n":     "6:32 RS110, 6:47 RS110",
		start + "releases: [{ref: a1, manifest: fresh}]\n":                 "",
		shipped + "releases: [{ref: a1, manifest: absent, signed: -1h}]\n": "",

		channel(shipped, "poll_interval: 61s"):                           "4:35 RS110",
		channel(shipped, "poll_interval: 60s"):                           "",
		channel(start, "poll_interval: 61s"):                             "",
		channel(shipped, "retention: 8d"):                                "4:31 RS110",
		channel(shipped, "retention: 7d"):                                "",
		channel(start, "retention: 8d"):                                  "",
		shipped + "quarantine: [{channel: stable, closure: a1}]\n":       "7:13 RS110",
		mended + "quarantine: [{channel: stable, closure: a1}]\n":        "",
		start + "quarantine: [{channel: stable, closure: a1}]\n":         "",
		shipped + "  - {at: 1h, lift: {channel: stable, closure: a1}}\n": "7:20 RS110",
		mended + "  - {at: 1h, lift: {channel: stable, closure: a1}}\n":  "",

		shipped + "budgets: [{name: b, selector: all, max_in_flight: 50%}]\n":            "7:51 RS110",
		shipped + "budgets: [{name: b, selector: all, max_in_flight: 1}]\n":              "",
		start + "budgets: [{name: b, selector: all, max_in_flight: 50%}]\n":              "",
		start + "budgets: [{name: b, selector: all, max_in_flight: 100%}]\n":             "6:51 RS107",
		start + "budgets: [{name: b, selector: all, max_in_flight: 2}]\n":                "6:51 RS107",
		start + "budgets: [{name: b, selector: \"channel:stable\", max_in_flight: 1}]\n": "",

		start + "deviations: [{kinds: [polls]}, {kinds: [poll-stale], at_most: 1}]\n":    "6:32 RS111",
		start + "deviations: [{kinds: [poll-stale], at_most: 1}, {kinds: [polls]}]\n":    "6:14 RS111",
		start + "deviations: [{kinds: [polls]}, {kinds: [polls]}]\n":                     "6:32 RS111",
		start + "deviations: [{kinds: [polls], at_most: 2}, {kinds: [poll-stale]}]\n":    "",
		start + "deviations: [{kinds: [hosts], hosts: [stable-01]}, {kinds: [hosts]}]\n": "6:14 RS111",
		start + "deviations: [{kinds: [hosts], hosts: [\"*\"]}, {kinds: [fates]}]\n":     "",
		start + "deviations: [{kinds: [poll-stale]}, {kinds: [polls]}]\n":                "6:14 RS111",

		release: "",
		strings.Replace(release, "channels:", "channels:\n  - {name: edge}", 1): "",
		release + "  - {at: 1h, release: a1}\n":                                 "6:23 RS105",
		release + "  - {at: 1h, channel: stable, ref: a1}\n":                    "6:36 RS105",
		release + "  - {at: 0s, release: b2}\n":                                 "5:23 RS106",
		release + "  - {at: 1h, release: b2}\n":                                 "",
		release + "  - {when: {rollout: stable@a1}, release: a1}\n":             "",
	} {
		fsys := fstest.MapFS{"a.yaml": {Data: []byte(text)}, "a.golden": {}}
		found, err := Check(fsys, []string{"a.yaml"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Rule.Code))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s\ngot  %q %v\nwant %q", text, got, found, want)
		}
	}
}
