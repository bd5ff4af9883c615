package redact

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"rollsim/internal/longlog"
	"rollsim/reducer"
	"rollsim/trace"
)

// shippedSample returns a sample of the log that the shipped control plane writes.
func shippedSample(t *testing.T, name string) string {
	t.Helper()
	text, err := longlog.Read("../replay/testdata/" + name + ".ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestShippedFindingsStay redacts the logs of the shipped control plane, whole and with faults. The
// reasons of gates, which findings depend on, stay readable.
func TestShippedFindingsStay(t *testing.T) {
	for _, name := range []string{"shipped-11", "shipped-12"} {
		log := shippedSample(t, name)
		lines := strings.SplitAfter(log, "\n")
		for what, damaged := range map[string]string{
			"whole":         log,
			"without a row": strings.Join(append(lines[:300:300], lines[301:]...), ""),
			"foreign reason": strings.Replace(
				log, "wave-promotion: host_wave=", "promotion: host_wave=", 1,
			),
		} {
			before := findings(t, damaged, reducer.V02())
			after := findings(t, redacted(t, damaged, 26*time.Hour), reducer.V02())
			if before != after {
				t.Errorf("%s, %s: before\n%s\nafter\n%s", name, what, before, after)
			}
			if whole := findings(t, log, reducer.V02()); what != "whole" && before == whole {
				t.Errorf("%s, %s: no finding shows it", name, what)
			}
		}
		names := recordedNames(t, log)
		if len(names) < 20 || len(leaks(t, names, log)) != len(names) {
			t.Errorf("%s: %d names, %d of them are in the log", name, len(names),
				len(leaks(t, names, log)))
		}
		after := strings.ReplaceAll(redacted(t, log, 0), trace.GateHostEdge, "")
		if left := leaks(t, names, after); len(left) > 0 {
			t.Errorf("%s: the output still has %q", name, left)
		}
	}
}

// someName matches a pseudonym.
var someName = regexp.MustCompile(`\bn[a-z2-7]{12}\b`)

// recordedNames returns the hosts, channels, refs, closures and failed units of a log.
func recordedNames(t *testing.T, log string) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	r, err := trace.NewReader("it", strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := trace.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		e := &entries[i]
		all[string(e.Host)] = true
		channel, ref, _ := strings.Cut(string(e.Rollout), "@")
		all[channel], all[ref] = true, true
		if p := e.Plan; p != nil {
			all[string(p.Closure)] = true
		}
		if a := e.Agent; a != nil {
			all[string(a.Closure)] = true
		}
	}
	delete(all, "")
	return all
}

// TestShippedReasons checks the reasons of all gates of the shipped control plane: their words
// stay, and the names in them do not.
func TestShippedReasons(t *testing.T) {
	const web = `{"seq":1,"kind":"gate_decision","host":"web-01","rollout":"prod@a1","payload":{` +
		`"gate":"%","host":"web-01","rollout":"prod@a1","reason":"$"}}`
	for _, row := range []struct{ gate, reason, want string }{
		{
			trace.GateQuarantine, "quarantine: closure c1 rolled back on channel prod",
			"quarantine: closure N rolled back on channel N",
		},
		{
			trace.GateChannelEdges, "channelEdges predecessor channel 'edge-eu' not converged",
			"channelEdges predecessor channel 'N' not converged",
		},
		{
			trace.GateWavePromotion, "wave-promotion: host_wave=12 > current_wave=0",
			"wave-promotion: host_wave=12 > current_wave=0",
		},
		{
			trace.GateHostUnstaged, "wave-promotion: channel 'prod' declares waves but this host is not " +
				"assigned to any of them (default-deny)",
			"wave-promotion: channel 'N' declares waves but this host is not assigned to any of them " +
				"(default-deny)",
		},
		{
			trace.GateHostEdge, "host-edge: gating host 'web-02' not yet Converged",
			"host-edge: gating host 'N' not yet Converged",
		},
		{
			trace.GateDisruptionBudget, "disruption-budget: 11/12 in flight (tags_any:acme,web)",
			"disruption-budget: 11/12 in flight (tags_any:N,N)",
		},
		{
			trace.GateDisruptionBudget, "disruption-budget: 1/1 in flight (all)",
			"disruption-budget: 1/1 in flight (all)",
		},
		{
			trace.GateDisruptionBudget, "disruption-budget: 1/1 in flight (hosts:web-01)",
			"disruption-budget: 1/1 in flight (hosts:N)",
		},
		{
			trace.GateComplianceWave, "compliance-wave: 3 outstanding failure(s) on hosts in wave < 1",
			"compliance-wave: 3 outstanding failure(s) on hosts in wave < 1",
		},
		{ // not one of the control plane
			trace.GateComplianceWave, "compliance-wave: Bob's 7f3/1 of acme",
			"compliance-wave: N's N of N",
		},
	} {
		log := strings.NewReplacer("%", row.gate, "$", row.reason).Replace(web) + "\n"
		_, text, _ := strings.Cut(redacted(t, log, 0), `"reason":"`)
		text, _, _ = strings.Cut(text, `"`)
		if got := someName.ReplaceAllString(text, "N"); got != row.want {
			t.Errorf("%s\n%q\nwant\n%q", row.reason, text, row.want)
		}
	}
}
