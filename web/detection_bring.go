// SPDX-License-Identifier: Apache-2.0

package web

import (
	"errors"
	"io"

	"lachan/duty/detection"
	"lachan/duty/detection/crawl"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/web/page"
)

const (
	bringPath  = "/detection/bring"
	bringLimit = 101 << 20 // a file of 100 MB with what is typed beside it
)

// bring takes a file into the queue. It goes straight into the fence and never
// onto the disk.
func (s *Server) bring(c *visit) error {
	c.slowly()
	var cmd detection.BringCommand
	found, err := s.readBrought(c, &cmd)
	if err == nil {
		return c.done(itemPath(found.Item), "flash.detection.brought")
	}
	if kind := problem.KindOf(err); kind != problem.Invalid && kind != problem.Unavailable {
		return err
	}
	c.base.Problem = problem.From(err)
	p, failed := s.sourcesPage(c, detection.SourceCommand{Kind: string(crawl.Page), Every: 1440, Depth: 1, Pages: 500})
	if failed != nil {
		return failed
	}
	p.Bring = &page.BringForm{Address: cmd.Address, Words: cmd.Words}
	return c.showFault("detection/sources", p, err)
}

// readBrought reads the form part by part: what is typed comes before the file.
func (s *Server) readBrought(c *visit, cmd *detection.BringCommand) (detection.Found, error) {
	missing := problem.New("input/faulty").Field("file", "input/required")
	parts, err := c.r.MultipartReader()
	if err != nil {
		return detection.Found{}, missing.Wrap(err)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return detection.Found{}, missing
		}
		if err != nil {
			return detection.Found{}, tooLarge(err, bringLimit)
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return detection.Found{}, missing
			}
			return s.Detection.Bring(c.r.Context(), c.who.Actor, part, *cmd)
		}
		value, err := io.ReadAll(io.LimitReader(part, fieldLimit))
		if err != nil {
			return detection.Found{}, tooLarge(err, bringLimit)
		}
		switch part.FormName() {
		case "address":
			cmd.Address = locale.Normalize(string(value))
		case "words":
			cmd.Words = locale.Normalize(string(value))
		}
	}
}
