// SPDX-License-Identifier: Apache-2.0

package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"lachan/internal/media/fence"
	"lachan/internal/pdq"
	"lachan/internal/problem"
)

// The limits that hold where Options says nothing.
const (
	DefaultBytes    = pdq.DefaultBytes
	DefaultPixels   = pdq.DefaultPixels
	DefaultMemory   = 1 << 30 // of a child
	DefaultDeadline = 20 * time.Second
	DefaultFrames   = 600 // seconds of a film
)

// mostBytes is the longest file that a child takes, whatever its parent says.
const mostBytes = 1 << 30

// Options are the limits of an Examiner. A zero field means the default.
type Options struct {
	Workers  int           // children at once; half the cores, at least one
	Bytes    int64         // of a file, at most 1 GiB
	Pixels   int64         // of a picture, width times height
	Memory   int64         // bytes that a child may hold; negative: unlimited
	Deadline time.Duration // for the pixels of a picture; six times as much for a film
	Frames   int           // of a film, one a second
	FFmpeg   string        // its path; looked up where empty, "-" for none
}

func (o Options) orDefault() Options {
	if o.Workers <= 0 {
		o.Workers = max(1, runtime.NumCPU()/2)
	}
	if o.Bytes <= 0 || o.Bytes > mostBytes {
		o.Bytes = DefaultBytes
	}
	if o.Pixels <= 0 {
		o.Pixels = DefaultPixels
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	o.Memory = max(o.Memory, 0)
	if o.Deadline <= 0 {
		o.Deadline = DefaultDeadline
	}
	if o.Frames <= 0 {
		o.Frames = DefaultFrames
	}
	return o
}

// Examiner examines files with a few children, which it starts when the first
// file comes and replaces often. It is safe for concurrent use.
type Examiner struct {
	opts   Options
	ffmpeg string        // empty: none
	slots  chan struct{} // one for each child that may be at work

	mu     sync.Mutex
	idle   []*child
	closed bool
	held   []string // what the last child said
	starts chan start
	done   chan struct{}
}

// New makes an Examiner. It starts the program it is called in again, whose main
// must hand over to Main; a child has none of its own.
func New(o Options) (*Examiner, error) {
	if IsChild(os.Args) {
		return nil, errors.New("media: a child examines with its own eyes")
	}
	o = o.orDefault()
	x := &Examiner{opts: o, ffmpeg: findFFmpeg(o.FFmpeg), slots: make(chan struct{}, o.Workers), starts: make(chan start), done: make(chan struct{})}
	go x.startChildren()
	return x, nil
}

// Close waits for the exams that are under way and ends the children. Those that
// wait for a child end with media/closed.
func (x *Examiner) Close() error {
	x.mu.Lock()
	idle, was := x.idle, x.closed
	x.idle, x.closed = nil, true
	x.mu.Unlock()
	if was {
		return nil
	}
	for _, c := range idle {
		c.end()
	}
	for range cap(x.slots) { // those at work
		x.slots <- struct{}{}
	}
	close(x.done)
	for range cap(x.slots) {
		<-x.slots
	}
	return nil
}

// Examine reads a file to its end and says what is known of it. An error means
// that the file was not taken in: media/too-large, media/closed, the error of r
// or of ctx; or that no child could be started here. A file that was taken in
// and could not be seen has its digests, and Exam.Fault.
func (x *Examiner) Examine(ctx context.Context, r io.Reader, w Wanted) (Exam, error) {
	f, e, err := spool(ctx, r, x.opts.Bytes)
	if err != nil {
		return Exam{}, err
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return Exam{}, fmt.Errorf("media: %w", err)
	}
	e.Kind = KindOf(head[:n])
	see := x.picture
	switch {
	case e.Kind == Unknown:
		e.Fault = problem.New("media/unknown-kind")
		return e, nil
	case e.Kind == HEIC:
		e.Fault = problem.New("media/no-decoder", "kind", string(e.Kind))
		return e, nil
	case e.Kind.Film() && x.ffmpeg == "":
		e.Fault = problem.New("media/no-films")
		return e, nil
	case e.Kind.Film():
		see = x.film
	}
	if err := x.enter(ctx); err != nil {
		return Exam{}, err
	}
	defer func() { <-x.slots }()
	if err := see(ctx, f, w, &e); err != nil {
		return Exam{}, err
	}
	return e, nil
}

// enter waits for a slot.
func (x *Examiner) enter(ctx context.Context) error {
	select {
	case x.slots <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("media: wait for a child: %w", ctx.Err())
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		<-x.slots
		return problem.New("media/closed")
	}
	return nil
}

// Restriction is one of fence.Words, and whether it holds on this machine.
type Restriction struct {
	Word  string
	Holds bool
}

// Restrictions starts a child if there is none yet, and says what is kept from
// it here: it has tried.
func (x *Examiner) Restrictions(ctx context.Context) ([]Restriction, error) {
	x.mu.Lock()
	held := x.held
	x.mu.Unlock()
	if held == nil {
		if err := x.enter(ctx); err != nil {
			return nil, err
		}
		defer func() { <-x.slots }()
		c, err := x.child(ctx)
		if err != nil {
			return nil, err
		}
		held = c.held
		x.rest(c)
	}
	var all []Restriction
	for _, w := range fence.Words() {
		holds := false
		for _, h := range held {
			holds = holds || h == w
		}
		all = append(all, Restriction{w, holds})
	}
	return all, nil
}

// FFmpeg is the program with which films are looked into, or "" where they are
// not.
func (x *Examiner) FFmpeg() string { return x.ffmpeg }
