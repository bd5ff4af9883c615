package machine

import (
	"errors"
	"slices"
	"testing"
	"time"

	"rollsim/machine/external"
	"rollsim/reducer"
)

func TestByName(t *testing.T) {
	for _, name := range Names() {
		if m, err := ByName(name); err != nil || m.Name() != name {
			t.Errorf("ByName(%q) = %v, %v", name, m, err)
		}
		if m, err := Open(name, time.Second); err != nil || m.Name() != name {
			t.Errorf("Open(%q) = %v, %v", name, m, err)
		}
	}
	for _, name := range SweepNames() {
		if e, err := ForSweep(name); err != nil || e.Table.Name() != name {
			t.Errorf("ForSweep(%q) = %v, %v", name, e, err)
		}
	}
}

func TestUnknownNames(t *testing.T) {
	const none = `no machine is named `
	_, byName := ByName("v0.3")
	_, open := Open("v0.3", time.Second)
	_, forSweep := ForSweep("v0.3")
	_, defective := ByName("canary")
	_, start := Open(external.Prefix, time.Second)
	for _, test := range []struct {
		got  error
		want string
	}{
		{byName, none + `"v0.3": there are rfc0008, v0.2 and v0.1`},
		{open, none +
			`"v0.3": there are rfc0008, v0.2 and v0.1, and exec:CMD for one in another process`},
		{forSweep, none + `"v0.3": there are rfc0008, v0.2, v0.1 and canary`},
		{defective, none + `"canary": there are rfc0008, v0.2 and v0.1`},
		{start, `exec:: expected a command`},
	} {
		if test.got == nil || test.got.Error() != test.want {
			t.Errorf("got %v, want %s", test.got, test.want)
		}
	}
}

func TestRoles(t *testing.T) {
	if got := Default().Name(); got != "rfc0008" {
		t.Errorf("the default is %s", got)
	}
	if got := Shipped(); !got.SameCells(reducer.V02()) {
		t.Errorf("%s is shipped", got.Name())
	}
	shipped := slices.DeleteFunc(slices.Clone(List), func(e Entry) bool { return !e.Shipped })
	if len(shipped) != 1 {
		t.Errorf("%d machines are shipped, want 1", len(shipped))
	}
	if Canary().SameCells(reducer.RFC0008()) {
		t.Error("canary has no defect")
	}
	if all := Tables(); len(all) != 2 || all[0] != Default() || all[1] != Shipped() {
		t.Errorf("the machines in use are %v", tableNames(all))
	}
	if slices.Contains(Names(), Canary().Name()) || !slices.Contains(SweepNames(), Canary().Name()) {
		t.Errorf("canary must be in SweepNames alone: got %v and %v", Names(), SweepNames())
	}
}

func tableNames(tables []*reducer.Table) []string {
	all := make([]string, len(tables))
	for i, m := range tables {
		all[i] = m.Name()
	}
	return all
}

// TestCanary checks that canary is rfc0008 with one defect: a rollout that is never pruned.
func TestCanary(t *testing.T) {
	cells := Canary().Cells()
	cells[reducer.Converging][reducer.SuccessorOpened][0].Prune = true
	if !reducer.NewTable("", cells, Canary().RefusesMisrouted()).SameCells(reducer.RFC0008()) {
		t.Error("canary and rfc0008 differ elsewhere too")
	}
}

func TestOneMoreEntry(t *testing.T) {
	List = append(List, Entry{Table: reducer.V02With("third", nil)})
	t.Cleanup(func() { List = List[:len(List)-1] })
	want := []string{"rfc0008", "v0.2", "v0.1", "third"}
	if got := Names(); !slices.Equal(got, want) {
		t.Errorf("Names() = %v, want %v", got, want)
	}
	if m, err := ByName("third"); err != nil || !m.SameCells(reducer.V02()) {
		t.Errorf("ByName(third) = %v, %v", m, err)
	}
	_, err := ByName("v0.3")
	if want := `no machine is named "v0.3": there are rfc0008, v0.2, v0.1 and third`; err == nil ||
		err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestOpenStarts checks that Open starts a command and that Step asks it.
func TestOpenStarts(t *testing.T) {
	m, err := Open(external.Prefix+"go version", time.Minute)
	if err != nil {
		t.Skip(err)
	}
	defer m.(*external.Machine).Close()
	var effects reducer.Effects
	err = m.Step(&reducer.Record{}, &reducer.Event{Kind: reducer.HostJoined}, 0,
		reducer.DefaultPolicy(), &effects)
	if m.Name() != "exec:go version" || !errors.As(err, new(*reducer.MachineFailure)) {
		t.Errorf("%s answers %v, want a failure: it does not follow the protocol", m.Name(), err)
	}
}
