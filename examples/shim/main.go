// Shim makes a reducer answer to rollsim from a process of its own: rollsim conform --machine
// exec:./shim FILE… The reducer here is rollsim's own; yours goes where it is called.
// docs/machines.md tells the rest.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"rollsim/reducer"
	"rollsim/trace"
)

// request is one line of standard input. Record and event are in the encodings of the conformance
// vectors.
type request struct {
	Record, Event json.RawMessage
	Now           string
	Policy        struct {
		OnHealthFailure  string `json:"on_health_failure"`
		RetentionSeconds int64  `json:"retention_seconds"`
	}
}

func main() {
	machine, err := reducer.MachineByName(append(os.Args, "v0.2")[1])
	for requests := json.NewDecoder(os.Stdin); err == nil; {
		var q request
		if err = requests.Decode(&q); err == nil {
			_, err = fmt.Println(answer(machine, &q)) // nothing holds it back: rollsim waits for it
		}
	}
	if !errors.Is(err, io.EOF) { // else rollsim has no more questions
		// standard error is shown when something goes wrong; standard output is for answers alone
		log.Fatal(err)
	}
}

func answer(machine reducer.Machine, q *request) string {
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
	return string(append(line, "]}"...))
}

func refusal(err error) string {
	r := trace.NewRejection(err)
	fields := map[string]string{"kind": r.Error, "event": r.Event.String(), "message": r.Message}
	if r.From != 0 {
		fields["from"] = r.From.String()
	}
	if broken := new(reducer.Invariant); errors.As(err, &broken) {
		fields["what"] = broken.What
	}
	line, _ := json.Marshal(map[string]any{"error": fields}) // strings always can be marshalled
	return string(line)
}
