package prove

import (
	"fmt"
	"slices"
	"time"

	"rollsim/internal/hash64"
	"rollsim/reducer"
	"rollsim/sim"
)

// task is a first deviation, and all runs in which no other one comes before it.
type task struct {
	first *Deviation
	from  *walk        // the plain run before it; nil where every run begins at the start
	then  []*Deviation // of the same instant, which may still come
	plain instant      // the one of the plain run
}

// instant is a run after an instant in which something may happen otherwise.
type instant struct {
	at    time.Duration
	state uint64 // the key of the run without what is used
}

// tree tries the runs of a group of tasks that have a number of deviations.
type tree struct {
	*search
	depth  int     // or All
	own    seen    // states of the group that the levels before have not seen with as many left
	shared *shared // the states of all tasks, where depth is All
	unused []*walk
	family
}

// copy returns a copy of a run.
func (t *tree) copy(k *walk, quiet bool) *walk {
	var old *walk
	if last := len(t.unused) - 1; last >= 0 {
		old, t.unused = t.unused[last], t.unused[:last]
	}
	return k.fork(old, quiet)
}

// drop lets copies use the memory of a run that has ended.
func (t *tree) drop(k *walk) { t.unused = append(t.unused, k) }

// left returns how many more deviations a run may have, and whether its end is to be judged: of
// runs with fewer deviations than the level a level before has judged it.
func (t *tree) left(n *node) (left int, judged bool) {
	if t.depth == All {
		return 1, true // as many as come
	}
	left = t.depth - n.depth
	return left, left == 0
}

// family is the outcome of a group at one level.
type family struct {
	runs   uint64 // that have as many deviations as the level
	states uint64 // that no level before has seen
	found  []finding
	met    uint64
	err    error
}

// finding is a violation of a run that is a failure.
type finding struct {
	node      *node
	run       int // its number among those of its group
	violation violation
}

// try tries a task.
func (t *tree) try(first *task) {
	n := (&node{}).with(first.first)
	if first.from == nil {
		t.fromStart(n)
		return
	}
	t.branch(n, first.from, first.then, first.plain)
}

// ended reports whether the search is to end.
func (t *tree) ended() bool {
	if t.err == nil {
		t.err = t.ctx.Err()
	}
	return t.err != nil
}

// add adds the outcome of a run that has as many deviations as the level.
func (t *tree) add(o *outcome) {
	t.met |= o.met
	for i := range o.found {
		o.found[i].run = int(t.runs)
		t.found = append(t.found, o.found[i])
	}
}

// fromStart runs from the start what a node says, and then everything that may follow it.
func (t *tree) fromStart(n *node) {
	if t.ended() {
		return
	}
	left := t.depth - n.depth
	o := t.run(n, left > 0)
	if t.err = o.err; t.err != nil || o.void {
		return
	}
	if left == 0 {
		t.add(o)
		t.runs++
	}
	for _, d := range o.children {
		t.fromStart(n.with(d))
	}
}

// branch makes the last deviation of a node happen in a copy of a run, which is at a moment before
// it, and follows the copy. then are others that may happen in the copy as it is, and usual is the
// run without it.
func (t *tree) branch(n *node, from *walk, then []*Deviation, usual instant) {
	if t.ended() {
		return
	}
	left, judged := t.left(n)
	if n.last.idle && !t.opt.Uncut && !t.redundant {
		if judged {
			t.runs++
		}
		return
	}
	k := t.copy(from, left == 0)
	defer t.drop(k)
	if t.err = k.Edit(n.last.edit()); t.err != nil {
		t.err = fmt.Errorf("%q: %w", n.text(), t.err)
		return
	}
	t.calm(n, k)
	if left > 0 {
		for i, d := range then {
			if t.may(n, d) && (!d.alike || k.Stands(d.host)) {
				t.branch(n.with(d), k, then[i+1:], usual)
			}
		}
	}
	if judged {
		defer func() { t.runs++ }()
	}
	if again := t.follow(n, k, left, judged, usual); again || t.err != nil || !judged {
		return
	}
	result, err := k.Finish()
	if k.differ {
		t.parted(n, judged)
		return
	}
	t.judged(n, k, result, err)
}

// judged adds the outcome of a run that has ended.
func (t *tree) judged(n *node, k *walk, result *sim.Result, err error) {
	o := t.judge(n, k.Walk, result, err)
	if t.err = o.err; t.err == nil && !o.void {
		t.add(o)
	}
}

// follow follows a run to its end, and tries the deviations that it may still have. It reports
// whether it has ended in a state that was seen before, or with an error.
func (t *tree) follow(
	n *node, k *walk, left int, judged bool, usual instant,
) (ended bool) {
	defer func() {
		if r := recover(); r != nil {
			ended = true
			if judged {
				t.judged(n, k, nil, fmt.Errorf("panic: %v", r))
			}
		}
	}()
	var behind *walk // the run before the instant
	if left > 0 {
		behind = t.copy(k, true)
		behind.behind = true
		defer t.drop(behind)
	}
	for first := true; k.Next(); first = false {
		if first && k.Waits() {
			return true // one deviation keeps another one of its instant from happening: it is no run
		}
		if k.differ {
			t.parted(n, judged)
			return true
		}
		if left > 0 {
			t.deviate(n, behind, k)
		}
		if t.err != nil || first && t.changesNothing(n, k, usual) {
			return true
		}
		if t.reached != nil {
			t.reached(t.state(n, k), k.Active())
		}
		// A hash costs as much as an instant, so it is taken only where something happens.
		if k.Active() && t.again(t.key(n, k), left) {
			return true
		}
		if left > 0 {
			behind.Next()
		}
	}
	if err := k.Err(); err != nil {
		if judged {
			t.judged(n, k, nil, err)
		}
		return true
	}
	return false
}

