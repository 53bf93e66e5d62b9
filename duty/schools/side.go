// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// SealedSide is a school's own rules and networks, signed, as its node takes
// it.
type SealedSide struct {
	School string
	Number int64
	Sealed []byte
}

// fewPupils is below how many pupils a band's counts leave the node by the
// week only (DESIGN.md §7).
const fewPupils = 20

// side puts a school's networks and rules into the form of nodes.
func (s *Service) side(ctx context.Context, q sqldb.Queryer, school School) (bundle.Side, error) {
	side := bundle.Side{School: school.ID, Number: uint64(school.Side), Default: school.Band, WeekOnly: school.weekOnly()}
	networks, err := sqldb.All(ctx, q, queryNetworks, scanNetwork, school.ID)
	if err != nil {
		return side, err
	}
	for _, n := range networks {
		side.Networks = append(side.Networks, bundle.Network{Prefix: n.Prefix, Band: n.Band, Evening: n.Evening})
	}
	devices, err := sqldb.All(ctx, q, queryDevices, scanDevice, school.ID)
	if err != nil {
		return side, err
	}
	for _, d := range devices {
		side.Devices = append(side.Devices, bundle.Device{ID: d.Word, Band: d.Band, Evening: d.Evening})
	}
	hours, err := hoursOf(ctx, q, school.ID)
	if err != nil {
		return side, err
	}
	side.Timetable = hours.timetable()
	changes, err := sqldb.All(ctx, q, queryChanges, scanChange, school.ID)
	if err != nil {
		return side, err
	}
	for _, c := range changes {
		side.Changes = append(side.Changes, bundle.Change{Band: c.Band, Period: c.Period, Code: c.Code, Block: c.Block})
	}
	rules, err := sqldb.All(ctx, q, queryRules, scanRule, school.ID)
	if err != nil {
		return side, err
	}
	if side.Log, err = s.faultLogFor(ctx, q, school.ID); err != nil {
		return side, err
	}
	now := s.clock.Now()
	for _, r := range rules {
		if !r.Until.IsZero() && !now.Before(r.Until) {
			continue
		}
		name, err := bundle.ParseName(r.Domain)
		if err != nil {
			return side, err
		}
		side.Rules = append(side.Rules, bundle.Rule{Domain: name, Allow: r.Allow, Bands: r.Bands, Until: clock.Micro(r.Until), Reason: r.Reason})
	}
	return side, nil
}

// weekOnly are the bands so small that an hour's count could point at a child.
func (s School) weekOnly() bundle.Bands {
	var few bundle.Bands
	for _, b := range bundle.AllBands() {
		n, said := s.BandPupils[b]
		if said && n > 0 && n < fewPupils || s.Pupils > 0 && s.Pupils < fewPupils {
			few |= bundle.BandsOf(b)
		}
	}
	return few
}

// Side is the signed side file of a school as it is now.
func (s *Service) Side(ctx context.Context, schoolID string) (SealedSide, error) {
	school, err := sqldb.One(ctx, s.db.Read(), querySchool, scanSchool, schoolID)
	if err != nil {
		return SealedSide{}, notFound(err, "schools/no-school")
	}
	if err := loadBandPupils(ctx, s.db.Read(), &school); err != nil {
		return SealedSide{}, wrap("side", err)
	}
	side, err := s.side(ctx, s.db.Read(), school)
	if err != nil {
		return SealedSide{}, wrap("side", err)
	}
	sealed, err := side.Seal(s.keys.current())
	return SealedSide{school.ID, school.Side, sealed}, err
}

// SidesOf are the side files of all schools that a node serves.
func (s *Service) SidesOf(ctx context.Context, nodeID string) ([]SealedSide, error) {
	ids, err := sqldb.All(ctx, s.db.Read(), queryNodeSchools, sqldb.Scalar[string], nodeID)
	if err != nil {
		return nil, wrap("sides", err)
	}
	var sides []SealedSide
	for _, schoolID := range ids {
		side, err := s.Side(ctx, schoolID)
		if err != nil {
			return nil, err
		}
		sides = append(sides, side)
	}
	return sides, nil
}

func (s *Service) publishSide(ctx context.Context, schoolID string) {
	side, err := s.Side(ctx, schoolID)
	if err == nil {
		err = s.publisher.PublishSide(ctx, side)
	}
	if err != nil {
		s.log.WarnContext(ctx, "side file not published; the node will ask for it", "school", schoolID, "error", err)
	}
}
