// SPDX-License-Identifier: Apache-2.0

// Package sync keeps a node's rules in step with the hub.
//
// The hub is the only writer; a node only follows. What it has it keeps on its
// disk, so that a school filters on when the line to the province is down, and
// starts from the last good rules after a power cut. What comes in is checked
// before it counts:
//
//   - every bundle, delta and side file is signed by a key from the enrolment,
//     or by one that such a key has vouched for since (keys.json);
//   - numbers only rise (guard.json remembers the highest, whatever becomes of
//     the files), so that nobody can set a school back to old rules;
//   - deltas apply one after the other without a gap; a gap is asked for.
//
// A change becomes a new bundle.View, built beside the running one and swapped
// by one atomic store. A delta counts first and is written to the disk right
// after: a crash between the two loses nothing, since the hub's next heartbeat
// shows that it is missing and the node asks again.
//
// Keeper holds the rules and the disk; Syncer talks to the hub.
package sync

import (
	"crypto/ed25519"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

// Keeper holds the rules in force and their copies on the disk.
type Keeper struct {
	view    atomic.Pointer[bundle.View]
	mu      sync.Mutex // guards all below, and writes of view
	disk    disk
	keys    keys
	trust   bundle.Trust // for what comes in
	ours    bundle.Trust // for what lies on the disk
	schools []string
	standIn bundle.Band
	parts   bundle.Parts
	sealed  [][]byte // the deltas of parts, as they came
	torn    bool     // the log of deltas on the disk may lack some of them, or end in half a one
	guard   guard
	log     *slog.Logger
	changed chan struct{} // has room for one: something new counts
}

// Options are what a Keeper needs.
type Options struct {
	Dir     string              // the node's state folder
	Keys    []ed25519.PublicKey // that counted at the enrolment
	KeyList uint64              // the number of their list; 0: there was none yet
	Schools []string            // in the order in which they are asked for a stand-in
	// StandIn is the band of a client while there is no side file.
	StandIn bundle.Band
	Logger  *slog.Logger
}

// OpenKeeper loads the last good rules from the disk. What is damaged or not
// signed is left out, said in the log, and fetched again.
func OpenKeeper(o Options) (*Keeper, error) {
	k := &Keeper{disk: disk{o.Dir}, schools: o.Schools, standIn: o.StandIn, log: o.Logger, changed: make(chan struct{}, 1)}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, problem.New("node/state").Wrap(err)
	}
	if err := k.disk.readGuard(&k.guard); err != nil {
		return nil, problem.New("node/state").Wrap(err)
	}
	k.loadKeys(o.Keys, o.KeyList)
	k.parts.StandIn = o.StandIn
	k.loadBundle()
	k.loadSides()
	k.loadDeltas()
	v, err := bundle.NewView(k.parts)
	if err != nil {
		return nil, problem.New("node/state").Wrap(err)
	}
	k.view.Store(v)
	return k, nil
}

// View is the rules in force, never nil.
func (k *Keeper) View() *bundle.View { return k.view.Load() }

// Changed receives after something new counts; several changes may be one.
func (k *Keeper) Changed() <-chan struct{} { return k.changed }

// Numbers are the bundle (0: none) and the delta in force.
func (k *Keeper) Numbers() (bundleNumber, delta uint64) {
	v := k.View()
	if b := v.Bundle(); b != nil {
		bundleNumber = b.Number()
	}
	return bundleNumber, v.LastDelta()
}

func (k *Keeper) loadBundle() {
	for _, path := range k.disk.bundles() { // the highest number first
		b, err := bundle.Open(path, k.ours)
		if err != nil {
			k.log.Warn("a bundle on the disk is not used", slog.String("error", err.Error()))
			continue
		}
		if b.Number() < k.guard.Bundle {
			k.log.Warn("a bundle on the disk is too old", slog.Uint64("number", b.Number()))
			continue
		}
		k.parts.Bundle = b
		return
	}
}

func (k *Keeper) loadSides() {
	for _, s := range k.schools {
		sealed, err := os.ReadFile(k.disk.sidePath(s))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		side, err := k.openSide(s, sealed, err, k.ours)
		if err != nil {
			k.log.Warn("a side file on the disk is not used", slog.String("error", err.Error()))
			continue
		}
		k.parts.Sides = append(k.parts.Sides, side)
	}
}

func (k *Keeper) openSide(school string, sealed []byte, err error, trust bundle.Trust) (bundle.Side, error) {
	if err != nil {
		return bundle.Side{}, err
	}
	side, err := bundle.OpenSide(sealed, trust)
	if err != nil {
		return bundle.Side{}, err
	}
	if side.School != school || side.Number < k.guard.Sides[school] {
		return bundle.Side{}, problem.New("node/rollback", "number", side.Number)
	}
	return side, nil
}

