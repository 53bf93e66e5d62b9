// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"

	"lachan/duty/schools"
	"lachan/internal/bus"
	"lachan/internal/bus/natsd"
	"lachan/internal/config"
	"lachan/internal/problem"
)

// openBus starts or joins the bus over which nodes are served.
func (h *Hub) openBus(ctx context.Context) error {
	if h.opts.Offline {
		return nil
	}
	keys, err := busKeys(filepath.Join(h.cfg.SecretsDir, "bus.key"))
	if err != nil {
		return err
	}
	revoked, err := h.Schools.RevokedKeys(ctx)
	if err != nil {
		return err
	}
	cfg := bus.Config{Keys: keys, Revoked: revoked, Logger: h.log}
	if h.cfg.Bus.URL == "" {
		trust, err := keys.Trust(revoked)
		if err != nil {
			return err
		}
		h.natsd, err = natsd.Start(natsd.Config{Listen: h.cfg.Bus.Listen, WebSocket: h.cfg.Bus.WebSocketListen, Trust: trust})
		if err != nil {
			return err
		}
		h.onClose(func() error { h.natsd.Close(); return nil })
		cfg.InProcess = h.natsd
	} else {
		cfg.URLs = []string{h.cfg.Bus.URL}
	}
	if h.bus, err = bus.Open(ctx, cfg); err != nil {
		return err
	}
	h.onClose(h.bus.Close)
	h.pub.bus.Store(h.bus)
	return nil
}

// busKeys reads the keys of the bus, or makes them. They are the same on all
// hubs of an installation.
func busKeys(path string) (bus.Keys, error) {
	data, err := os.ReadFile(path)
	if err == nil {
		return bus.DecodeKeys(data)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return bus.Keys{}, fmt.Errorf("hub: bus keys: %w", err)
	}
	keys, err := bus.NewKeys()
	if err != nil {
		return bus.Keys{}, err
	}
	if data, err = keys.Encode(); err != nil {
		return bus.Keys{}, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // another hub was quicker
		return busKeys(path)
	}
	if err != nil {
		return bus.Keys{}, fmt.Errorf("hub: bus keys: %w", err)
	}
	_, err = f.Write(data)
	return keys, errors.Join(err, f.Sync(), f.Close())
}

// BusTrust is the part of an external NATS server's settings that makes it
// trust the hub of cfg; the keys are made if there are none yet. dir is where
// that server keeps accounts. It holds public halves and signed statements.
func BusTrust(cfg config.Hub, dir string) (string, error) {
	if err := os.MkdirAll(cfg.SecretsDir, 0o700); err != nil {
		return "", fmt.Errorf("hub: bus keys: %w", err)
	}
	keys, err := busKeys(filepath.Join(cfg.SecretsDir, "bus.key"))
	if err != nil {
		return "", err
	}
	trust, err := keys.Trust(nil)
	if err != nil {
		return "", err
	}
	return trust.Config(dir), nil
}

// busURLs is where nodes are told to connect.
func (h *Hub) busURLs() []string {
	switch {
	case h.cfg.Bus.Advertise != "":
		return []string{h.cfg.Bus.Advertise}
	case h.natsd == nil:
		return []string{h.cfg.Bus.URL}
	}
	if h.cfg.Bus.WebSocketListen != "" {
		// A node's client takes addresses of one kind only, and this kind
		// passes every firewall.
		return []string{h.natsd.WebSocketURL()}
	}
	return []string{h.natsd.URL()}
}

// Identity is what a node learns when it joins; the node keeps it as it came.
type Identity struct {
	NodeID          string   `json:"node_id"`
	UserJWT         string   `json:"user_jwt"`
	BusURLs         []string `json:"bus_urls"`
	BundlePublicKey []byte   `json:"bundle_public_key"`
	SchoolIDs       []string `json:"school_ids"`
	BundleKeys      [][]byte `json:"bundle_keys,omitempty"` // besides the one that signs
	KeyList         uint64   `json:"key_list,omitempty"`
}

// EnrolNode redeems a one-time token: the node's own key gets a name on the
// bus, and leave to read its schools' side files.
func (h *Hub) EnrolNode(ctx context.Context, token, publicKey, version string) (Identity, error) {
	if h.bus == nil {
		return Identity{}, problem.New("bus/unreachable")
	}
	n, err := h.Schools.Redeem(ctx, token, publicKey, version)
	if err != nil {
		return Identity{}, err
	}
	jwt, err := h.bus.Enrol(n.ID, publicKey, n.Schools)
	if err != nil {
		return Identity{}, err
	}
	keys, number, err := h.Schools.TrustedKeys(ctx)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{NodeID: n.ID, UserJWT: jwt, BusURLs: h.busURLs(), BundlePublicKey: keys[0], SchoolIDs: n.Schools, KeyList: uint64(number)}
	for _, k := range keys[1:] {
		id.BundleKeys = append(id.BundleKeys, k)
	}
	return id, nil
}

// publisher tells nodes what the database already holds. It can be asked
// before the bus is open, and then does nothing: nodes that are behind ask.
type publisher struct {
	bus atomic.Pointer[bus.Bus]
	log *slog.Logger
}

var _ schools.Publisher = (*publisher)(nil)

// PublishDelta implements schools.Publisher.
func (p *publisher) PublishDelta(_ context.Context, d schools.SealedDelta) error {
	if b := p.bus.Load(); b != nil {
		return b.PublishDelta(d.Sealed)
	}
	return nil
}

// PublishBundle implements schools.Publisher.
func (p *publisher) PublishBundle(_ context.Context, info schools.BundleInfo) error {
	if b := p.bus.Load(); b != nil {
		return b.PublishBundle(uint64(info.Number))
	}
	return nil
}

// PublishSide implements schools.Publisher.
func (p *publisher) PublishSide(_ context.Context, s schools.SealedSide) error {
	if b := p.bus.Load(); b != nil {
		return b.PublishSide(s.School, s.Sealed)
	}
	return nil
}
