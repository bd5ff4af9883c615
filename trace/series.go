package trace

import (
	"errors"
	"io"

	"rollsim/reducer"
)

// series reads several inputs that together are one log.
type series struct {
	open    []func() (*Reader, error) // the inputs that are not opened yet, in order
	next    func() (*Reader, error)   // of Follow: waits for the next part; else nil
	now     []*Reader                 // the open inputs: at most one of Concatenate, all of Merge
	heads   []*Entry                  // the next entry of each input of Merge; nil for Concatenate
	last    *Reader                   // the input of the last entry
	ahead   bool
	lenient bool
	done    Passed // the counts of the closed inputs
	err     error
}

// Concatenate returns a Reader of several inputs that are one log, in the order given. It opens
// each when it is needed and closes it after its last entry. None may be a simulated trace, which
// has a beginning and an end of its own.
func Concatenate(open ...func() (*Reader, error)) *Reader {
	return &Reader{series: &series{open: open, last: new(Reader)}}
}

// Follow returns a Reader of a log that grows. next waits for the next part of the log and returns
// a Reader of it, or io.EOF if there will be no more. The Reader of the last part stays open until
// the Reader is closed, because its tables may be read.
func Follow(next func() (*Reader, error)) *Reader {
	return &Reader{series: &series{next: next, last: new(Reader)}}
}

// Merge returns a Reader of several inputs that are parallel parts of one log, such as the
// documents of some of its rollouts. It returns their entries in the order of seq.
func Merge(readers ...*Reader) *Reader {
	return &Reader{
		series: &series{now: readers, heads: make([]*Entry, len(readers)), last: readers[0]},
	}
}

func (s *series) current() *Reader { return s.last }

// documents reports whether all inputs of a merge are rollout documents.
func (s *series) documents() bool {
	for _, r := range s.now {
		if !r.IsDocument() {
			return false
		}
	}
	return s.heads != nil
}

func (s *series) passed() Passed {
	p := s.done
	for _, r := range s.now {
		p.add(r.Passed())
	}
	return p
}

func (s *series) tables() Tables { return s.last.Tables() }

func (s *series) read() (*Entry, error) {
	if s.err != nil {
		return nil, s.err
	}
	var e *Entry
	if s.heads != nil {
		e, s.err = s.lowest()
	} else {
		e, s.err = s.following()
	}
	if s.err == nil && s.last.Header() != nil {
		s.err = &ReadError{File: s.last.File(), What: "a simulated trace cannot be read together " +
			"with other inputs: name it alone"}
	}
	if s.err != nil {
		return nil, s.err
	}
	return e, nil
}

// following returns the next entry of the open input, or the first one of the next input.
func (s *series) following() (*Entry, error) {
	for {
		if s.next != nil {
			if e, err := s.growing(); e != nil || err != nil {
				return e, err
			}
			continue
		}
		if len(s.now) == 0 {
			if len(s.open) == 0 {
				return nil, io.EOF
			}
			r, err := s.open[0]()
			if err != nil {
				return nil, err
			}
			s.open = s.open[1:]
			if s.lenient {
				r.Lenient()
			}
			if s.ahead {
				r.Ahead()
			}
			s.now, s.last = []*Reader{r}, r
		}
		e, err := s.last.Read()
		if !errors.Is(err, io.EOF) {
			return e, err
		}
		s.done.add(s.last.Passed())
		s.now = nil
		if len(s.open) == 0 {
			s.now = []*Reader{s.last} // stays open, because its tables may be read
			s.done = Passed{}
			return nil, io.EOF
		}
		if err := s.last.Close(); err != nil {
			return nil, err
		}
	}
}

// growing returns the next entry of the last part, or opens the next part.
func (s *series) growing() (*Entry, error) {
	if len(s.now) > 0 {
		if e, err := s.last.Read(); !errors.Is(err, io.EOF) {
			return e, err
		}
	}
	r, err := s.next()
	if err != nil {
		return nil, err
	}
	if len(s.now) > 0 {
		s.done.add(s.last.Passed())
		if err := s.last.Close(); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	if s.lenient {
		r.Lenient()
	}
	s.now, s.last = []*Reader{r}, r
	return nil, nil
}

// lowest returns the entry with the lowest seq of the next entries of all inputs.
func (s *series) lowest() (*Entry, error) {
	first := -1
	for i, r := range s.now {
		if s.heads[i] == nil {
			e, err := r.Read()
			if errors.Is(err, io.EOF) {
				continue
			}
			if err != nil {
				return nil, err
			}
			s.heads[i] = e
		}
		if first < 0 || s.heads[i].Seq < s.heads[first].Seq {
			first = i
		}
	}
	if first < 0 {
		return nil, io.EOF
	}
	e := s.heads[first]
	s.heads[first] = nil
	s.last = s.now[first]
	return e, nil
}

// Cut returns the rollouts whose documents hold exactly that many entries, which is the limit of
// the route that they come from: they are probably cut there. It must be called at the end of the
// log.
func (r *Reader) Cut(limit uint64) []reducer.RolloutID {
	if r.series != nil {
		var all []reducer.RolloutID
		for _, open := range r.series.now {
			all = append(all, open.Cut(limit)...)
		}
		return all
	}
	if d, is := r.src.(*documentSource); is && r.entries == limit {
		return []reducer.RolloutID{d.rollout}
	}
	return nil
}

func (s *series) close() error {
	var errs []error
	for _, r := range s.now {
		errs = append(errs, r.Close())
	}
	s.now = nil
	return errors.Join(errs...)
}
