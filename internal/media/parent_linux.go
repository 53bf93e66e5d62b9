// SPDX-License-Identifier: Apache-2.0

package media

import (
	"os/exec"
	"syscall"
	"time"

	"lachan/internal/media/fence"
)

// ownProgram is the program that runs, though its file was replaced meanwhile.
const ownProgram = "/proc/self/exe"

// fenced is the command that enters the fence and becomes s.Program.
func fenced(_ string, _ fence.Spec, spec string) *exec.Cmd {
	return exec.Command(ownProgram, Command, stepFence, spec)
}

// apart gives a process a group of its own and ends it with its parent.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// kill ends a process with all of its group.
func (p *program) kill() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// outOfTime reports whether the kernel ended a process that is gone, after it had
// computed as long as it may.
func (p *program) outOfTime(cpu time.Duration) bool {
	s := p.cmd.ProcessState
	status, ok := s.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && s.UserTime()+s.SystemTime() >= cpu-time.Second
}
