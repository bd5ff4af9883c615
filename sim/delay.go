package sim

import (
	"fmt"
	"time"

	"rollsim/reducer"
)

// Stage is a stage of an agent's work that takes time. The zero value is invalid. The number of a
// stage is that of the random stream of its delay.
type Stage uint8

// The stages, which the fields of Behaviour describe.
const (
	AckStage        = Stage(drawAck)
	ActivationStage = Stage(drawActivation)
	RebootStage     = Stage(drawReboot)
	ProbeStage      = Stage(drawProbe)
	ConvergeStage   = Stage(drawConverge)
	RollbackStage   = Stage(drawRollback)
)

var stageNames = [...]string{
	AckStage:        "ack",
	ActivationStage: "activation",
	RebootStage:     "reboot",
	ProbeStage:      "probe",
	ConvergeStage:   "converge",
	RollbackStage:   "rollback",
}

// String returns the name of the stage in scenario files.
func (s Stage) String() string {
	if s == 0 || int(s) >= len(stageNames) {
		return fmt.Sprintf("Stage(%d)", uint8(s))
	}
	return stageNames[s]
}

// Stages returns every stage in the order of a host's work.
func Stages() []Stage {
	return []Stage{AckStage, ActivationStage, RebootStage, ProbeStage, ConvergeStage, RollbackStage}
}

// Delay is how long a stage takes on one host, whatever its behaviour says.
type Delay struct {
	Host  reducer.HostID
	Ref   reducer.ChannelRef // under which it applies; empty for every one
	Stage Stage
	Takes *Distribution
}

// delay returns how long a stage takes under a ref where the scenario says so for this host, or nil
// if it does not.
func (p *profile) delay(ref reducer.ChannelRef, stage Stage) *Distribution {
	for i := len(p.delays) - 1; i >= 0; i-- {
		if d := &p.delays[i]; d.Stage == stage && (d.Ref == "" || d.Ref == ref) {
			return d.Takes
		}
	}
	return nil
}

// withDelay returns the profile of one host with one more delay of its own.
func (p *profile) withDelay(d Delay) *profile {
	p = p.ofOneHost()
	p.delays = append(p.delays, d)
	return p
}

// delay draws how long a stage takes. A stage without a distribution takes no time.
func (as *agents) delay(a *agent, rollout uint32, d *Distribution, p purpose) time.Duration {
	r := &as.rollouts.list[rollout]
	if len(a.profile.delays) > 0 {
		if own := a.profile.delay(r.ref, Stage(p)); own != nil {
			d = own
		}
	}
	if d == nil {
		return 0
	}
	takes := d.draw(draw(as.chance.seed, a.key, r.key, p))
	as.chooseDelay(a, rollout, Stage(p), takes)
	if as.drawn != nil {
		as.drawn.delay(as, a, rollout, Stage(p), takes)
	}
	return takes
}
