// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/problem"
)

// Identity is what the hub gave at enrolment: who this node is, where the bus
// is, whose signature counts, which schools it serves. It holds no secret; the
// node's key lies in a file of its own.
type Identity struct {
	NodeID          string   `json:"node_id"`
	UserJWT         string   `json:"user_jwt"`
	BusURLs         []string `json:"bus_urls"`
	BundlePublicKey []byte   `json:"bundle_public_key"` // Ed25519, 32 bytes; base64 in JSON
	SchoolIDs       []string `json:"school_ids"`
	BundleKeys      [][]byte `json:"bundle_keys,omitempty"` // all that counted at enrolment, where there were several
	KeyList         uint64   `json:"key_list,omitempty"`    // number of their list; 0: there was none
}

const (
	identityFile = "identity.json"
	keyFile      = "node.nk"
)

func (i Identity) valid() bool {
	if i.NodeID == "" || i.UserJWT == "" || len(i.BusURLs) == 0 || len(i.BundlePublicKey) != ed25519.PublicKeySize {
		return false
	}
	for _, u := range i.BusURLs {
		if parsed, err := url.Parse(u); err != nil || parsed.Host == "" {
			return false
		}
	}
	return true
}

// keys are those whose signatures counted when the node joined.
func (i Identity) keys() []ed25519.PublicKey {
	all := []ed25519.PublicKey{i.BundlePublicKey}
	for _, k := range i.BundleKeys {
		all = append(all, k)
	}
	return all
}

// hubNames are the hosts of the bus, which must resolve before any rules are
// there.
func (i Identity) hubNames() []bundle.Name {
	var names []bundle.Name
	for _, u := range i.BusURLs {
		parsed, err := url.Parse(u)
		if err != nil {
			continue
		}
		if n, err := bundle.ParseName(parsed.Hostname()); err == nil {
			names = append(names, n)
		}
	}
	return names
}

func loadIdentity(dir string) (Identity, bus.NodeKey, error) {
	var i Identity
	data, err := os.ReadFile(filepath.Join(dir, identityFile))
	if errors.Is(err, fs.ErrNotExist) {
		return i, bus.NodeKey{}, problem.New("node/not-enrolled")
	}
	if err == nil {
		err = json.Unmarshal(data, &i)
	}
	if err != nil || !i.valid() {
		return i, bus.NodeKey{}, problem.New("node/state").Wrap(err)
	}
	seed, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		return i, bus.NodeKey{}, problem.New("node/state").Wrap(err)
	}
	key, err := bus.ParseNodeKey(seed)
	return i, key, err
}

// save writes the key first: an identity without its key is worth nothing,
// a key without an identity is simply made anew.
func (i Identity) save(dir string, key bus.NodeKey) error {
	seed, err := key.Seed()
	if err != nil {
		return problem.New("node/state").Wrap(err)
	}
	data, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return problem.New("node/state").Wrap(err)
	}
	err = os.MkdirAll(dir, 0o700)
	for _, f := range []struct {
		name string
		data []byte
	}{{keyFile, seed}, {identityFile, data}} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, f.name), f.data, 0o600)
		}
	}
	if err != nil {
		return problem.New("node/state").Wrap(err)
	}
	return nil
}
