// SPDX-License-Identifier: Apache-2.0

package avif

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"lachan/internal/testkit"
)

// denied, as the only argument, has this test's program deny itself to make code
// and then decode.
const denied = "TestDecodeInterpreted"

// A service that may not make code decodes all the same, slowly.
func TestDecodeInterpreted(t *testing.T) {
	const setMDWE, refuseGain = 65, 1 // linux/prctl.h, since Linux 6.3
	if testkit.Race {
		t.Skip("an interpreter that is watched takes minutes")
	}
	if os.Getenv(denied) == "" {
		cmd := exec.Command("/proc/self/exe", "-test.run", "^"+denied+"$", "-test.v")
		cmd.Env = []string{denied + "=1"}
		out, err := cmd.CombinedOutput()
		switch {
		case bytes.Contains(out, []byte("SKIP")):
			t.Skip("this kernel has no PR_SET_MDWE")
		case err != nil || !bytes.Contains(out, []byte("PASS")):
			t.Errorf("%v, %s", err, out)
		}
		return
	}
	runtime.LockOSThread()
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, setMDWE, refuseGain, 0, 0, 0, 0); errno != 0 {
		t.Skip(errno)
	}
	if mayMakeCode() {
		t.Fatal("code can still be made")
	}
	img, err := newDecoder(t, 256<<20).Decode(t.Context(), file(t, "eight.avif"), 1<<20)
	if err != nil || img.Bounds().Dx() != 512 {
		t.Error(err)
	}
}
