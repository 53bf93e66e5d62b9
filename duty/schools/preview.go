// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/sqldb"
)

// Preview is what a change of a school would mean, before it is made. What is
// refused has been counted; what is open never is, so for a category that would
// be closed it says what the category holds instead.
type Preview struct {
	Change  Change
	Refused bool // whether the band is refused it now, at that time of the day
	// Bands are the last seven days' refusals of the category by band.
	Bands []PreviewBand
	// Names is how many names the category or service has in the current
	// bundle; Popular are those of them that very many people use, or that lie
	// below one of its names, at most 40 of PopularAll.
	Names      int
	Popular    []string
	PopularAll int
}

// PreviewBand is one band.
type PreviewBand struct {
	Band    bundle.Band
	Devices int  // summed over cells; -1: no cell reached five devices
	Changes bool // the change is for this band
}

const shownPopular = 40

// PreviewChange says what a change would mean. It changes nothing.
func (s *Service) PreviewChange(ctx context.Context, actor authz.Actor, cmd ChangeCommand) (Preview, error) {
	school, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.edit", cmd.School)
	if err != nil {
		return Preview{}, err
	}
	x, err := cmd.read(s.catalogue)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Change: x}
	have, err := sqldb.All(ctx, s.db.Read(), queryChanges, scanChange, school.ID)
	if err != nil {
		return p, wrap("preview", err)
	}
	p.Refused = slices.Contains(s.catalogue.policyAt(x.Band.String(), x.Period.String()).Blocked, x.Code)
	for _, period := range []bundle.Period{bundle.AnyTime, x.Period} { // the narrower one last, as it counts
		for _, h := range have {
			if h.Band == x.Band && h.Code == x.Code && h.Period == period {
				p.Refused = h.Block
			}
		}
	}
	now := s.clock.Now()
	counts, err := s.Counts(ctx, actor, CountFilter{School: school.ID, From: now.Add(-week), To: now.Add(time.Hour)})
	if err != nil {
		return p, err
	}
	for _, b := range bundle.AllBands() {
		row := PreviewBand{Band: b, Devices: -1, Changes: b == x.Band}
		for _, c := range counts {
			if c.Category == x.Code && c.Band == b {
				row.Devices = max(row.Devices, 0) + c.Devices
			}
		}
		if row.Changes || row.Devices >= 0 {
			p.Bands = append(p.Bands, row)
		}
	}
	return p, s.previewNames(ctx, &p)
}

// previewNames finds what the category holds.
func (s *Service) previewNames(ctx context.Context, p *Preview) error {
	for _, k := range s.catalogue.Categories {
		if k.Code == p.Change.Code {
			p.Names += len(k.Names)
		}
	}
	for _, k := range s.catalogue.Services {
		if k.Code == p.Change.Code {
			p.Names += len(k.Domains)
		}
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return err
	}
	if parts.Bundle == nil {
		return nil
	}
	info, err := s.CurrentBundle(ctx)
	if err != nil {
		return err
	}
	for _, l := range info.Lists {
		if l.Category == p.Change.Code {
			p.Names += l.Names
		}
	}
	view, err := bundle.NewView(parts)
	if err != nil {
		return err
	}
	for _, n := range s.catalogue.popular.all() {
		x := view.Explain(n, bundle.Client{Band: p.Change.Band, Period: p.Change.Period}, s.now())
		in, out := false, x.Rule == bundle.NeverBlock
		for _, m := range x.Matches {
			in = in || m.Code == p.Change.Code && !m.Takes
			out = out || m.Code == p.Change.Code && m.Takes && !m.Lapsed
		}
		if in && !out {
			p.Popular = append(p.Popular, n.String())
		}
	}
	slices.Sort(p.Popular)
	p.PopularAll = len(p.Popular)
	p.Popular = p.Popular[:min(shownPopular, len(p.Popular))]
	return nil
}
