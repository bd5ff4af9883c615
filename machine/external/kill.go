package external

import "sync"

var (
	startedMu sync.Mutex
	started   = make(map[*process]bool) // the processes that have not been ended
)

// KillAll kills every process of every machine, and its children, without waiting. It is for a
// program that is about to exit.
func KillAll() {
	startedMu.Lock()
	defer startedMu.Unlock()
	for p := range started {
		p.group.kill()
		p.group.killStrays()
	}
}

func (p *process) remember() {
	startedMu.Lock()
	defer startedMu.Unlock()
	started[p] = true
}

func (p *process) forget() {
	startedMu.Lock()
	defer startedMu.Unlock()
	delete(started, p)
}
