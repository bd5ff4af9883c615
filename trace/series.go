package trace

import (
	"errors"
	"io"
)

// series is several inputs that are one log.
type series struct {
	open  []func() (*Reader, error) // those that are still to be opened, in order
	now   []*Reader                 // those that are read from: one after the other, or side by side
	heads []*Entry                  // of those that are read side by side, the next entry
	last  *Reader                   // the one that the last entry is from
	ahead bool
	done  Passed
	err   error
}

// Concatenate makes one reader of several inputs that are one log, in the order given. Each is
// opened when it is needed, and closed after its last entry. A simulated trace cannot be one of
// them: it has a beginning and an end of its own.
func Concatenate(open ...func() (*Reader, error)) *Reader {
	return &Reader{series: &series{open: open, last: new(Reader)}}
}

// Merge makes one reader of several that are parts of one log side by side, such as the documents
// of some of its rollouts: the entry with the lowest seq comes first.
func Merge(readers ...*Reader) *Reader {
	return &Reader{
		series: &series{now: readers, heads: make([]*Entry, len(readers)), last: readers[0]},
	}
}

func (s *series) current() *Reader { return s.last }

// documents tells whether all that are read side by side are.
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
		s.err = &ReadError{File: s.last.File(), What: "a simulated trace cannot be read together with " +
			"others: it is whole by itself"}
	}
	if s.err != nil {
		return nil, s.err
	}
	return e, nil
}

// following gives the next entry of the input that is read, or the first one of the next.
func (s *series) following() (*Entry, error) {
	for {
		if len(s.now) == 0 {
			if len(s.open) == 0 {
				return nil, io.EOF
			}
			r, err := s.open[0]()
			if err != nil {
				return nil, err
			}
			s.open = s.open[1:]
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
			s.now = []*Reader{s.last} // the last one's tables are still wanted
			s.done = Passed{}
			return nil, io.EOF
		}
		if err := s.last.Close(); err != nil {
			return nil, err
		}
	}
}

// lowest gives the entry with the lowest seq of those that come next.
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

func (s *series) close() error {
	var errs []error
	for _, r := range s.now {
		errs = append(errs, r.Close())
	}
	s.now = nil
	return errors.Join(errs...)
}
