// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"lachan/internal/bus"
	"lachan/internal/problem"
)

const (
	healthEvery  = time.Minute
	sidesEvery   = time.Hour // besides the push: a side file that was missed
	retryAfter   = 2 * time.Second
	requestLimit = 10 * time.Second
	maxPushed    = 1024 // deltas that may wait; more are fetched instead
)

// Hub is what a Syncer asks; bus.Conn is one.
type Hub interface {
	State(ctx context.Context) (bus.Heartbeat, error)
	Chunk(ctx context.Context, number, offset uint64) (bus.Chunk, error)
	Patch(ctx context.Context, from, to, offset uint64) (bus.Chunk, error)
	DeltasAfter(ctx context.Context, after uint64) ([][]byte, error)
	Side(ctx context.Context, school string) ([]byte, error)
	KeyLists(ctx context.Context, after uint64) ([][]byte, error)
	SendCounts(ctx context.Context, c bus.Counts) error
	SendHealth(ctx context.Context, h bus.Health) error
	SendAsk(ctx context.Context, a bus.Ask) error
}

// Syncer follows the hub. Its Events go to the bus, Run does what takes time.
type Syncer struct {
	keeper *Keeper
	outbox *Outbox
	health func() bus.Health
	log    *slog.Logger
	wake   chan struct{}
	pushed chan []byte // deltas off the wire
	node   string
	bundle atomic.Uint64 // that we shall have
	delta  atomic.Uint64
	keys   atomic.Uint64 // number of the newest list of signing keys
	behind atomic.Bool   // a delta came before one that is missing
	joined atomic.Bool   // connected anew: side files may have been missed
	ask    atomic.Bool   // how far the hub is must be asked
	reject atomic.Uint64 // number of the last bundle that could not be used
	retry  atomic.Bool   // it may be tried once more: the disk may have been mended
}

// NewSyncer follows the hub into keeper and sends what is in outbox. health
// reads what the node says of itself; node is its id.
func NewSyncer(node string, keeper *Keeper, outbox *Outbox, health func() bus.Health, log *slog.Logger) *Syncer {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Syncer{node: node, keeper: keeper, outbox: outbox, health: health, log: log, wake: make(chan struct{}, 1), pushed: make(chan []byte, maxPushed)}
}

// Events are the callbacks for bus.Dial.
func (s *Syncer) Events() bus.Events {
	return bus.Events{
		Connected: func() {
			s.joined.Store(true)
			s.nudge()
		},
		Heartbeat: func(h bus.Heartbeat) {
			s.heard(h)
			if b, d := s.keeper.Numbers(); s.bundle.Load() > b || h.Delta > d || h.Keys > s.keeper.KeyList() {
				s.nudge()
			}
		},
		Bundle: func() {
			s.ask.Store(true)
			s.nudge()
		},
		Delta: func(sealed []byte) { // the short way: from the wire into force
			select {
			case s.pushed <- sealed:
			default: // a flood: ask for them in order instead
				s.behind.Store(true)
				s.nudge()
			}
		},
		Side: func(school string, sealed []byte) {
			if err := s.keeper.ApplySide(school, sealed); err != nil {
				s.log.Warn("a side file was not applied", slog.String("error", err.Error()))
				s.ask.Store(true) // perhaps there is a new key
				s.nudge()
			}
		},
	}
}

func (s *Syncer) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// applyPushed puts pushed deltas into force, all that are waiting at once: a
// burst of decisions builds one view and syncs the disk once.
func (s *Syncer) applyPushed(ctx context.Context) {
	for {
		var batch [][]byte
		select {
		case <-ctx.Done():
			return
		case d := <-s.pushed:
			batch = append(batch, d)
		}
		for len(s.pushed) > 0 {
			batch = append(batch, <-s.pushed)
		}
		gap, err := s.keeper.ApplyDeltas(batch...)
		if err != nil {
			s.log.Warn("a delta was not applied", slog.String("error", err.Error()))
		}
		if gap || err != nil {
			if err != nil {
				s.ask.Store(true) // perhaps there is a new key
			}
			s.behind.Store(true)
			s.nudge()
		}
	}
}

// Run follows the hub until ctx ends.
func (s *Syncer) Run(ctx context.Context, hub Hub) {
	applied := make(chan struct{})
	go func() {
		defer close(applied)
		s.applyPushed(ctx)
	}()
	defer func() { <-applied }()
	health, sides := time.NewTicker(healthEvery), time.NewTicker(sidesEvery)
	defer health.Stop()
	defer sides.Stop()
	for {
		var err error
		tell := false
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
			err = s.follow(ctx, hub)
		case <-sides.C:
			s.retry.Store(true)
			err = errors.Join(s.fetchSides(ctx, hub), s.follow(ctx, hub))
		case <-s.outbox.full:
			if err = s.send(ctx, hub); err != nil {
				time.AfterFunc(retryAfter, s.outbox.ring)
			}
		case <-s.keeper.Changed():
			tell = true
		case <-health.C:
			tell = true
		}
		if tell {
			err = s.tell(ctx, hub)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("not in step with the hub", slog.String("error", err.Error()))
		}
	}
}

