// Shim lets rollsim call a reducer in a process of its own: rollsim conform --machine exec:./shim
// FILE… The reducer here is one of rollsim's; put yours where its Step is called. docs/machines.md
// describes the protocol.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"rollsim/machine"
	"rollsim/reducer"
	"rollsim/trace"
)

// request is one line of standard input. Record and event are in the encodings of the conformance
// vectors.
type request struct {
	ID, Record, Event json.RawMessage
	Now               string
	Policy            struct {
		OnHealthFailure  string `json:"on_health_failure"`
		RetentionSeconds int64  `json:"retention_seconds"`
	}
}

func main() {
	m, err := machine.ByName(append(os.Args, machine.Shipped().Name())[1])
	for requests := json.NewDecoder(os.Stdin); err == nil; {
		var q request
		if err = requests.Decode(&q); err == nil {
			_, err = fmt.Println(answer(m, &q)) // unbuffered: rollsim waits for the answer
		}
	}
	if !errors.Is(err, io.EOF) { // at its end rollsim has no more requests
		log.Fatal(err) // to standard error; standard output is for answers alone
	}
}

func answer(m reducer.Machine, q *request) string {
	record, badRecord := trace.DecodeRecord(q.Record)
	event, badEvent := trace.DecodeEvent(q.Event)
	now, badNow := trace.ParseTime(q.Now)
	if err := errors.Join(badRecord, badEvent, badNow); err != nil {
		log.Fatal(err)
	}
	policy := reducer.Policy{RetentionSeconds: q.Policy.RetentionSeconds}
	policy.OnHealthFailure, _ = reducer.ParseHealthPolicy(q.Policy.OnHealthFailure)

	var effects reducer.Effects
	if err := m.Step(&record, &event, now, policy, &effects); err != nil { // your reducer
		return refusal(q, err)
	}
	line := fmt.Appendf(nil, `{"id":%s,"record":`, q.ID)
	line = trace.AppendRecord(line, &record)
	line = append(line, `,"effects":[`...)
	for i, e := range effects.All() {
		if i > 0 {
			line = append(line, ',')
		}
		line = trace.AppendTaggedEffect(line, &e)
	}
	return string(append(line, "]}"...))
}

func refusal(q *request, err error) string {
	r := trace.NewRejection(err)
	fields := map[string]string{"kind": r.Error, "event": r.Event.String(), "message": r.Message}
	if r.From != 0 {
		fields["from"] = r.From.String()
	}
	if broken := new(reducer.Invariant); errors.As(err, &broken) {
		fields["what"] = broken.What
	}
	line, _ := json.Marshal(map[string]any{"id": q.ID, "error": fields}) // these never fail to marshal
	return string(line)
}
