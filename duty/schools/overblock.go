// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"io"
	"slices"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/problem"
)

// Refusal is one name of an over-block check that somebody is refused.
type Refusal struct {
	Domain string
	Bands  []string // codes of the bands that are refused it
	Code   string   // category, service, "emergency", "legal"; of the first of them
	// Lists that carry it or a parent of it in that category; none where a
	// service, an own name of a category or a block is the reason.
	Lists []string
}

// OverBlock is what an over-block check found.
type OverBlock struct {
	Asked    int // different names
	Unread   int // lines that are no name
	Refusals []Refusal
}

// CheckOverBlock asks the newest bundle and the decisions over it for every
// name of r, in any format that lists have, and says who is refused what and
// which list is to blame: for names that children need, such as the most
// popular ones or all of the province's own. bands are codes; none means all.
func (s *Service) CheckOverBlock(ctx context.Context, actor authz.Actor, bands []string, r io.Reader) (OverBlock, error) {
	var out OverBlock
	if _, err := s.authz.Check(ctx, actor, "schools.lookup", room("name", "")); err != nil {
		return out, err
	}
	asked := bundle.AllBands()
	if len(bands) > 0 {
		asked = nil
		for _, code := range bands {
			band, ok := bundle.ParseBand(code)
			if !ok {
				return out, problem.New("schools/unknown-band", "band", code)
			}
			asked = append(asked, band)
		}
	}
	read, err := ReadList(r, ReadOptions{})
	if err != nil {
		return out, err
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return out, err
	}
	view, err := bundle.NewView(parts)
	if err != nil {
		return out, err
	}
	info, err := s.CurrentBundle(ctx)
	if err != nil {
		return out, err
	}
	have := map[int64]bool{}
	for _, l := range info.Lists {
		have[l.Edition] = true
	}
	out.Unread = read.Report.Skipped
	for text := range read.names.all() {
		out.Asked++
		name, err := bundle.ParseName(text)
		if err != nil {
			return out, err
		}
		f := Refusal{Domain: text}
		for _, band := range asked {
			if x := view.Explain(name, bundle.Client{Band: band}, s.now()); x.Blocked {
				f.Bands = append(f.Bands, band.String())
				if f.Code == "" {
					f.Code = x.Code
				}
			}
		}
		if len(f.Bands) == 0 {
			continue
		}
		hits, err := s.listHits(ctx, name, have)
		if err != nil {
			return out, wrap("over-block check", err)
		}
		for _, h := range hits {
			if h.Category == f.Code && h.Excepted == "" && !h.Pending && !slices.Contains(f.Lists, h.List) {
				f.Lists = append(f.Lists, h.List)
			}
		}
		out.Refusals = append(out.Refusals, f)
	}
	return out, nil
}
