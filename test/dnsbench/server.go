// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// server is one program to be measured.
type server struct {
	name    string
	address string
	args    []string
	filters bool         // refuses listed names; an echo does not
	swap    func() error // puts a second full set of rules in the place of the first
	// ready compiles the next rules; publish hands them out.
	ready   func() (publish func() error, inForce func() bool, err error)
	close   func()
	perName float64 // bytes of its file of rules, where it has one
}

// process is a server that runs.
type process struct {
	cmd   *exec.Cmd
	addr  string
	out   bytes.Buffer
	ready time.Duration // from start to the first right answers
}

// start waits until a listed and another name are answered right.
func (s *server) start(ctx context.Context, w *work) (*process, error) {
	p := &process{cmd: pinned(ctx, serverCPU, s.args[0], s.args[1:]...), addr: s.address}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for time.Since(began) < patience && ctx.Err() == nil {
		free, err := rcode(s.address, w.free)
		if err == nil && free == 0 {
			blocked, err := rcode(s.address, w.blocked)
			if err == nil && (blocked == 3) == s.filters {
				p.ready = time.Since(began)
				return p, nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	p.stop()
	return nil, fmt.Errorf("was not ready within %v\n%s", patience, p.out.String())
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() {
		_ = p.cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-done
	}
}

// rcode asks one question, type A, and waits 200 ms at most.
func rcode(address, name string) (int, error) {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	q := question(0x1234, name)
	if err := conn.SetDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		return 0, err
	}
	if _, err := conn.Write(q); err != nil {
		return 0, err
	}
	buf := make([]byte, 2048)
	n, err := conn.Read(buf)
	if err != nil {
		return 0, err
	}
	if n < 12 || binary.BigEndian.Uint16(buf) != 0x1234 {
		return 0, errors.New("another answer")
	}
	return int(buf[3] & 0x0f), nil
}

// cpu is the processor time that the process has used; a tick is 10 ms
// (proc(5)).
func (p *process) cpu() (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	var ticks int
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// memory reads a line of /proc/PID/status in MB: VmRSS, VmHWM, RssAnon,
// RssFile.
func (p *process) memory(line string) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(l, line+":"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				return 0
			}
			return float64(kb) / 1024
		}
	}
	return 0
}

// startUpstream answers what the filters forward.
func startUpstream(ctx context.Context) (*upstreamServer, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	u := &upstreamServer{addr: address, cmd: pinned(ctx, loadCPU, self(), "child", "upstream", address)}
	u.cmd.Stderr = os.Stderr
	if err := u.cmd.Start(); err != nil {
		return nil, err
	}
	for range 1000 {
		if _, err := rcode(address, "free.example"); err == nil {
			return u, nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	u.stop()
	return nil, errors.New("the stub upstream does not answer")
}

type upstreamServer struct {
	cmd  *exec.Cmd
	addr string
}

func (u *upstreamServer) stop() {
	_ = u.cmd.Process.Kill()
	_ = u.cmd.Wait()
}
