// SPDX-License-Identifier: Apache-2.0

//go:build linux

package media

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"lachan/internal/media/fence"
	"lachan/internal/testkit"
)

// inside is the command of a child of these tests: it enters the fence as one of
// the product does, and then tries what a decoder that was taken over would.
const inside = "try-inside"

// outside is the same without a fence.
const outside = "try-outside"

// tryInside does what a step of inside says, in a process of its own.
func tryInside(args []string) (code int, is bool) {
	if len(args) != 4 || args[1] != inside && args[1] != outside {
		return 0, false
	}
	var held []string
	if args[1] == inside {
		held = fence.Seal()
	}
	var err error
	switch what, of := args[2], args[3]; what {
	case "held":
		fmt.Println(strings.Join(held, " "))
	case "read":
		_, err = os.ReadFile(of)
	case "write":
		err = os.WriteFile(of, []byte("x"), 0o600)
	case "list":
		_, err = os.ReadDir(of)
	case "remove":
		err = os.Remove(of)
	case "connect":
		_, err = net.DialTimeout("tcp", of, 2*time.Second)
	case "listen":
		_, err = net.Listen("unix", of)
	case "start":
		err = exec.Command(of).Run()
	case "become":
		err = unix.Exec(of, []string{of}, nil)
	case "trace":
		pid, _ := strconv.Atoi(of)
		err = unix.PtraceAttach(pid)
	case "signal":
		pid, _ := strconv.Atoi(of)
		err = unix.Kill(pid, 0)
	case "raise":
		err = unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
	case "allocate":
		n, _ := strconv.Atoi(of)
		all := make([]byte, n)
		for i := 0; i < len(all); i += 4096 {
			all[i] = 1
		}
	case "spin":
		for begun := time.Now(); time.Since(begun) < time.Minute; {
		}
	}
	if err != nil {
		fmt.Println(err)
		return 3, true
	}
	return 0, true
}

// run runs a step inside the fence and returns its status and what it said.
func run(t *testing.T, what, of string) (*os.ProcessState, string) {
	t.Helper()
	return runAs(t, what, of, func(*syscall.SysProcAttr) {})
}

