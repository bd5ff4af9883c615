// Package memlog has logs in memory, for tests.
package memlog

import (
	"io"

	"rollsim/reducer"
	"rollsim/trace"
)

// Log is a trace.Source of the entries All.
type Log struct {
	All  []trace.Entry
	next int
}

// Read implements trace.Source.
func (l *Log) Read() (*trace.Entry, error) {
	if l.next == len(l.All) {
		return nil, io.EOF
	}
	l.next++
	return &l.All[l.next-1], nil
}

// Of returns a log of rollout events, numbered from 1.
func Of(events ...reducer.Event) *Log {
	l := new(Log)
	for i := range events {
		l.All = append(l.All, trace.Entry{
			Seq: uint64(i + 1), At: events[i].At, Kind: trace.KindRolloutEvent,
			Rollout: events[i].Rollout, Event: &events[i],
		})
	}
	return l
}
