// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

// keys is keys.json: whose signatures count. The enrolment names the first
// keys; from then on each list is vouched for by a key of the one before.
type keys struct {
	Number uint64              `json:"number"` // of the newest list
	Keys   []ed25519.PublicKey `json:"keys"`
	// Past are keys that count no longer for what comes in. What lies on this
	// disk was checked when it came, and still opens with them: a node must not
	// lose its rules because the province has a new key and the hub is away.
	Past []ed25519.PublicKey `json:"past"`
}

func (d disk) readKeys() (k keys, err error) {
	data, err := os.ReadFile(d.path("keys.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return keys{}, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	return k, err
}

func (d disk) writeKeys(k keys) error {
	data, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return d.writeFile(d.path("keys.json"), data)
}

// KeyList is the number of the newest list of keys that the node follows.
func (k *Keeper) KeyList() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys.Number
}

// loadKeys begins with the keys of the enrolment, or goes on from what the
// disk says. A node whose list is damaged falls back to its enrolment, and
// asks for all lists since.
func (k *Keeper) loadKeys(joined []ed25519.PublicKey, number uint64) {
	kept, err := k.disk.readKeys()
	if err != nil {
		k.log.Warn("the list of keys on the disk is not used", "error", err.Error())
	}
	if kept.Number <= number {
		kept = keys{Number: number, Keys: joined}
	}
	k.setKeys(kept)
}

func (k *Keeper) setKeys(now keys) {
	k.keys = now
	k.trust = bundle.NewTrust(now.Keys...)
	k.ours = bundle.NewTrust(append(now.Past, now.Keys...)...)
}

// ApplyKeys takes sealed lists of keys in the order of their numbers. Each must
// be signed by a key that counts when its turn comes.
func (k *Keeper) ApplyKeys(sealed ...[]byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range sealed {
		l, err := bundle.OpenKeyList(s, k.trust)
		if err != nil {
			return err
		}
		if l.Number <= k.keys.Number {
			continue
		}
		if l.Number != k.keys.Number+1 {
			return problem.New("bundle/gap", "after", k.keys.Number, "number", l.Number)
		}
		next := keys{Number: l.Number, Keys: l.Keys, Past: k.keys.Past}
		for _, old := range k.keys.Keys {
			if !hasKey(l.Keys, old) && !hasKey(next.Past, old) {
				next.Past = append(next.Past, old)
			}
		}
		if err := k.disk.writeKeys(next); err != nil { // first on the disk: a key that is gone must stay gone
			return k.store(err)
		}
		k.setKeys(next)
	}
	return nil
}

func hasKey(all []ed25519.PublicKey, key ed25519.PublicKey) bool {
	for _, k := range all {
		if k.Equal(key) {
			return true
		}
	}
	return false
}

// fetchKeys asks for the lists of keys that are missing.
func (s *Syncer) fetchKeys(ctx context.Context, hub Hub) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	lists, err := hub.KeyLists(ctx, s.keeper.KeyList())
	if err != nil {
		return err
	}
	return s.keeper.ApplyKeys(lists...)
}