// runAs lets change say whose process it is.
func runAs(t *testing.T, what, of string, change func(*syscall.SysProcAttr)) (*os.ProcessState, string) {
	t.Helper()
	s := fence.Spec{Program: ownProgram, Args: []string{ownProgram, inside, what, of}, Memory: 512 << 20, CPU: 2 * time.Second, Files: childFiles}
	if testkit.Race {
		s.Memory = 0
	}
	spec, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := fenced("", s, string(spec))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &out, []string{}
	apart(cmd)
	change(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	return cmd.ProcessState, out.String()
}

// Whoever takes over a decoder tries this first.
func TestNothingIsReachedFromInside(t *testing.T) {
	folder := t.TempDir()
	secret := filepath.Join(folder, "secret")
	if err := os.WriteFile(secret, []byte("mẫu"), 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, said := run(t, "held", "")
	held := strings.Fields(said)
	t.Logf("held here: %v", held)
	for _, c := range []struct{ word, what, of string }{
		{fence.HeldFiles, "read", secret},
		{fence.HeldFiles, "read", "/etc/passwd"},
		{fence.HeldFiles, "read", "/proc/self/environ"},
		{fence.HeldFiles, "read", "/proc/" + strconv.Itoa(os.Getpid()) + "/environ"},
		{fence.HeldFiles, "list", folder},
		{fence.HeldFiles, "write", filepath.Join(folder, "new")},
		{fence.HeldFiles, "write", secret},
		{fence.HeldPrivileges, "trace", strconv.Itoa(os.Getpid())},
		{fence.HeldNetwork, "connect", listener.Addr().String()},
		{fence.HeldNetwork, "listen", filepath.Join(folder, "socket")},
		{fence.HeldPrograms, "start", "/bin/true"},
		{fence.HeldPrograms, "become", "/bin/true"},
		{fence.HeldPrograms, "become", ownProgram},
		{fence.HeldPrograms, "remove", secret},
		{fence.HeldPrograms, "signal", strconv.Itoa(os.Getpid())},
		{fence.HeldPrograms, "raise", ""},
	} {
		if !slices.Contains(held, c.word) {
			t.Logf("%s %s: %s is not kept here", c.what, c.of, c.word)
			continue
		}
		if state, said := run(t, c.what, c.of); state.ExitCode() != 3 || !strings.Contains(said, "ermi") {
			t.Errorf("%s %s: %v, %s", c.what, c.of, state, said)
		}
	}
	if data, err := os.ReadFile(secret); err != nil || string(data) != "mẫu" {
		t.Errorf("the secret is %q, %v", data, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	// Without a fence all of it can be done: what was refused was refused by it.
	for _, c := range [][2]string{
		{"read", secret},
		{"read", "/proc/self/environ"},
		{"list", folder},
		{"write", filepath.Join(folder, "new")},
		{"connect", listener.Addr().String()},
		{"listen", filepath.Join(folder, "socket")},
		{"start", "/bin/true"},
		{"become", "/bin/true"},
		{"signal", strconv.Itoa(os.Getpid())},
		{"remove", secret},
	} {
		if out, err := exec.Command(ownProgram, outside, c[0], c[1]).CombinedOutput(); err != nil {
			t.Errorf("outside, %v: %v, %s", c, err, out)
		}
	}
}

// A service that listens below port 1024 has a capability, which goes through
// exec; its children have not.
func TestCapabilitiesOfAServiceAreDropped(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives capabilities")
	}
	_, said := runAs(t, "held", "", func(a *syscall.SysProcAttr) {
		a.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		a.AmbientCaps = []uintptr{unix.CAP_NET_BIND_SERVICE}
	})
	if !strings.Contains(said, fence.HeldPrivileges) {
		t.Errorf("a child has what its parent has: %s", said)
	}
}

func TestMemoryAndTimeEnd(t *testing.T) {
	_, said := run(t, "held", "")
	if !strings.Contains(said, fence.HeldTime) {
		t.Skip("this system limits no time: " + said)
	}
	state, _ := run(t, "spin", "")
	if used := state.UserTime() + state.SystemTime(); state.Success() || used > 6*time.Second {
		t.Errorf("%v after %s of computing", state, used)
	}
	if testkit.Race {
		t.Skip("the race detector needs more memory than any limit")
	}
	if state, said := run(t, "allocate", strconv.Itoa(100<<20)); !state.Success() {
		t.Errorf("100 MB: %v, %s", state, said)
	}
	if state, said := run(t, "allocate", strconv.Itoa(600<<20)); state.Success() || !strings.Contains(said, "out of memory") {
		t.Errorf("600 MB: %v, %.6000s", state, said)
	}
}

// All of it holds on the systems that the project is tested on.
func TestRestrictions(t *testing.T) {
	x := examiner(t, Options{})
	all, err := x.Restrictions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(fence.Words()) {
		t.Errorf("%v", all)
	}
	version, _, _ := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	t.Logf("landlock %d: %v", int32(version), all)
	for _, r := range all {
		if !r.Holds && (r.Word != fence.HeldMemory || !testkit.Race) {
			t.Errorf("%s is not kept from a child on this machine", r.Word)
		}
	}
}

// A child ends with its parent, and has no power even where the parent is root.
func TestChildHasNothing(t *testing.T) {
	x := examiner(t, Options{})
	if _, err := x.Restrictions(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := "/proc/" + strconv.Itoa(x.idle[0].cmd.Process.Pid) + "/"
	status, err := os.ReadFile(folder + "status")
	if err != nil {
		t.Fatal(err)
	}
	wanted := []string{"CapEff:\t0000000000000000\n", "CapPrm:\t0000000000000000\n", "NoNewPrivs:\t1\n", "Seccomp:\t2\n"}
	if os.Geteuid() == 0 { // nobody else can drop what nobody else has
		wanted = append(wanted, "CapBnd:\t0000000000000000\n")
	}
	for _, want := range wanted {
		if !strings.Contains(string(status), want) {
			t.Errorf("not %q", want)
		}
	}
	environ, err := os.ReadFile(folder + "environ")
	if err != nil || len(environ) > 0 {
		t.Errorf("%d bytes of environment, %v", len(environ), err)
	}
	files, err := os.ReadDir(folder + "fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if at, _ := os.Readlink(folder + "fd/" + f.Name()); !strings.HasPrefix(at, "pipe:") && !strings.HasPrefix(at, "anon_inode:") {
			t.Errorf("descriptor %s is %s", f.Name(), at)
		}
	}
}
