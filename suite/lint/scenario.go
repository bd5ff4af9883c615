package lint

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

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
		for _, e := range unjoin(err) {
			var refused *scenario.Error
			if errors.As(e, &refused) {
				found.addTo(refused.File, wrongScenario, refused.Line, refused.Column, refused.Message)
			}
		}
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
			s.report(at("timeline", m.line, "ref"), "channel %s already has ref %s",
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
			s.report(at("timeline", before.line, "ref"),
				"no poll can see ref %s: channel %s moves to %s at the same instant",
				before.change.Ref, m.change.Channel, m.change.Ref)
		}
	}
}

// move is a line of the timeline that moves a channel at a fixed time.
type move struct {
	line   int
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
		switch {
		case a.SetRef == nil:
		case a.When != nil:
			otherwise[a.SetRef.Channel] = true
		default:
			all = append(all, move{i, a.At, *a.SetRef})
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
	for i, b := range s.Scenario.Budgets {
		n := 0
		for _, c := range s.Scenario.Channels {
			for _, w := range c.Waves {
				for _, h := range w.Hosts {
					if slices.ContainsFunc(b.Hosts, func(p string) bool { return matches(p, string(h)) }) {
						n++
					}
				}
			}
		}
		if n <= b.MaxInFlight {
			s.report(at("budgets", i, "max_in_flight"),
				"budget %s never delays a host: it covers %d and allows %d at once",
				b.Name, n, b.MaxInFlight)
		}
	}
}

// matches reports whether a host has a name or matches a pattern.
func matches(pattern, host string) bool {
	ok, err := path.Match(pattern, host)
	return pattern == host || err == nil && ok
}

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
