package main

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"

	"rollsim/internal/scratch"
	"rollsim/logs/redact"
	"rollsim/logs/replay"
	"rollsim/timeline"
	"rollsim/trace"
)

// redacted returns an input of view with pseudonyms for names. The key is random and not stored.
func redacted(shown *viewed) (_ *viewed, err error) {
	dir, remove, err := scratch.Dir()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	named, public := filepath.Join(dir, "named"), filepath.Join(dir, "public")
	if err := fill(named, shown.index.WriteNDJSON); err != nil {
		return nil, err
	}
	key := make([]byte, 2*redact.MinKey)
	_, _ = rand.Read(key) // never fails
	r, err := redact.New(key, 0)
	if err != nil {
		return nil, err
	}
	open := func() (io.ReadCloser, error) { return os.Open(named) }
	in, err := open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	redact := func(w io.Writer) error { return r.Stream("the trace", in, open, w) }
	if err := fill(public, redact); err != nil {
		return nil, err
	}
	return readRedacted(public, shown)
}

// readRedacted reads a redacted trace. A finding of a log is found again, so that its details have
// pseudonyms; a violation of a run has no details.
func readRedacted(name string, shown *viewed) (*viewed, error) {
	build := func(do func(*trace.Reader) error) error {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		r, err := trace.NewReader("the redacted trace", f)
		if err != nil {
			return err
		}
		return do(r)
	}
	var x *timeline.Index
	err := build(func(r *trace.Reader) (err error) {
		x, err = timeline.Build(r, shown.options)
		return err
	})
	if err != nil {
		return nil, err
	}
	if x.Header() == nil {
		err = build(func(r *trace.Reader) error {
			result, err := replay.Run(r, replay.Options{Machine: shown.options.Machine})
			if err == nil {
				x.AddMarks(findingMarks(result))
			}
			return err
		})
		return &viewed{name: "a redacted log", index: x}, err
	}
	var marks []timeline.Mark
	for _, m := range shown.index.Marks() {
		marks = append(marks, timeline.Mark{
			Kind: m.Kind, Seq: m.Seq, Title: m.Title, Detail: "redacted",
		})
	}
	x.AddMarks(marks)
	return &viewed{name: "a redacted run", index: x}, nil
}

// fill writes a new temporary file.
func fill(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
