package excerpt

import (
	"maps"
	"slices"
)

// unit is what one edit removes: rows, and hosts from lists.
type unit struct {
	rows []int
	host string // empty for none
}

// units returns the rows of the best part in groups, in the order of their first rows. Rows with an
// empty name are in none.
func (s *search) units(of func(*row) string) []unit {
	var all []unit
	index := make(map[string]int)
	for _, i := range s.best.rows {
		name := of(s.log.rows[i])
		if name == "" {
			continue
		}
		n, known := index[name]
		if !known {
			n = len(all)
			index[name], all = n, append(all, unit{})
		}
		all[n].rows = append(all[n].rows, i)
	}
	return all
}

// hosts returns a unit for each host, which lists have, too.
func (s *search) hosts() []unit {
	all := s.units(func(r *row) string { return r.host })
	known := make(map[string]bool)
	for i := range all {
		all[i].host = s.log.rows[all[i].rows[0]].host
		known[all[i].host] = true
	}
	for _, i := range s.best.rows {
		for _, h := range s.log.rows[i].hosts {
			if !known[h] && !s.best.without[h] {
				known[h] = true
				all = append(all, unit{host: h})
			}
		}
	}
	return all
}

// single returns a unit for each row.
func (s *search) single() []unit {
	all := make([]unit, len(s.best.rows))
	for n, i := range s.best.rows {
		all[n].rows = []int{i}
	}
	return all
}

// toFixpoint runs the passes until none of them removes anything.
func (s *search) toFixpoint() {
	kind := func(r *row) string { return r.kind }
	channel := func(r *row) string { return r.channel }
	rollout := func(r *row) string { return r.rollout }
	kindOfHost := func(r *row) string { return r.host + " " + r.kind }
	if s.best.tables {
		s.alone()
	}
	for again := true; again && s.err == nil; {
		again = false
		for _, units := range []func() []unit{
			func() []unit { return s.units(kind) },
			func() []unit { return s.units(channel) },
			func() []unit { return s.units(rollout) },
			s.hosts,
			func() []unit { return s.units(kindOfHost) },
			s.single,
		} {
			again = s.remove(units()) || again
		}
		again = s.windows() || again
	}
}

// alone removes everything that is not about the rollout of the finding, if it has one, with or
// without the rows that are about no rollout. A row of a derived table needs the end of its
// rollout, which is often the next rollout: one after the other, few of them could go.
func (s *search) alone() {
	for _, unbound := range []bool{true, false} {
		var others unit
		for _, i := range s.best.rows {
			r := s.log.rows[i]
			if r.bad == nil && r.rollout != s.target.rollout && (unbound || r.rollout != "") {
				others.rows = append(others.rows, i)
			}
		}
		if s.try(s.without([]unit{others})) {
			return
		}
	}
}

// remove removes units: first all of them, then halves, and in the end each alone, from the last
// one to the first.
func (s *search) remove(units []unit) bool {
	accepted := false
	for chunk := len(units); chunk >= 1; chunk /= 2 {
		for end := len(units); end > 0; end = min(end-chunk, len(units)) {
			begin := max(0, end-chunk)
			if s.try(s.without(units[begin:end])) {
				units = slices.Delete(units, begin, end)
				accepted = true
			}
		}
	}
	return accepted
}

// without returns the best part without some units.
func (s *search) without(units []unit) *part {
	gone := make(map[int]bool)
	p := &part{without: maps.Clone(s.best.without), tables: s.best.tables}
	for _, u := range units {
		for _, i := range u.rows {
			gone[i] = true
		}
		if u.host != "" {
			p.without[u.host] = true
		}
	}
	for _, i := range s.best.rows {
		if !gone[i] {
			p.rows = append(p.rows, i)
		}
	}
	if p.tables {
		p.rows = s.log.withoutOrphans(p.rows, s.best.rows)
	}
	return p
}

// The length of the longest window, and the number of rows above which no window is tried.
const (
	longestWindow = 8
	fewRows       = 200
)

// windows removes rows that follow each other, from each place: an agent's message and what follows
// from it go together.
func (s *search) windows() bool {
	accepted := false
	for length := longestWindow; length > 1; length-- {
		for begin := 0; begin+length <= len(s.best.rows) && len(s.best.rows) <= fewRows; {
			if s.try(s.without([]unit{{rows: s.best.rows[begin : begin+length]}})) {
				accepted = true
				continue
			}
			begin++
		}
	}
	return accepted
}
