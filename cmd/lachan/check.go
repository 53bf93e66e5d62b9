// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/url"
	"os"
	"strings"
)

// listCheckCmd asks the newest bundle for names that children need.
type listCheckCmd struct {
	onHub
	File string   `arg:"" type:"existingfile" help:"${arg_file}"`
	Band []string `help:"${flag_bands}"`
}

// overBlock is what the hub answers.
type overBlock struct {
	Asked, Unread int
	Refusals      []struct {
		Domain, Code string
		Bands, Lists []string
	}
}

// Run says which names of a file somebody is refused, to whom, and by which
// list.
func (c *listCheckCmd) Run(ctx context.Context, t *terminal) error {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	return c.call(ctx, t, "list/check", url.Values{"band": c.Band}, f, func(r map[string]any) {
		found := as[overBlock](r)
		for _, x := range found.Refusals {
			t.say("cli.list.refused", "name", x.Domain, "code", x.Code, "bands", strings.Join(x.Bands, ", "), "lists", strings.Join(x.Lists, ", "))
		}
		t.say("cli.list.checked", "asked", found.Asked, "refused", len(found.Refusals), "unread", found.Unread)
	})
}
