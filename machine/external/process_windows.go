package external

import (
	"os"
	"os/exec"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// group is the job that a machine runs in: the command and its children. The system kills the
// processes of a job when its last handle is closed, and so also when this process ends for any
// reason.
type group struct{ job windows.Handle }

// mark does nothing: no process leaves a job.
func (*group) mark(*exec.Cmd) {}

// killStrays does nothing: no process leaves a job.
func (*group) killStrays() {}

func attributes() *syscall.SysProcAttr {
	// Ctrl-C is for this process alone, which may still use the machine while it stops.
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// adopt creates a job and adds a process to it.
func (g *group) adopt(p *os.Process) error {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return os.NewSyscallError("CreateJobObject", err)
	}
	g.job = job
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{
		BasicLimitInformation: windows.JOBOBJECT_BASIC_LIMIT_INFORMATION{
			LimitFlags: windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
		},
	}
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		return os.NewSyscallError("SetInformationJobObject", err)
	}
	var assigned error
	err = p.WithHandle(func(handle uintptr) {
		assigned = windows.AssignProcessToJobObject(job, windows.Handle(handle))
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("AssignProcessToJobObject", assigned)
}

// kill kills every process of the job.
func (g *group) kill() { _ = windows.TerminateJobObject(g.job, 1) }

func (g *group) release() { _ = windows.CloseHandle(g.job) }
