package story

import (
	"strings"
	"testing"

	"rollsim/reducer"
)

// liar is a machine that answers as specified, but for what tamper does to it afterwards.
type liar struct {
	reducer.Machine
	tamper func(*reducer.Record, *reducer.Effects, *error)
}

func (l *liar) Step(
	rec *reducer.Record, ev *reducer.Event, now reducer.Time, policy reducer.Policy,
	out *reducer.Effects,
) error {
	err := l.Machine.Step(rec, ev, now, policy, out)
	l.tamper(rec, out, &err)
	return err
}

// TestAnswersImplyTheRest: the state, the names of the effects and the error are right, and
// something that they imply is not.
func TestAnswersImplyTheRest(t *testing.T) {
	for name, tamper := range map[string]func(*reducer.Record, *reducer.Effects, *error){
		"no terminal_at":    func(rec *reducer.Record, _ *reducer.Effects, _ *error) { rec.TerminalAt = reducer.Opt[reducer.Time]{} },
		"the state stays":   func(rec *reducer.Record, _ *reducer.Effects, _ *error) { rec.State = reducer.Active },
		"the cursor moves":  func(rec *reducer.Record, _ *reducer.Effects, _ *error) { rec.CurrentWave++ },
		"another log seq":   func(rec *reducer.Record, _ *reducer.Effects, _ *error) { rec.OpenedEventLogSeq.Value++ },
		"from another":      func(_ *reducer.Record, out *reducer.Effects, _ *error) { out.All()[0].From = reducer.Converging },
		"at another time":   func(_ *reducer.Record, out *reducer.Effects, _ *error) { out.All()[0].At++ },
		"another retention": func(_ *reducer.Record, out *reducer.Effects, _ *error) { out.All()[1].DelaySeconds++ },
		"effects although it is refused": func(rec *reducer.Record, _ *reducer.Effects, err *error) {
			*err = &reducer.IllegalForState{From: reducer.Active, Event: reducer.RolloutTerminal, Rollout: ownRollout}
		},
	} {
		w := newWorld("")
		w.simulator.wrap = func(m reducer.Machine) reducer.Machine { return &liar{m, tamper} }
		err := w.carryOut("in Active the machine answers like this:", tableOf([][]string{
			{"event", "becomes", "effects"}, {"RolloutTerminal", "Terminal", "SchedulePruning"},
		}))
		if err == nil || !strings.HasPrefix(err.Error(), "expected  row 1, Active + RolloutTerminal: "+
			"becomes Terminal, SchedulePruning\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld("")
	w.simulator.wrap = func(m reducer.Machine) reducer.Machine {
		return &liar{m, func(_ *reducer.Record, _ *reducer.Effects, err *error) {
			(*err).(*reducer.IllegalForState).Rollout = "r2"
		}}
	}
	refused := tableOf([][]string{{"event", "error"}, {"RetentionExpired", "IllegalForState"}})
	if err := w.carryOut("in Active the machine answers like this:", refused); err == nil {
		t.Error("an error of another rollout passes")
	}
}