// follow fetches what the hub has and the node has not. How far the hub is, it
// is asked after every connection, and says by its heartbeat; what fails now
// is tried again at the next.
func (s *Syncer) follow(ctx context.Context, hub Hub) error {
	var errs []error
	joined := s.joined.Swap(false)
	if ask := s.ask.Swap(false); ask || joined {
		errs = append(errs, s.askState(ctx, hub))
	}
	if s.keys.Load() > s.keeper.KeyList() { // first: the rest may be signed by a new one
		errs = append(errs, s.fetchKeys(ctx, hub), s.fetchSides(ctx, hub))
	} else if joined {
		errs = append(errs, s.fetchSides(ctx, hub))
	}
	retry := s.retry.Swap(false)
	if number, _ := s.keeper.Numbers(); s.bundle.Load() > number && (retry || s.bundle.Load() != s.reject.Load()) {
		err := s.fetchBundle(ctx, hub)
		if unusable(err) { // the hub must hear of it, and it is not fetched again and again
			s.reject.Store(s.bundle.Load())
			err = errors.Join(err, s.tell(ctx, hub))
		}
		errs = append(errs, err)
	}
	if _, delta := s.keeper.Numbers(); s.behind.Swap(false) || s.delta.Load() > delta {
		errs = append(errs, s.fetchDeltas(ctx, hub))
	}
	if joined {
		errs = append(errs, s.tell(ctx, hub))
		s.outbox.ring()
	}
	err := errors.Join(errs...)
	if err != nil && joined {
		time.AfterFunc(retryAfter, func() {
			s.joined.Store(true)
			s.nudge()
		})
	}
	return err
}

func (s *Syncer) askState(ctx context.Context, hub Hub) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	h, err := hub.State(ctx)
	if err == nil {
		s.heard(h)
	}
	return err
}

func (s *Syncer) heard(h bus.Heartbeat) {
	s.bundle.Store(h.For(s.node))
	s.delta.Store(h.Delta)
	s.keys.Store(h.Keys)
}

// fetchDeltas asks for what follows until nothing does.
func (s *Syncer) fetchDeltas(ctx context.Context, hub Hub) error {
	for {
		_, after := s.keeper.Numbers()
		run, err := s.deltas(ctx, hub, after)
		if err != nil || len(run) == 0 {
			return err
		}
		if _, err := s.keeper.ApplyDeltas(run...); err != nil {
			return err
		}
		if _, now := s.keeper.Numbers(); now == after {
			return problem.New("bundle/gap", "after", after, "number", after+1)
		}
	}
}

func (s *Syncer) deltas(ctx context.Context, hub Hub, after uint64) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	return hub.DeltasAfter(ctx, after)
}

func (s *Syncer) fetchSides(ctx context.Context, hub Hub) error {
	var errs []error
	for _, school := range s.keeper.schools {
		errs = append(errs, s.fetchSide(ctx, hub, school))
	}
	return errors.Join(errs...)
}

func (s *Syncer) fetchSide(ctx context.Context, hub Hub, school string) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	sealed, err := hub.Side(ctx, school)
	if err != nil || len(sealed) == 0 {
		return err
	}
	return s.keeper.ApplySide(school, sealed)
}

func (s *Syncer) tell(ctx context.Context, hub Hub) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	h := s.health()
	h.Rejected = s.reject.Load()
	return hub.SendHealth(ctx, h)
}

// send empties the outbox, the oldest first. A batch is forgotten only after
// the hub has said that it is committed. One that the hub will never take (a
// hub older or newer than we are) is given up, so that it holds up no other.
func (s *Syncer) send(ctx context.Context, hub Hub) error {
	for {
		counts, ask := s.outbox.next()
		if counts == nil && ask == nil {
			return nil
		}
		ctx, cancel := context.WithTimeout(ctx, requestLimit)
		var err error
		if counts != nil {
			if err = hub.SendCounts(ctx, *counts); err == nil || final(err) {
				err = errors.Join(err, s.outbox.doneCounts(counts.Sequence))
			}
		} else if err = hub.SendAsk(ctx, *ask); err == nil || final(err) {
			err = errors.Join(err, s.outbox.doneAsk(*ask))
		}
		cancel()
		if err != nil {
			return err
		}
	}
}

// final reports that the hub found the message itself at fault.
func final(err error) bool {
	return problem.Is(errors.Unwrap(err), "bus/implausible") || problem.Is(errors.Unwrap(err), "bus/bad-request")
}
