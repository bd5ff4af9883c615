package timeline_test

import (
	"fmt"
	"strings"

	"rollsim/timeline"
	"rollsim/trace"
)

func Example() {
	log := `{"seq":1,"ts":"2026-05-16T01:00:00Z","kind":"rollout_event","host":null,` +
		`"rollout":"s@a1","payload":{"kind":"RolloutOpened","rolloutId":"s@a1","channel":"s",` +
		`"targetRef":"a1","at":"2026-05-16T01:00:00Z"}}
{"seq":2,"ts":"2026-05-16T01:00:00Z","kind":"rollout_event","host":null,` +
		`"rollout":"s@a1","payload":{"kind":"HostJoined","rolloutId":"s@a1","hostId":"web-07","wave":0,` +
		`"at":"2026-05-16T01:00:00Z"}}
`
	reader, err := trace.NewReader("a log", strings.NewReader(log))
	if err != nil {
		fmt.Println(err)
		return
	}
	index, err := timeline.Build(reader, timeline.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	cursor := index.Cursor()
	for cursor.Next(timeline.Condition{StateChange: true}) {
		r := cursor.Snapshot().Find("s@a1")
		fmt.Printf("after entry %d: %v, %d hosts\n", cursor.N(), r.Record.State, len(r.Hosts))
	}
	// Output:
	// after entry 1: Opening, 0 hosts
	// after entry 2: Active, 1 hosts
}
