// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/url"
	"strings"
)

type listTokenCmd struct {
	Add  listTokenAddCmd  `cmd:"" help:"${list_token_add}"`
	List listTokenListCmd `cmd:"" help:"${list_token_list}"`
	Drop listTokenDropCmd `cmd:"" help:"${list_token_drop}"`
}

type listTokenAddCmd struct {
	onHub
	Name string   `arg:"" help:"${arg_subscriber}"`
	Band []string `required:"" help:"${flag_band}"`
}

// Run lets a filter of another make fetch what bands are refused, and prints
// its token, once.
func (c *listTokenAddCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/token/add", url.Values{"name": {c.Name}, "band": c.Band}, nil, func(r map[string]any) {
		t.say("cli.list.token", "token", r["token"])
		t.say("cli.list.token-use", "url", r["url"], "bands", strings.Join(c.Band, ", "))
	})
}

type listTokenListCmd struct{ onHub }

// Run lists who fetches, without tokens.
func (c *listTokenListCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/token/list", nil, nil, nil)
}

type listTokenDropCmd struct {
	onHub
	Name string `arg:"" help:"${arg_subscriber}"`
}

// Run takes a token back.
func (c *listTokenDropCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/token/drop", url.Values{"name": {c.Name}}, nil, func(map[string]any) { t.say("cli.list.token-dropped", "name", c.Name) })
}

type listKeyCmd struct {
	Add  listKeyAddCmd  `cmd:"" help:"${list_key_add}"`
	Drop listKeyDropCmd `cmd:"" help:"${list_key_drop}"`
}

type listKeyAddCmd struct {
	onHub
	Name      string `arg:"" help:"${arg_subscriber}"`
	Algorithm string `default:"hmac-sha256" help:"${flag_key_algorithm}"`
	Notify    string `help:"${flag_key_notify}"`
}

// Run gives whoever has a token a key for zones by transfer, and prints it,
// once.
func (c *listKeyAddCmd) Run(ctx context.Context, t *terminal) error {
	q := url.Values{"name": {c.Name}, "algorithm": {c.Algorithm}, "notify": {c.Notify}}
	return c.call(ctx, t, "list/key/add", q, nil, func(r map[string]any) {
		t.say("cli.list.key", "key", r["key"], "algorithm", r["algorithm"], "secret", r["secret"])
		zones, _ := r["zones"].([]any)
		for _, zone := range zones {
			t.say("cli.list.key-zone", "zone", zone)
		}
		if r["address"] == "" {
			t.say("cli.list.key-off")
		} else {
			t.say("cli.list.key-use", "address", r["address"])
		}
	})
}

type listKeyDropCmd struct {
	onHub
	Name string `arg:"" help:"${arg_subscriber}"`
}

// Run takes a key back; the token stays.
func (c *listKeyDropCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "list/key/drop", url.Values{"name": {c.Name}}, nil, func(map[string]any) { t.say("cli.list.key-dropped", "name", c.Name) })
}
