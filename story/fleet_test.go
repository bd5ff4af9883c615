package story

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rollsim/reducer"
	"rollsim/sim"
)

// noSoak is the soak of waves that is not given.
var noSoak reducer.Opt[time.Duration]

// fleetOf returns a fleet of two channels: stable with waves of 1 and 2 hosts, edge with 1 host.
func fleetOf(t *testing.T) *fleet {
	t.Helper()
	f := new(fleet)
	for _, err := range []error{
		f.addCounted("stable", []uint64{1, 2}, reducer.Some(time.Hour)),
		f.addCounted("edge", []uint64{1}, noSoak),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestFleetMatch(t *testing.T) {
	f := fleetOf(t)
	for _, tt := range []struct {
		patterns []reducer.HostID
		want     string
	}{
		{[]reducer.HostID{"stable-02"}, "[stable-02] <nil>"},
		{[]reducer.HostID{"stable-*", "edge-01"}, "[stable-01 stable-02 stable-03 edge-01] <nil>"},
		{[]reducer.HostID{"*-01"}, "[stable-01 edge-01] <nil>"},
		{nil, "[] <nil>"},
		{[]reducer.HostID{"stable-4"}, `[] no host is named "stable-4": did you mean "stable-01"?`},
		{[]reducer.HostID{"web-*"}, `[] no host matches "web-*"`},
		{[]reducer.HostID{"[a"}, `[] "[a" is not a pattern: expected one such as "stable-*"`},
	} {
		hosts, err := f.match(tt.patterns)
		if got := fmt.Sprint(hosts, err); got != tt.want {
			t.Errorf("%v\ngot  %s\nwant %s", tt.patterns, got, tt.want)
		}
	}
}

func TestFleetRefuses(t *testing.T) {
	f := fleetOf(t)
	for want, err := range map[string]error{
		`channel "edge" exists already`: f.addChannel("edge", nil),
		`host "edge-01" exists already: a host belongs to one channel and one wave`: f.addChannel(
			"beta", []sim.Wave{{Hosts: []reducer.HostID{"edge-01"}}},
		),
		`host "b" exists already: a host belongs to one channel and one wave`: f.addChannel(
			"beta", []sim.Wave{{Hosts: []reducer.HostID{"b"}}, {Hosts: []reducer.HostID{"b"}}},
		),
		"a channel has at most 10000 hosts": f.addCounted("beta", []uint64{maxHosts, 1}, noSoak),
		`no host is named "web-0": did you mean "web-01"?`: f.checkHosts(
			[]reducer.HostID{"web-0"}, "web-01",
		),
		"<nil>": f.checkHosts([]reducer.HostID{"a"}, "a"),
	} {
		if got := fmt.Sprint(err); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if len(f.Channels) != 2 {
		t.Errorf("%d channels", len(f.Channels))
	}
}

func TestNumberHosts(t *testing.T) {
	for _, tt := range []struct {
		counts      []uint64
		first, last reducer.HostID
	}{
		{[]uint64{1, 2}, "stable-01", "stable-03"},
		{[]uint64{99}, "stable-01", "stable-99"},
		{[]uint64{99, 1}, "stable-001", "stable-100"},
	} {
		waves, err := numberHosts("stable", tt.counts)
		if err != nil {
			t.Fatal(err)
		}
		hosts := slices.Concat(waves...)
		if first, last := hosts[0], hosts[len(hosts)-1]; first != tt.first || last != tt.last {
			t.Errorf("%v: got %s to %s, want %s to %s", tt.counts, first, last, tt.first, tt.last)
		}
	}
}

func TestFleetTimes(t *testing.T) {
	f := fleetOf(t)
	if f.quiet() != quietPeriod+time.Hour {
		t.Errorf("quiet %v: the soak is an hour", f.quiet())
	}
	f.allowSilence(time.Minute)
	if f.quiet() != quietPeriod+time.Hour {
		t.Errorf("quiet %v: a shorter silence changes it", f.quiet())
	}
	const week = 7 * 24 * time.Hour
	f.Channels[0].Policy.RetentionSeconds = 60
	if f.retention() != week {
		t.Errorf("retention %v: that of edge is a week", f.retention())
	}
	f.Channels[0].Policy.RetentionSeconds = int64(2 * week / time.Second)
	if f.retention() != 2*week {
		t.Errorf("retention %v, want 2 weeks", f.retention())
	}
	f.Channels[1].PollInterval = 5 * time.Minute
	for _, tt := range []struct {
		id        reducer.ChannelID
		now, want time.Duration
	}{
		{"stable", 0, time.Minute},
		{"stable", time.Minute - 1, time.Minute},
		{"stable", time.Minute, 2 * time.Minute},
		{"edge", time.Minute, 5 * time.Minute},
		{"", 90 * time.Second, 2 * time.Minute},
		{"beta", time.Second, time.Second},
	} {
		if got := f.nextPoll(tt.id, tt.now); got != tt.want {
			t.Errorf("%q is polled at %v after %v, want %v", tt.id, got, tt.now, tt.want)
		}
	}
}

func TestFleetPolicy(t *testing.T) {
	f := fleetOf(t)
	f.Channels[1].Policy.OnHealthFailure = reducer.RollbackAndHalt
	if f.policy("edge").OnHealthFailure != reducer.RollbackAndHalt ||
		f.policy("raw").OnHealthFailure != reducer.Halt {
		t.Errorf("%+v, %+v", f.policy("edge"), f.policy("raw"))
	}
	if c := f.channelOf("stable-03"); c == nil || c.ID != "stable" {
		t.Errorf("stable-03 is of channel %v", c)
	}
	if c := f.channelOf("stable-04"); c != nil {
		t.Errorf("stable-04 is of channel %v", c)
	}
}

func TestFateList(t *testing.T) {
	var l fateList
	failing := sim.Fate{Ref: "b2", Kind: sim.FailsProbes}
	if err := l.add([]reducer.HostID{"a", "b"}, failing, false); err != nil {
		t.Fatal(err)
	}
	if err := l.add([]reducer.HostID{"a"}, sim.Fate{Ref: "c3", Kind: sim.Defers}, true); err != nil {
		t.Fatal(err)
	}
	if err := l.add([]reducer.HostID{"b"}, failing, true); err != nil {
		t.Errorf("the same fate a second time: %v", err)
	}
	err := l.add([]reducer.HostID{"b"}, sim.Fate{Ref: "b2", Kind: sim.ConvergesAnyway}, false)
	const want = "host b already fails its probes, and only one of both can happen"
	if fmt.Sprint(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	err = l.add([]reducer.HostID{"c"}, sim.Fate{Ref: "b2", Kind: sim.NeverAnswers}, false)
	if err != nil {
		t.Error(err)
	}
	if f, found := l.untested([]string{"a1"}); !found || f.Host != "a" || f.Ref != "b2" {
		t.Errorf("untested is %+v, %v", f, found)
	}
	if f, found := l.untested([]string{"b2"}); found {
		t.Errorf("%+v is of a Background, which may name a ref that never comes", f)
	}
	for name, kind := range fateNames {
		if fateName(kind) != name {
			t.Errorf("%s is named %q", name, fateName(kind))
		}
	}
}
