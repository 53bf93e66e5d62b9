// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"path/filepath"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/crawl"
	"lachan/duty/detection/lookalike"
	"lachan/duty/schools"
	"lachan/internal/fetch"
	"lachan/internal/media"
	"lachan/internal/problem"
)

// newDetection puts the room of detection together. Its requests go out by a
// client of their own: what lists may do inside the own network, scans may not.
func (h *Hub) newDetection(catalogue *schools.Catalogue) (*detection.Service, error) {
	examiner, err := media.New(media.Options{FFmpeg: h.cfg.Media.FFmpeg, Workers: h.cfg.Media.Workers})
	if err != nil {
		return nil, err
	}
	h.onClose(examiner.Close)
	contact := h.cfg.Detection.Contact
	if contact == "" {
		contact = h.cfg.BaseURL()
	}
	software := "lachan/" + nonEmpty(h.opts.Version, "0")
	client := fetch.New(fetch.Options{Agent: software + " (+" + contact + ")", Also: h.opts.Sites, Resolver: h.opts.Names})
	pace := crawl.Pace{Pause: time.Duration(h.cfg.Detection.Pause) * time.Second}
	s, err := detection.New(detection.Deps{
		DB: h.DB, Clock: h.clock, Authz: h.Authz, Ledger: h.Ledger, Vault: h.Vault, Files: h.Blobs, Log: h.log,
		Unit: h.reviewUnit, Registrable: schools.Registered, Reported: h.Casework.OpenAbout, Emit: h.flow.Emit,
		Manners: crawl.NewManners(client, h.clock, "lachan", pace), Software: software, Examiner: examiner,
		Lookalikes: lookalike.New(catalogue.ProtectedNames()), IndexFile: filepath.Join(h.cfg.DataDir, "pictures.index"),
		Settings: detection.Settings{Pictures: h.cfg.Detection.Pictures, Sounds: h.cfg.Detection.Sounds, Words: h.cfg.Detection.Words},
	})
	if err != nil {
		return nil, err
	}
	h.onClose(s.Close)
	return s, nil
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