// loadDeltas takes what is whole and cuts the file there: the next delta must
// not be written behind a torn one.
func (k *Keeper) loadDeltas() {
	last := uint64(0)
	if k.parts.Bundle != nil {
		last = k.parts.Bundle.Folded()
	}
	onDisk, whole := k.disk.readDeltas()
	for _, sealed := range onDisk {
		d, err := bundle.OpenDelta(sealed, k.ours)
		if err != nil || d.Number > last+1 {
			k.log.Warn("the deltas on the disk end early", slog.Uint64("at", last))
			break
		}
		if d.Number == last+1 {
			k.parts.Deltas, k.sealed, last = append(k.parts.Deltas, d), append(k.sealed, sealed), d.Number
		}
	}
	if whole && len(k.sealed) == len(onDisk) {
		return
	}
	if err := k.disk.rewriteDeltas(k.sealed); err != nil { // a full disk must not keep the filter from starting
		k.torn = true
		k.log.Warn("the deltas could not be written", slog.String("error", err.Error()))
	}
}

// ApplyDeltas puts sealed deltas into force, in the order given. Those that
// count already are passed over. more reports that one is missing before the
// last of them; what came before the gap counts.
func (k *Keeper) ApplyDeltas(sealed ...[]byte) (more bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	last := k.View().LastDelta()
	parts := k.parts
	var fresh [][]byte
	for _, s := range sealed {
		d, err := bundle.OpenDelta(s, k.trust)
		if err != nil {
			return false, err
		}
		if d.Number <= last {
			continue
		}
		if d.Number != last+1 {
			more = true
			break
		}
		parts.Deltas = append(parts.Deltas, d)
		fresh, last = append(fresh, slices.Clone(s)), d.Number
	}
	if len(fresh) == 0 {
		return more, nil
	}
	if err := k.swap(parts); err != nil {
		return false, err
	}
	k.sealed = append(k.sealed, fresh...)
	if k.torn { // the disk was full: what stands there may end in half a record
		err = k.disk.rewriteDeltas(k.sealed)
	} else {
		err = k.disk.appendDeltas(fresh)
	}
	k.torn = err != nil
	return more, k.store(err)
}

// ApplySide puts a school's sealed side file into force.
func (k *Keeper) ApplySide(school string, sealed []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !slices.Contains(k.schools, school) {
		return problem.New("node/foreign-school")
	}
	side, err := k.openSide(school, sealed, nil, k.trust)
	if err != nil {
		return err
	}
	parts := k.parts
	parts.Sides = nil
	for _, s := range k.schools { // keep the order of the schools
		for _, old := range k.parts.Sides {
			if old.School == s && s != school {
				parts.Sides = append(parts.Sides, old)
			}
			if old.School == school && s == school && old.Number >= side.Number {
				return nil // nothing new
			}
		}
		if s == school {
			parts.Sides = append(parts.Sides, side)
		}
	}
	if err := k.swap(parts); err != nil {
		return err
	}
	if k.guard.Sides == nil {
		k.guard.Sides = map[string]uint64{}
	}
	k.guard.Sides[school] = side.Number
	return k.store(k.disk.writeFile(k.disk.sidePath(school), sealed), k.disk.writeGuard(k.guard))
}

// ApplyBundle puts a fetched file into force: verify, rename into place, swap.
// Deltas that it holds are dropped, those above stay.
func (k *Keeper) ApplyBundle(part string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	b, err := bundle.Open(part, k.trust)
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	now, _ := k.Numbers()
	if b.Number() <= now || b.Number() < k.guard.Bundle {
		return errors.Join(problem.New("node/rollback", "number", b.Number()), os.Remove(part))
	}
	parts := k.parts
	parts.Bundle, parts.Deltas = b, nil
	var sealed [][]byte
	for i, d := range k.parts.Deltas {
		if d.Number > b.Folded() {
			parts.Deltas, sealed = append(parts.Deltas, d), append(sealed, k.sealed[i])
		}
	}
	if b.Folded() < k.View().LastDelta() && len(parts.Deltas) == 0 {
		return errors.Join(problem.New("node/rollback", "number", b.Folded()), os.Remove(part))
	}
	v, err := bundle.NewView(parts)
	if err != nil {
		return errors.Join(err, os.Remove(part))
	}
	k.guard.Bundle = b.Number()
	if err := k.store(k.disk.install(part, b.Number()), k.disk.writeGuard(k.guard)); err != nil {
		return err
	}
	k.set(parts, v)
	k.sealed = sealed
	err = k.disk.rewriteDeltas(sealed)
	k.torn = err != nil
	return k.store(err, k.disk.dropBundlesBelow(b.Number()))
}

// swap builds the view of parts and lets it count.
func (k *Keeper) swap(parts bundle.Parts) error {
	v, err := bundle.NewView(parts)
	if err == nil {
		k.set(parts, v)
	}
	return err
}

func (k *Keeper) set(parts bundle.Parts, v *bundle.View) {
	k.parts = parts
	k.view.Store(v)
	select {
	case k.changed <- struct{}{}:
	default:
	}
}

// Settle waits until what counts is on the disk: rules bite first and are
// written then.
func (k *Keeper) Settle() {
	k.mu.Lock()
	defer k.mu.Unlock()
}

func (k *Keeper) store(errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return problem.New("node/state").Wrap(err)
	}
	return nil
}