// deviate tries what a run may do otherwise in its last instant. behind is the run before it.
func (t *tree) deviate(n *node, behind, k *walk) {
	all, alike := t.menus(n, behind.Walk, k.Walk)
	if len(all) == 0 {
		return
	}
	usual := instant{k.Elapsed(), t.state(n, k)}
	for i, d := range all {
		from, then := before(all, i, behind, k)
		if from == k {
			then = append(then, alike...)
		}
		t.branch(n.with(d), from, then, usual)
	}
}

// changesNothing reports whether a run is in the state of the one without its last deviation after
// the same instant, so that all that follows is tried there.
func (t *tree) changesNothing(n *node, k *walk, usual instant) bool {
	return !t.opt.Uncut && !t.redundant && k.Elapsed() == usual.at && t.state(n, k) == usual.state
}

// calm says in a run when nothing to come keeps a message from arriving.
func (p *Prover) calm(n *node, k *walk) {
	if p.open(n)&disturbing == 0 {
		k.Calm()
	}
}

// before returns that of two runs, before and after an instant, in which a deviation of the instant
// is still to come, and those of the others that can then be added: before the instant none,
// because it is run again.
func before(all []*Deviation, i int, behind, k *walk) (*walk, []*Deviation) {
	if all[i].At == k.Elapsed() {
		return behind, nil
	}
	var then []*Deviation
	for _, d := range all[i+1:] {
		if d.At > k.Elapsed() {
			then = append(then, d)
		}
	}
	return k, then
}

// again reports whether a state was seen before with as many deviations left, and adds it.
func (t *tree) again(state uint64, left int) bool {
	if t.depth == All {
		if t.shared.add(state) {
			t.states++
			return false
		}
		return true
	}
	if !t.opt.Uncut && (t.base.has(state, left) || t.own.has(state, left)) {
		return true
	}
	if t.own.add(state, left) && !t.base.has(state, 0) {
		t.states++
	}
	return false
}

// key returns a hash of the state of a run, with what of its limited allowances is used.
func (p *Prover) key(n *node, k *walk) uint64 {
	state := p.state(n, k)
	for i := range p.allowed {
		if a := &p.allowed[i]; a.AtMost > 0 {
			state = hash64.Of(state, uint64(used(n, a)))
		}
	}
	return state
}

// state returns a hash of the state of a run.
func (p *Prover) state(n *node, k *walk) uint64 {
	state := k.Hash()
	for _, v := range k.Found() {
		if n.prunes(&v) { // the same violation is a failure of other runs
			state = hash64.Of(state, hash64.OfText(v.Subject))
		}
	}
	return state
}

// menu returns the deviations that the last instant of a run allows. behind is the run before the
// instant, or nil.
func (p *Prover) menu(n *node, behind, k *sim.Walk) []*Deviation {
	all, _ := p.menus(n, behind, k)
	return all
}

// menus returns the menu, and the deviations after the instant of hosts that others stand for in
// it: once one of the others has deviated, it may stand for them no longer.
func (p *Prover) menus(n *node, behind, k *sim.Walk) (all, alike []*Deviation) {
	m := menu{p: p, n: n, open: p.open(n), behind: behind}
	m.choices(k.Choices())
	if k.Active() {
		m.instant(k)
	}
	all, alike = distinct(m.made), distinct(m.alike)
	slices.SortStableFunc(alike, func(a, b *Deviation) int {
		return p.rank(a.host) - p.rank(b.host)
	})
	return all, alike
}

// edit returns the deviation as an edit of a walk.
func (d *Deviation) edit() *sim.Edit {
	return &sim.Edit{
		Fate: d.fate, Delay: d.delay, Lines: d.lines, Moved: d.moved, At: d.At, ID: d.hash,
	}
}

// plainTasks follows the plain run. It returns the deviations that the run allows, and its states
// after the instants that write entries; states is nil if runs cannot be copied.
func (p *Prover) plainTasks() (tasks []task, states []uint64, err error) {
	defer func() {
		if r := recover(); r != nil {
			tasks, err = nil, nil // the outcome of the plain run is a failure
		}
	}()
	root := &node{}
	k, err := p.newWalk(p.plain)
	if k == nil || p.opt.Repeat {
		return nil, nil, err
	}
	p.calm(root, k)
	known := make(map[uint64]bool)
	states = []uint64{} // none, if nothing happens
	behind := k.fork(nil, true)
	behind.behind = true
	for k.Next() {
		if k.differ {
			return nil, nil, nil // so does the plain run
		}
		all, alike := p.menus(root, behind.Walk, k.Walk)
		copies := make(map[*walk]*walk)
		for i, d := range all {
			if known[d.hash] {
				continue
			}
			known[d.hash] = true
			from, then := before(all, i, behind, k)
			if d.seed > 0 {
				other, err := p.newWalk(root.with(d).scenario(p.plain))
				if err != nil {
					return nil, nil, err
				}
				tasks = append(tasks, task{first: d, from: other})
				continue
			}
			if from == k {
				then = append(then, alike...)
			}
			if copies[from] == nil {
				copies[from] = from.fork(nil, true)
			}
			tasks = append(tasks, task{d, copies[from], then, instant{k.Elapsed(), p.state(root, k)}})
		}
		behind.Next()
		if k.Active() {
			states = append(states, p.key(root, k))
		}
	}
	if err := k.Err(); err != nil && !reducer.IsMachineFailure(err) {
		return nil, nil, nil
	}
	return tasks, states, k.Err()
}
