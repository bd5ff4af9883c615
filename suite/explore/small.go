package explore

import (
	"context"
	"errors"

	"rollsim/invariant"
	"rollsim/suite/shrink"
)

// Small is the small case of a failure.
type Small struct {
	Key      string `json:"key"`
	Scenario string `json:"scenario"` // the text of its file; empty if no case is smaller
	Feature  string `json:"feature,omitempty"`
	Steps    int    `json:"steps,omitzero"` // of the feature
	// Note says why there is no feature, or why it does not pass as specified; empty otherwise.
	Note string `json:"note,omitempty"`
	// Unfinished says why the case may be larger than it need be. Without a scenario it says why there
	// is no case.
	Unfinished string `json:"unfinished,omitempty"`

	Before shrink.Extent `json:"before"`
	After  shrink.Extent `json:"after"`
}

// Shrink makes the smallest seed of each failure small, unless that is done. Once the context has
// ended, the small cases of the other failures are unfinished, and have no scenario. progress, if
// not nil, is called before each failure.
func (r *Result) Shrink(ctx context.Context, s *Source, progress func(done, all int)) error {
	groups := r.Searched()
	for i, g := range groups {
		if progress != nil {
			progress(i, len(groups))
		}
		if g.Invariant == invariant.SameBytes || g.First.Small != nil && g.First.Small.Unfinished == "" {
			continue
		}
		if ctx.Err() != nil {
			g.First.Small = notDone(g, "before its search")
			continue
		}
		small, err := s.shrink(ctx, g)
		if err != nil {
			return err
		}
		g.First.Small = small
	}
	return nil
}

// notDone returns the small case of a failure for which there was no time.
func notDone(g *Group, when string) *Small {
	return &Small{Key: g.Key(false).String(), Unfinished: "the sweep ended " + when}
}

// shrink returns the small case of a failure. A failure that does not repeat has none.
func (s *Source) shrink(ctx context.Context, g *Group) (*Small, error) {
	sc, m, err := s.Scenario(g.First.Seed, g.First.Scenario)
	if err != nil {
		return nil, err
	}
	key := g.Key(false)
	c, err := shrink.Shrink(ctx, shrink.Options{
		Scenario: sc, Machine: m, Key: &key, Movable: s.drawsPlane(),
	})
	if c == nil {
		switch {
		case errors.Is(err, shrink.ErrHolds):
			return nil, nil
		case ctx.Err() != nil:
			return notDone(g, "during its search"), nil
		}
		return nil, err
	}
	small := &Small{
		Key: key.String(), Scenario: shrink.File(c), Unfinished: c.Unfinished, Before: c.Before,
		After: c.After,
	}
	if c.Unfinished == "" || c.Spent {
		f := shrink.WriteFeature(ctx, c, m)
		small.Feature, small.Steps, small.Note = f.Text, f.Steps, f.Why
	}
	if ctx.Err() != nil {
		small = notDone(g, "during its search")
	}
	return small, err
}

// drawsPlane reports whether seeds draw their control planes.
func (s *Source) drawsPlane() bool {
	if len(s.Given) > 0 {
		return s.ControlPlane == DrawnControlPlane
	}
	choice := s.ControlPlane
	if choice == "" {
		choice = controlPlaneFor(s.Machine)
	}
	return choice == DrawnControlPlane
}
