// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"

	"lachan/internal/config"
	"lachan/internal/media"
)

// opens says what is kept on this machine from the process that opens what
// strangers sent, and whether it sees films.
func (t *terminal) opens(ctx context.Context, c config.Media) error {
	x, err := media.New(media.Options{FFmpeg: c.FFmpeg, Workers: c.Workers})
	if err != nil {
		return err
	}
	defer x.Close()
	all, err := x.Restrictions(ctx)
	if err != nil {
		return err
	}
	var kept, open []string
	for _, r := range all {
		word := t.p.T("media.kept." + r.Word)
		if r.Holds {
			kept = append(kept, word)
		} else {
			open = append(open, word)
		}
	}
	if len(kept) > 0 {
		t.say("cli.config.media-kept", "what", strings.Join(kept, "; "))
	}
	if len(open) > 0 {
		t.say("cli.config.media-open", "what", strings.Join(open, "; "))
	}
	if x.FFmpeg() == "" {
		t.say("cli.config.no-films")
	} else {
		t.say("cli.config.films", "program", x.FFmpeg())
	}
	return nil
}
