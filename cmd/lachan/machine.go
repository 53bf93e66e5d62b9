// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/url"
	"strconv"
)

// tokenCmd lets machines in over the API.
type tokenCmd struct {
	Add  tokenAddCmd  `cmd:"" help:"${token_add}"`
	List tokenListCmd `cmd:"" help:"${token_list}"`
	Drop tokenDropCmd `cmd:"" help:"${token_drop}"`
}

type tokenAddCmd struct {
	onHub
	Name   string   `arg:"" help:"${arg_token_name}"`
	Unit   string   `required:"" help:"${flag_unit}"`
	Role   []string `required:"" help:"${flag_role}"`
	Person string   `help:"${flag_token_person}"`
	Days   int      `default:"365" help:"${flag_token_days}"`
}

// Run makes a token and prints it, once.
func (c *tokenAddCmd) Run(ctx context.Context, t *terminal) error {
	q := url.Values{"name": {c.Name}, "unit": {c.Unit}, "role": c.Role, "person": {c.Person}, "days": {strconv.Itoa(c.Days)}}
	return c.call(ctx, t, "token/add", q, nil, func(r map[string]any) {
		t.say("cli.token.made", "token", r["token"], "id", r["id"], "url", r["url"])
	})
}

type tokenListCmd struct{ onHub }

// Run lists tokens, without what opens anything.
func (c *tokenListCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "token/list", nil, nil, nil)
}

type tokenDropCmd struct {
	onHub
	ID string `arg:"" help:"${arg_token_id}"`
}

// Run takes a token back.
func (c *tokenDropCmd) Run(ctx context.Context, t *terminal) error {
	return c.call(ctx, t, "token/drop", url.Values{"id": {c.ID}}, nil, func(map[string]any) { t.say("cli.token.dropped", "id", c.ID) })
}
