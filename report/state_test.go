package report_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"rollsim/internal/longlog"
	"rollsim/logs/replay"
	"rollsim/logs/show"
	"rollsim/report"
	"rollsim/trace"
)

// TestStateLines: the line of state of a timeline is that of a replay without the number of
// findings, also if the filter selects nothing that it shows.
func TestStateLines(t *testing.T) {
	data, err := longlog.Read("../logs/replay/testdata/shipped-11.ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{1, 2, 3} {
		part := string(data[:len(data)*cut/3])
		part = part[:strings.LastIndexByte(part, '\n')+1]
		open := func() *trace.Reader {
			r, err := trace.NewReader("log", strings.NewReader(part))
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		watch := new(replay.Watch)
		if _, err := replay.Run(open(), replay.Options{Watch: watch}); err != nil {
			t.Fatal(err)
		}
		rows := show.NewReader(open(), show.Filter{Channel: "edge"}, show.UTC)
		for {
			if _, err = rows.Read(); err != nil {
				break
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		want := report.LiveState(watch, show.UTC)
		want = want[:strings.LastIndex(want, ";")]
		if got := report.TimelineState(rows, show.UTC); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	none := show.NewReader(nil, show.Filter{}, show.UTC)
	if got := report.TimelineState(none, show.UTC); !strings.HasSuffix(got, "entry 0: no rollout") {
		t.Error(got)
	}
}
