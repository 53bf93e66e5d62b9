// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/url"
	"path/filepath"
	"strconv"
)

type listExportCmd struct {
	onHub
	Band       string `required:"" help:"${flag_band}"`
	Format     string `required:"" help:"${flag_export_format}"`
	Period     string `help:"${flag_period}"`
	School     string `help:"${flag_export_school}"`
	Unlicensed bool   `help:"${flag_unlicensed}"`
	To         string `required:"" placeholder:"FILE" help:"${flag_export_to}"`
}

// Run writes what a band is refused as a file for another filter.
func (c *listExportCmd) Run(ctx context.Context, t *terminal) error {
	file, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	q := url.Values{
		"band": {c.Band}, "format": {c.Format}, "period": {c.Period}, "school": {c.School},
		"unlicensed": {strconv.FormatBool(c.Unlicensed)}, "file": {file},
	}
	return c.call(ctx, t, "list/export", q, nil, func(r map[string]any) {
		x := as[struct {
			Names, Allowed, Unsaid, LeftOut int
			Bundle, Delta                   int64
			Without                         []string
		}](r)
		t.say("cli.list.exported", "names", x.Names, "file", file, "bundle", x.Bundle, "delta", x.Delta)
		t.say("cli.list.exported-open", "allowed", x.Allowed, "unsaid", x.Unsaid, "left", x.LeftOut)
		for _, name := range x.Without {
			t.say("cli.list.without-licence", "name", name)
		}
	})
}
