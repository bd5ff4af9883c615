package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// brokenMachine is a machine in a process of its own that answers like canary, until it has
// answered a number of requests. Then it ends, or refuses every seventh request.
func brokenMachine() {
	good, err := strconv.Atoi(os.Args[2])
	if err != nil {
		os.Exit(exitUsage)
	}
	requests := json.NewDecoder(os.Stdin)
	for n := 1; ; n++ {
		var q struct {
			ID, Record, Event json.RawMessage
			Now               string
			Policy            struct {
				OnHealthFailure  string `json:"on_health_failure"`
				RetentionSeconds int64  `json:"retention_seconds"`
			}
		}
		if requests.Decode(&q) != nil {
			return
		}
		if os.Args[1] == "crashes" && n > good {
			os.Exit(3)
		}
		record, _ := trace.DecodeRecord(q.Record)
		event, _ := trace.DecodeEvent(q.Event)
		now, _ := trace.ParseTime(q.Now)
		policy := reducer.Policy{RetentionSeconds: q.Policy.RetentionSeconds}
		policy.OnHealthFailure, _ = reducer.ParseHealthPolicy(q.Policy.OnHealthFailure)
		var effects reducer.Effects
		from := record.State
		err := machine.Canary().Step(&record, &event, now, policy, &effects)
		if err != nil || n > good && n%7 == 0 {
			fmt.Printf(`{"id":%s,"error":{"kind":"IllegalForState","from":%q,"event":%q}}`+"\n", q.ID,
				from, event.Kind)
			continue
		}
		line := fmt.Appendf(nil, `{"id":%s,"record":`, q.ID)
		line = append(trace.AppendRecord(line, &record), `,"effects":[`...)
		for i, e := range effects.All() {
			if i > 0 {
				line = append(line, ',')
			}
			line = trace.AppendTaggedEffect(line, &e)
		}
		fmt.Printf("%s]}\n", line)
	}
}
