package lint

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"rollsim/controlplane"
	"rollsim/internal/shell"
	"rollsim/reducer"
	"rollsim/scenario"
	"rollsim/sim"
	"rollsim/suite/check"
)

// scenarioFile is a scenario file, and the rule being checked.
type scenarioFile struct {
	*scenario.File
	fsys  fs.FS
	text  []byte
	rule  *Rule
	found *findings
}

// report records a finding at a value. where is the path of the value: field names and list
// indices.
func (s *scenarioFile) report(where []any, format string, args ...any) {
	line, column := scenario.Locate(s.text, where...)
	s.found.add(s.rule, line, column, fmt.Sprintf(format, args...))
}

// at returns its arguments as a path for report.
func at(steps ...any) []any { return steps }

func checkScenario(found *findings, fsys fs.FS, content []byte) {
	file, err := scenario.LoadFS(fsys, found.file)
	if err != nil {
		found.addRefused(wrongScenario, err)
		return
	}
	s := &scenarioFile{File: file, fsys: fsys, text: content, found: found}
	for i := range scenarioRules {
		if s.rule = &scenarioRules[i]; s.rule.scenario != nil {
			s.rule.scenario(s)
		}
	}
}

func noComment(s *scenarioFile) {
	if s.Comment == "" {
		s.report(nil, "the file does not begin with a comment: say there what the scenario shows")
	}
}

func noGolden(s *scenarioFile) {
	golden := check.GoldenPath(s.Path)
	if _, err := fs.Stat(s.fsys, golden); err != nil {
		s.report(nil, "there is no golden %s; record it with: rollsim check --update %s",
			golden, shell.Join(s.Path))
	}
}

// checkGoldens finds goldens without a scenario. It checks a folder only if all its scenarios are
// among the names.
func checkGoldens(fsys fs.FS, names []string) []Finding {
	var all []Finding
	var done []string // folders
	for _, name := range names {
		dir := path.Dir(name)
		if path.Ext(name) != ".yaml" || slices.Contains(done, dir) {
			continue
		}
		done = append(done, dir)
		scenarios := withExt(fsys, dir, ".yaml")
		if slices.ContainsFunc(scenarios, func(s string) bool { return !slices.Contains(names, s) }) {
			continue
		}
		for _, golden := range withExt(fsys, path.Dir(check.GoldenPath(name)), ".golden") {
			base := strings.TrimSuffix(path.Base(golden), ".golden")
			if !slices.Contains(scenarios, path.Join(dir, base+".yaml")) {
				all = append(all, Finding{golden, 1, 1, orphanGolden, fmt.Sprintf(
					"there is no scenario %s.yaml in %s: rename or delete the golden", base, dir)})
			}
		}
	}
	return all
}

