// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/url"
)

// keyCmd changes the key that signs bundles, decisions and side files: new,
// rotate, and when all nodes have followed, retire.
type keyCmd struct {
	List   keyListCmd   `cmd:"" help:"${key_list}"`
	New    keyNewCmd    `cmd:"" help:"${key_new}"`
	Rotate keyRotateCmd `cmd:"" help:"${key_rotate}"`
	Retire keyRetireCmd `cmd:"" help:"${key_retire}"`
}

type keyListCmd struct{ onHub }

// Run says which key signs and how many count.
func (c *keyListCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "key/list", nil, nil, func(r map[string]any) {
		t.say("cli.key.list", "signer", r["signer"], "keys", number(r["keys"]), "list", number(r["list"]))
	})
}

type keyNewCmd struct{ onHub }

// Run makes the key that shall sign next.
func (c *keyNewCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "key/new", nil, nil, func(r map[string]any) {
		t.say("cli.key.new", "id", r["id"], "file", r["file"])
	})
}

type keyRotateCmd struct {
	onHub
	ID string `arg:"" help:"${arg_key_id}"`
}

// Run lets a prepared key sign, and builds the first bundle with it.
func (c *keyRotateCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "key/rotate", url.Values{"id": {c.ID}}, nil, func(r map[string]any) {
		t.say("cli.key.rotated", "signer", r["signer"], "bundle", number(r["bundle"]))
	})
}

type keyRetireCmd struct{ onHub }

// Run takes the earlier keys away.
func (c *keyRetireCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "key/retire", nil, nil, func(r map[string]any) {
		t.say("cli.key.retired", "signer", r["signer"])
	})
}
