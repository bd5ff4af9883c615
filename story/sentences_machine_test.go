package story

import (
	"strings"
	"testing"

	"rollsim/reducer"
)

// A tamperer is a machine that changes the answers of another one.
type tamperer struct {
	reducer.Machine
	tamper func(*reducer.Record, *reducer.Effects, *error)
}

func (m *tamperer) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	err := m.Machine.Step(rec, ev, now, policy, out)
	m.tamper(rec, out, &err)
	return err
}

// TestAnswersImplyTheRest puts a question to machines that return the expected state, kinds of
// effects and error, but a record, a field or an error that these rule out.
func TestAnswersImplyTheRest(t *testing.T) {
	type answer struct {
		*reducer.Record
		effects []reducer.Effect
		err     *error
	}
	for name, tamper := range map[string]func(answer){
		"no terminal_at":    func(a answer) { a.TerminalAt = reducer.Opt[reducer.Time]{} },
		"the state stays":   func(a answer) { a.State = reducer.Active },
		"the cursor moves":  func(a answer) { a.CurrentWave++ },
		"another log seq":   func(a answer) { a.OpenedEventLogSeq.Value++ },
		"from another":      func(a answer) { a.effects[0].From = reducer.Converging },
		"at another time":   func(a answer) { a.effects[0].At++ },
		"another retention": func(a answer) { a.effects[1].DelaySeconds++ },
		"effects although it is refused": func(a answer) {
			*a.err = &reducer.IllegalForState{
				From: reducer.Active, Event: reducer.RolloutTerminal, Rollout: ownRollout,
			}
		},
	} {
		w := newWorld("")
		w.simulator.wrap = func(m reducer.Machine) reducer.Machine {
			return &tamperer{m, func(rec *reducer.Record, out *reducer.Effects, err *error) {
				tamper(answer{rec, out.All(), err})
			}}
		}
		err := w.carryOut(nil, "in Active the machine answers like this:", tableOf([][]string{
			{"event", "becomes", "effects"}, {"RolloutTerminal", "Terminal", "SchedulePruning"},
		}))
		const want = "expected  row 1, Active + RolloutTerminal: becomes Terminal, SchedulePruning\n"
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld("")
	w.simulator.wrap = func(m reducer.Machine) reducer.Machine {
		return &tamperer{m, func(_ *reducer.Record, _ *reducer.Effects, err *error) {
			(*err).(*reducer.IllegalForState).Rollout = "r2"
		}}
	}
	refused := tableOf([][]string{{"event", "error"}, {"RetentionExpired", "IllegalForState"}})
	if err := w.carryOut(nil, "in Active the machine answers like this:", refused); err == nil {
		t.Error("an error of another rollout passes")
	}
}
