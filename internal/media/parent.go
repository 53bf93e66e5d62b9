// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"

	"lachan/internal/media/fence"
	"lachan/internal/problem"
)

const (
	pictures   = 32               // for one child; then another takes its place
	graceTime  = 2 * time.Second  // in which a child says itself that a picture takes too long
	helloTime  = 15 * time.Second // in which a child must be there
	childFiles = 16               // descriptors: three, and what Go's runtime opens for itself
	mostSaid   = 4 << 10          // of what a child says on its way out
)

// child is one that was started and has said hello.
type child struct {
	*program
	in    io.WriteCloser
	out   *bufio.Reader
	held  []string
	seen  int           // pictures
	spent time.Duration // at work
}

// program is a process with a group of its own inside the fence.
type program struct {
	cmd  *exec.Cmd
	said *firstBytes
}

// start asks for a process to be started.
type start struct {
	cmd *exec.Cmd
	err chan error
}

// startChildren starts all processes from one thread, which lives as long as
// they may: the kernel ends them with the thread that started them.
func (x *Examiner) startChildren() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case s := <-x.starts:
			s.err <- s.cmd.Start()
		case <-x.done:
			return
		}
	}
}

// launch starts s inside the fence, with what prepare gives it to read and
// write.
func (x *Examiner) launch(s fence.Spec, prepare func(*exec.Cmd) error) (*program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	spec, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	p := &program{cmd: fenced(self, s, string(spec)), said: &firstBytes{most: mostSaid}}
	p.cmd.Env = []string{}
	p.cmd.Dir = string(os.PathSeparator)
	p.cmd.Stderr = p.said
	p.cmd.WaitDelay = graceTime
	apart(p.cmd)
	if err := prepare(p.cmd); err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	started := start{p.cmd, make(chan error, 1)}
	select {
	case x.starts <- started:
	case <-x.done:
		return nil, problem.New("media/closed")
	}
	if err := <-started.err; err != nil {
		return nil, problem.New("media/no-child").Wrap(err)
	}
	return p, nil
}

// child takes one that waits, or starts one. The caller has a slot.
func (x *Examiner) child(ctx context.Context) (*child, error) {
	x.mu.Lock()
	if n := len(x.idle); n > 0 {
		c := x.idle[n-1]
		x.idle = x.idle[:n-1]
		x.mu.Unlock()
		return c, nil
	}
	x.mu.Unlock()
	c := &child{}
	p, err := x.launch(fence.Spec{
		Program: ownProgram, Args: []string{ownProgram, Command, stepLook, strconv.FormatInt(x.opts.Memory, 10)},
		Memory: x.opts.Memory, CPU: x.life() * childProcs, Files: childFiles,
	}, func(cmd *exec.Cmd) (err error) {
		if c.in, err = cmd.StdinPipe(); err != nil {
			return err
		}
		out, err := cmd.StdoutPipe()
		c.out = bufio.NewReader(out)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.program = p
	late, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	defer context.AfterFunc(late, c.kill)()
	var h hello
	if err := receive(c.out, &h); err != nil {
		c.end()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("media: start a child: %w", ctx.Err())
		}
		return nil, problem.New("media/no-child").Wrap(fmt.Errorf("%w: %s", err, c.said.Bytes()))
	}
	c.held = h.Held
	x.mu.Lock()
	x.held = append([]string{}, h.Held...)
	x.mu.Unlock()
	return c, nil
}

// life is the longest that a child may be at work. It is replaced before the
// last picture could run into it.
func (x *Examiner) life() time.Duration { return 2*x.opts.Deadline + graceTime + helloTime }

// rest keeps a child for the next picture, or ends it.
func (x *Examiner) rest(c *child) {
	x.mu.Lock()
	keep := !x.closed && c.seen < pictures && c.spent < x.opts.Deadline
	if keep {
		x.idle = append(x.idle, c)
	}
	x.mu.Unlock()
	if !keep {
		c.end()
	}
}

// picture has a child look at f. One that fell and had looked at others before
// says nothing about f: another looks again, until one fell that was new.
func (x *Examiner) picture(ctx context.Context, f *os.File, w Wanted, e *Exam) error {
	for {
		c, err := x.child(ctx)
		if err != nil {
			return err
		}
		isNew := c.seen == 0
		e.Fault = nil
		if err := x.lookAt(ctx, c, f, w, e); err != nil {
			return err
		}
		if isNew || e.Fault == nil || e.Fault.Code != "media/fell" && e.Fault.Code != "media/too-heavy" {
			return nil
		}
	}
}

// lookAt has c look at f, and keeps it or ends it.
func (x *Examiner) lookAt(ctx context.Context, c *child, f *os.File, w Wanted, e *Exam) error {
	begun := time.Now()
	q := question{Kind: e.Kind, Size: e.Bytes, Pixels: x.opts.Pixels, Within: x.opts.Deadline, Crops: w.Crops}
	late, cancel := context.WithTimeout(ctx, x.opts.Deadline+graceTime)
	defer cancel()
	stop := context.AfterFunc(late, c.kill)
	a, small, err := c.ask(q, f)
	stopped := stop()
	if err == nil && stopped {
		err = a.into(e, q, small)
	}
	if err == nil && stopped && late.Err() == nil {
		if e.Fault != nil { // what broke off in the middle may have left something behind
			c.end()
			return nil
		}
		c.seen++
		c.spent += time.Since(begun)
		x.rest(c)
		return nil
	}
	c.end()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("media: %w", ctx.Err())
	case late.Err() != nil || c.outOfTime(x.life()*childProcs):
		e.Fault = problem.New("media/too-slow", "seconds", int(x.opts.Deadline/time.Second))
	case bytes.Contains(c.said.Bytes(), []byte("out of memory")), bytes.Contains(c.said.Bytes(), []byte("cannot allocate memory")):
		e.Fault = problem.New("media/too-heavy", "megabytes", x.opts.Memory>>20)
	default:
		e.Fault = problem.New("media/fell").Wrap(err)
	}
	return nil
}

func (c *child) ask(q question, f *os.File) (answer, []byte, error) {
	if err := send(c.in, q); err != nil {
		return answer{}, nil, err
	}
	if _, err := io.Copy(c.in, io.NewSectionReader(f, 0, q.Size)); err != nil {
		return answer{}, nil, fmt.Errorf("media: %w", err)
	}
	return receiveAnswer(c.out)
}

// end ends a child, which leaves when it is asked nothing more, or is killed.
func (c *child) end() {
	c.kill()
	_ = c.in.Close()
	c.wait()
}

// wait returns when the process is gone, and what it left of its output was
// given up.
func (p *program) wait() error {
	err := p.cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil
	}
	return err
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct {
	most int
	buf  bytes.Buffer
}

func (b *firstBytes) Write(p []byte) (int, error) {
	b.buf.Write(p[:min(len(p), max(0, b.most-b.buf.Len()))])
	return len(p), nil
}

// Bytes may be asked for once the process is gone.
func (b *firstBytes) Bytes() []byte { return b.buf.Bytes() }