// withExt returns the files in a folder with an extension. A folder that cannot be read has none.
func withExt(fsys fs.FS, dir, ext string) []string {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if path.Ext(e.Name()) == ext {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names
}

// idleChannel finds channels that never move to a ref, are not opened by a raw event, and are not
// awaited by another channel.
func idleChannel(s *scenarioFile) {
	var used []reducer.ChannelID
	for _, c := range s.Scenario.Channels {
		used = append(used, c.After...)
	}
	for i := range s.Scenario.Timeline {
		switch a := &s.Scenario.Timeline[i]; {
		case a.Release != nil:
			return // it moves all channels
		case a.SetRef != nil:
			used = append(used, a.SetRef.Channel)
		case a.Event != nil:
			used = append(used, a.Event.Channel)
		}
	}
	for i := range s.Scenario.Traffic {
		used = append(used, s.Scenario.Traffic[i].Channel)
	}
	for i, c := range s.Scenario.Channels {
		if !slices.Contains(used, c.ID) {
			s.report(at("channels", i), "channel %s never moves to a ref, and no channel waits for it", c.ID)
		}
	}
}

// sameRef finds moves of a channel to the ref that it has already. It checks only moves at a
// fixed time, because only a run shows when a moment occurs.
func sameRef(s *scenarioFile) {
	moves := s.moves()
	for i, m := range moves {
		if i > 0 && moves[i-1].change == m.change {
			s.report(at("timeline", m.line, m.field), "channel %s already has ref %s",
				m.change.Channel, m.change.Ref)
		}
	}
}

// unseenRef finds moves of a channel that another move replaces at the same instant.
func unseenRef(s *scenarioFile) {
	moves := s.moves()
	for i, m := range moves {
		if i > 0 && moves[i-1].change.Channel == m.change.Channel && moves[i-1].change != m.change &&
			moves[i-1].at == m.at {
			before := moves[i-1]
			s.report(at("timeline", before.line, before.field),
				"no poll can see ref %s: channel %s moves to %s at the same instant",
				before.change.Ref, m.change.Channel, m.change.Ref)
		}
	}
}

// move is a line of the timeline that moves a channel, or all channels, at a fixed time.
type move struct {
	line   int
	field  string // that has the ref
	at     time.Duration
	change sim.RefChange
}

// moves returns the moves ordered by channel and time, without those of channels that also move in
// other ways.
func (s *scenarioFile) moves() []move {
	otherwise := make(map[reducer.ChannelID]bool)
	var all []move
	for i := range s.Scenario.Timeline {
		a := &s.Scenario.Timeline[i]
		var changes []sim.RefChange
		field := "ref"
		if a.SetRef != nil {
			changes = append(changes, *a.SetRef)
		}
		if a.Release != nil {
			field = "release"
			for _, c := range s.Scenario.Channels {
				changes = append(changes, sim.RefChange{Channel: c.ID, Ref: a.Release.Ref})
			}
		}
		for _, change := range changes {
			if a.When != nil {
				otherwise[change.Channel] = true
			} else {
				all = append(all, move{i, field, a.At, change})
			}
		}
	}
	for i := range s.Scenario.Traffic {
		otherwise[s.Scenario.Traffic[i].Channel] = true
	}
	all = slices.DeleteFunc(all, func(m move) bool { return otherwise[m.change.Channel] })
	slices.SortStableFunc(all, func(a, b move) int {
		return cmp.Or(cmp.Compare(a.change.Channel, b.change.Channel), cmp.Compare(a.at, b.at))
	})
	return all
}

// idleBudget finds budgets that never delay a host, because they cover no more hosts than they
// allow at once.
func idleBudget(s *scenarioFile) {
	conf := controlplane.Config{Budgets: s.Scenario.Budgets, Tags: s.Scenario.Tags}
	for i := range s.Scenario.Channels {
		c := &s.Scenario.Channels[i]
		conf.Channels = append(conf.Channels, controlplane.Channel{
			ID: c.ID, Waves: c.Waves, Outside: c.Outside,
		})
	}
	inv, err := controlplane.NewInventory(&conf)
	if err != nil {
		return // the scenario was checked when it was loaded
	}
	for i := range s.Scenario.Budgets {
		b := inv.Budget(i)
		n := 0
		for h := range inv.Hosts() {
			if b.Covers(inv.HostID(uint32(h))) {
				n++
			}
		}
		if n <= b.MaxInFlight {
			s.report(at("budgets", i, "max_in_flight"),
				"budget %s never delays a host: it covers %d and allows %d at once",
				b.Name, n, b.MaxInFlight)
		}
	}
}

// idleDeviation finds entries of deviations that allow nothing which another entry does not allow,
// on every host and in any number.
func idleDeviation(s *scenarioFile) {
	all := s.Scenario.Deviations
	for i := range all {
		for k := range all {
			wide := &all[k]
			if wide.Hosts != nil || wide.AtMost > 0 || all[i].Kinds&^wide.Kinds != 0 || i == k {
				continue
			}
			same := all[i].Hosts == nil && all[i].AtMost == 0 && all[i].Kinds == wide.Kinds
			if same && k > i {
				continue // the later one of two equal entries is the idle one
			}
			s.report(at("deviations", i), "this allows nothing that entry %d does not allow: %v", k+1, wide)
			break
		}
	}
}

// noEffect finds what the control plane of the scenario does not read.
func noEffect(s *scenarioFile) {
	sc := &s.Scenario
	if sc.ControlPlane == controlplane.Shipped {
		s.ignoredByShipped()
		return
	}
	const alone = "only the shipped control plane reads this"
	if sc.Phases != (sim.Phases{}) {
		s.report(at("phases"), "phases has no effect: %s", alone)
	}
	for i := range sc.Releases {
		if sc.Releases[i].Manifest != controlplane.Fresh {
			s.report(at("releases", i, "manifest"), "manifest has no effect: %s", alone)
		}
		if sc.Releases[i].Signed.Set {
			s.report(at("releases", i, "signed"), "signed has no effect: %s", alone)
		}
	}
}

// ignoredByShipped finds what the shipped control plane does not read.
func (s *scenarioFile) ignoredByShipped() {
	sc := &s.Scenario
	for i := range sc.Channels {
		c := &sc.Channels[i]
		if c.PollInterval != defaultPoll {
			s.report(at("channels", i, "poll_interval"), "poll_interval has no effect: the shipped "+
				"control plane polls all channels each 30s")
		}
		if c.Policy.RetentionSeconds != reducer.DefaultRetentionSeconds {
			s.report(at("channels", i, "retention"), "retention has no effect: the shipped control "+
				"plane keeps every rollout for 90 days")
		}
	}
	for i := range sc.Budgets {
		if sc.Budgets[i].Percent > 0 {
			s.report(at("budgets", i, "max_in_flight"), "budget %s has no effect: the shipped control "+
				"plane ignores percentages", sc.Budgets[i].Name)
		}
	}
	if slices.Contains(sc.Mended, controlplane.QuarantineInert) {
		return
	}
	const inert = "the shipped control plane reads no quarantine unless quarantine-inert is mended"
	if len(sc.Quarantine) > 0 {
		s.report(at("quarantine"), "quarantine has no effect: %s", inert)
	}
	for i := range sc.Timeline {
		if sc.Timeline[i].Lift != nil {
			s.report(at("timeline", i, "lift"), "lift has no effect: %s", inert)
		}
	}
}

// defaultPoll is the poll interval of a channel that does not set one.
const defaultPoll = time.Minute

func contradictoryFates(s *scenarioFile) {
	for i, f := range s.Scenario.Fates {
		for _, before := range s.Scenario.Fates[:i] {
			if before.Host != f.Host || before.Ref != f.Ref {
				continue
			}
			switch {
			case before.Kind == f.Kind:
				s.report(at("fates", i), "host %s already has this fate", f.Host)
			case before.Kind.Settles() && f.Kind.Settles():
				s.report(at("fates", i),
					"host %s already has another fate, and only one of the two can happen", f.Host)
			}
		}
	}
}
