// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/crawl"
	"lachan/duty/detection/lookalike"
	"lachan/duty/detection/rdap"
	"lachan/duty/schools"
	"lachan/internal/fetch"
	"lachan/internal/media"
	"lachan/internal/problem"
)

// shotFor is how long the picture of a page may take: with a slice of a scan it
// ends before a hub that is told to stop must.
const shotFor = 12 * time.Second

// newDetection puts the room of detection together. Its requests go out by a
// client of their own: what lists may do inside the own network, scans may not.
func (h *Hub) newDetection(catalogue *schools.Catalogue) (*detection.Service, error) {
	var err error
	h.examiner, err = media.New(media.Options{FFmpeg: h.cfg.Media.FFmpeg, Workers: h.cfg.Media.Workers})
	if err != nil {
		return nil, err
	}
	h.onClose(h.examiner.Close)
	contact := h.cfg.Detection.Contact
	if contact == "" {
		contact = h.cfg.BaseURL()
	}
	software := "lachan/" + nonEmpty(h.opts.Version, "0")
	h.outside = fetch.New(fetch.Options{Agent: software + " (+" + contact + ")", Also: h.opts.Sites, Resolver: h.opts.Names})
	pace := crawl.Pace{Pause: time.Duration(h.cfg.Detection.Pause) * time.Second}
	var shoot func(ctx context.Context, address string) ([]byte, error)
	if h.cfg.Detection.Browser != "" {
		h.browser = crawl.Browser{Path: h.cfg.Detection.Browser, Client: h.outside, Agent: software + " (+" + contact + ")", Within: shotFor, Bare: os.Getuid() == 0 && h.opts.Demo}
		shoot = h.browser.Shot
	}
	var aged detection.Aged
	if base := h.cfg.Detection.RDAP; base != "" {
		aged = rdap.New(h.outside, h.clock, base, pace.Pause)
	}
	s, err := detection.New(detection.Deps{
		DB: h.DB, Clock: h.clock, Authz: h.Authz, Ledger: h.Ledger, Vault: h.Vault, Files: h.Blobs, Log: h.log, Lists: h.fetch,
		Unit: h.reviewUnit, Registrable: schools.Registered, Ordinary: ordinary(catalogue), Reported: h.Casework.OpenAbout, Emit: h.flow.Emit,
		Aged: aged, Protected: catalogue.IsProtected,
		Manners: crawl.NewManners(h.outside, h.clock, "lachan", pace), Software: software, Examiner: h.examiner, Shoot: shoot,
		Lookalikes: lookalike.New(catalogue.ProtectedNames()), IndexFile: filepath.Join(h.cfg.DataDir, "pictures.index"),
		Settings: detection.Settings{Pictures: h.cfg.Detection.Pictures, Sounds: h.cfg.Detection.Sounds, Words: h.cfg.Detection.Words},
	})
	if err != nil {
		return nil, err
	}
	h.onClose(s.Close)
	return s, nil
}

// tryBrowser says at the start whether the browser draws where this hub runs. A
// service that is fenced in may keep it from that (deploy/README.md), and a scan
// goes on without it.
func (h *Hub) tryBrowser(ctx context.Context) {
	if h.browser.Path == "" {
		return
	}
	if err := h.browser.Works(ctx); err != nil && ctx.Err() == nil {
		h.log.ErrorContext(ctx, "the browser of [detection] draws nothing: captures have no picture of their page", slog.String("error", err.Error()))
	}
}

// ordinary tells a name of one owner from the platforms, banks and agencies of
// which reports tell every day.
func ordinary(c *schools.Catalogue) func(domain string) bool {
	return func(domain string) bool {
		a, err := c.Assess(domain)
		return err == nil && !a.NeverBlock && len(a.Concerns) == 0
	}
}

func nonEmpty(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// reviewUnit is the unit that reviews what is found: the one that the directive
// names, else the one that receives reports.
func (h *Hub) reviewUnit(_ context.Context, at time.Time) (string, error) {
	for _, function := range []string{functionReview, functionIntake} {
		if unit := h.holder(function, at); unit != "" {
			return unit, nil
		}
	}
	return "", problem.New("hub/no-duty-unit")
}
