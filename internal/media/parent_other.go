// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package media

import (
	"os/exec"
	"time"

	"lachan/internal/media/fence"
)

const ownProgram = "lachan"

// fenced starts s without a fence, which this system does not have.
func fenced(self string, s fence.Spec, _ string) *exec.Cmd {
	if s.Program != ownProgram {
		self = s.Program
	}
	return exec.Command(self, s.Args[1:]...)
}

func apart(*exec.Cmd) {}

func (p *program) kill() { _ = p.cmd.Process.Kill() }

func (p *program) outOfTime(time.Duration) bool { return false }
