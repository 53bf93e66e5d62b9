// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"io"
	"strings"

	"lachan/internal/authz"
	"lachan/internal/fetch"
	"lachan/internal/media"
	"lachan/internal/problem"
)

// BringCommand is what an officer says of a file that he brings.
type BringCommand struct {
	Address string // where it was seen; personal; may be empty
	Words   string // what it is about; personal; may be empty
}

// Bring takes a picture or a film that an officer has into the queue. It is
// opened in the fence like a stranger's, looked for in every bank by its file,
// its pixels or its frames, and whoever brought it need not be who judges it. A
// file that cannot be opened keeps its digests; one that is neither picture nor
// film is media/unknown-kind.
func (s *Service) Bring(ctx context.Context, actor authz.Actor, file io.Reader, c BringCommand) (Found, error) {
	permit, err := s.check(ctx, actor, "detection.review", "item", "")
	if err != nil {
		return Found{}, err
	}
	if s.Examiner == nil {
		return Found{}, problem.New("detection/no-examiner")
	}
	c.Address, c.Words = strings.TrimSpace(c.Address), strings.TrimSpace(c.Words)
	p := problem.New("input/faulty")
	if c.Address != "" {
		if _, err := fetch.CheckURL(c.Address); err != nil {
			p.Field("address", "detection/bad-address", "n", 1)
		}
	}
	if len([]rune(c.Words)) > 2000 {
		p.Field("words", "input/too-long", "max", 2000)
	}
	if err := p.OrNil(); err != nil {
		return Found{}, err
	}
	e, err := s.Examiner.Examine(ctx, file, media.Wanted{})
	if err != nil {
		return Found{}, err
	}
	if e.Fault != nil && e.Fault.Code == "media/unknown-kind" {
		return Found{}, e.Fault
	}
	one := pictureOf(e)
	f := Finding{
		Kind: PictureKind, Address: c.Address, Title: c.Words, Pictures: []FoundPicture{one}, Brought: true,
		Features: Features{DomainAge: -1, Reach: -1},
	}
	if one.Film {
		f.Kind = FilmKind
	}
	if f.Address == "" { // the same file twice is one item
		f.Address = "sha256:" + one.SHA256
	}
	return s.find(ctx, actor, permit, f, nil)
}
