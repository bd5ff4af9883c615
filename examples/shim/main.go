// Shim makes a reducer answer to rollsim from a process of its own: rollsim conform --machine "exec:./shim" FILE…
// The reducer here is rollsim's own; yours goes where it is called.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"rollsim/reducer"
	"rollsim/trace"
)

// request is one line of standard input. Record and event are in the encodings of the conformance vectors.
type request struct {
	Record, Event json.RawMessage
	Now           string
	Policy        struct {
		OnHealthFailure  string `json:"on_health_failure"`
		RetentionSeconds int64  `json:"retention_seconds"`
	}
}

func main() {
	name := "v0.2"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	machine, err := reducer.MachineByName(name)
	if err != nil {
		log.Fatal(err) // standard error is shown when something goes wrong; standard output is for answers alone
	}
	for requests := json.NewDecoder(os.Stdin); ; {
		var q request
		if err := requests.Decode(&q); err == io.EOF {
			return // rollsim has no more questions
		} else if err != nil {
			log.Fatal(err)
		}
		if _, err := os.Stdout.Write(append(answer(machine, &q), '\n')); err != nil {
			log.Fatal(err)
		}
	}
}

func answer(machine reducer.Machine, q *request) []byte {
	record, badRecord := trace.DecodeRecord(q.Record)
	event, badEvent := trace.DecodeEvent(q.Event)
	now, badNow := trace.ParseTime(q.Now)
	if err := errors.Join(badRecord, badEvent, badNow); err != nil {
		log.Fatal(err)
	}
	policy := reducer.Policy{RetentionSeconds: q.Policy.RetentionSeconds}
	policy.OnHealthFailure, _ = reducer.ParseHealthPolicy(q.Policy.OnHealthFailure)

	var effects reducer.Effects
	if err := machine.Step(&record, &event, now, policy, &effects); err != nil { // your reducer
		return refusal(err)
	}
	line := trace.AppendRecord([]byte(`{"record":`), &record)
	line = append(line, `,"effects":[`...)
	for i, e := range effects.All() {
		if i > 0 {
			line = append(line, ',')
		}
		line = trace.AppendTaggedEffect(line, &e)
	}
	return append(line, ']', '}')
}

func refusal(err error) []byte {
	r := trace.NewRejection(err)
	fields := map[string]string{"kind": r.Error, "event": r.Event.String(), "message": r.Message}
	if r.From != 0 {
		fields["from"] = r.From.String()
	}
	if broken := new(reducer.Invariant); errors.As(err, &broken) {
		fields["what"] = broken.What
	}
	line, _ := json.Marshal(map[string]any{"error": fields}) // strings always can be marshalled
	return line
}
