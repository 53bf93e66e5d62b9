// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lachan/internal/bus"
	"lachan/internal/problem"
)

// EnrolRequest is what a node says when it redeems its one-time token at the
// hub's POST /api/v1/nodes/enrol. The answer is an Identity.
type EnrolRequest struct {
	Token         string `json:"token"`
	NodePublicKey string `json:"node_public_key"` // the nkey that the hub signs
	Version       string `json:"version"`
}

// EnrolPath is where a hub takes EnrolRequest.
const EnrolPath = "/api/v1/nodes/enrol"

// Enrol makes a key for this node, redeems the token at the hub ("https://
// hub.example") and writes what it is given into the state folder. The private
// half of the key never leaves that folder. client is nil for the usual one.
func Enrol(ctx context.Context, client *http.Client, state, hub, token, version string) (Identity, error) {
	if _, err := os.Stat(filepath.Join(state, identityFile)); !errors.Is(err, fs.ErrNotExist) {
		return Identity{}, problem.New("node/enrolled")
	}
	key, err := bus.NewNodeKey()
	if err != nil {
		return Identity{}, err
	}
	public, err := key.Public()
	if err != nil {
		return Identity{}, fmt.Errorf("node: %w", err)
	}
	if client == nil {
		client = &http.Client{Timeout: 30 * time.Second}
	}
	identity, err := redeem(ctx, client, hub, EnrolRequest{Token: token, NodePublicKey: public, Version: version})
	if err != nil {
		return Identity{}, err
	}
	return identity, identity.save(state, key)
}

func redeem(ctx context.Context, client *http.Client, hub string, r EnrolRequest) (Identity, error) {
	var identity Identity
	body, err := json.Marshal(r)
	if err != nil {
		return identity, fmt.Errorf("node: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(hub, "/")+EnrolPath, bytes.NewReader(body))
	if err != nil {
		return identity, problem.New("node/enrol-unreachable").Wrap(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return identity, problem.New("node/enrol-unreachable").Wrap(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	switch {
	case err != nil || res.StatusCode >= 500:
		return identity, problem.New("node/enrol-unreachable").Wrap(fmt.Errorf("status %d: %w", res.StatusCode, err))
	case res.StatusCode != http.StatusOK && res.StatusCode != http.StatusCreated:
		return identity, problem.New("node/enrol-refused").Wrap(fmt.Errorf("status %d", res.StatusCode))
	}
	if err := json.Unmarshal(data, &identity); err != nil || !identity.valid() {
		return Identity{}, problem.New("node/enrol-unreachable").Wrap(errors.New("the hub's answer is not understood"))
	}
	return identity, nil
}
