// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"net/netip"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Network is a part of a school's network that belongs to one band: the room
// of class 4A, the staff's wireless. The longest prefix counts, so that a
// large network may hold a smaller one of another band.
type Network struct {
	ID     string
	School string
	Prefix netip.Prefix
	Band   bundle.Band
	// Evening is the band after lessons, for boarders and evening classes; the
	// same as Band where nothing changes.
	Evening bundle.Band
	Note    string
}

// NetworkCommand adds a network, or gives the one with the same prefix another
// band.
type NetworkCommand struct {
	School  string // id
	Prefix  string // "192.168.4.0/24", "2001:db8:4::/64"
	Band    string // code
	Evening string // code; "": the same
	Note    string // up to 100 letters
}

func (c NetworkCommand) read() (Network, error) {
	p := problem.New("input/faulty")
	band, evening := readBands(p, "", c.Band, c.Evening)
	needText(p, "note", c.Note, 100, false)
	prefix, err := netip.ParsePrefix(c.Prefix)
	switch {
	case err != nil || prefix.Addr().Is4In6() || prefix.Addr().Zone() != "":
		p.Field("network", "schools/not-a-network")
	case prefix != prefix.Masked():
		p.Field("network", "schools/host-bits", "network", prefix.Masked().String())
	case prefix.Addr().Is4() && prefix.Bits() < 8, prefix.Addr().Is6() && prefix.Bits() < 16:
		p.Field("network", "schools/network-too-large")
	}
	return Network{Prefix: prefix, Band: band, Evening: evening, Note: c.Note}, p.OrNil()
}

var (
	queryNetworks    = sqldb.Register("schools.networks", `SELECT id, school, cidr, band, note, evening FROM schools_network WHERE school = $1 ORDER BY cidr, id`)
	queryNetworkSave = sqldb.Register("schools.network_save", `
		INSERT INTO schools_network (id, school, cidr, band, note, evening) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (school, cidr) DO UPDATE SET band = excluded.band, note = excluded.note, evening = excluded.evening`)
	queryNetworkDrop = sqldb.Register("schools.network_drop", `DELETE FROM schools_network WHERE id = $1 AND school = $2`)
	// Networks of other schools behind the same node, which could not be told
	// apart there.
	queryNetworksBeside = sqldb.Register("schools.networks_beside", `
		SELECT DISTINCT n.id, n.school, n.cidr, n.band, n.note, n.evening FROM schools_network n
		JOIN schools_node_school b ON b.school = n.school
		JOIN schools_node_school a ON a.node = b.node
		WHERE a.school = $1 AND n.school <> $1 ORDER BY n.cidr, n.id`)
)

// Networks are a school's networks.
func (s *Service) Networks(ctx context.Context, actor authz.Actor, schoolID string) ([]Network, error) {
	if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID); err != nil {
		return nil, err
	}
	return sqldb.All(ctx, s.db.Read(), queryNetworks, scanNetwork, schoolID)
}

// SaveNetwork adds or changes a network. Overlaps with networks of the same
// school are allowed and returned, so that the page can say which one counts;
// an overlap with another school behind the same node is refused by name.
func (s *Service) SaveNetwork(ctx context.Context, actor authz.Actor, cmd NetworkCommand) (saved Network, overlaps []Network, err error) {
	wanted, err := cmd.read()
	if err != nil {
		return Network{}, nil, err
	}
	err = s.editSchool(ctx, actor, cmd.School, "schools.network_saved", cmd, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		overlaps = nil
		beside, err := sqldb.All(ctx, tx, queryNetworksBeside, scanNetwork, school.ID)
		if err != nil {
			return err
		}
		for _, n := range beside {
			if n.Prefix.Overlaps(wanted.Prefix) {
				other, err := sqldb.One(ctx, tx, querySchool, scanSchool, n.School)
				if err != nil {
					return err
				}
				return problem.New("schools/network-overlaps", "network", n.Prefix.String(), "school", other.Name)
			}
		}
		own, err := sqldb.All(ctx, tx, queryNetworks, scanNetwork, school.ID)
		if err != nil {
			return err
		}
		saved = wanted
		saved.ID, saved.School = id.New(), school.ID
		for _, n := range own {
			switch {
			case n.Prefix == saved.Prefix:
				saved.ID = n.ID
			case n.Prefix.Overlaps(saved.Prefix):
				overlaps = append(overlaps, n)
			}
		}
		_, err = sqldb.Exec(ctx, tx, queryNetworkSave, saved.ID, school.ID, saved.Prefix.String(), saved.Band.String(), cmd.Note, saved.Evening.String())
		return err
	})
	return saved, overlaps, err
}

// DropNetwork removes a network; its clients get the school's own band.
func (s *Service) DropNetwork(ctx context.Context, actor authz.Actor, schoolID, networkID string) error {
	return s.editSchool(ctx, actor, schoolID, "schools.network_dropped", map[string]string{"network": networkID}, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		n, err := sqldb.Exec(ctx, tx, queryNetworkDrop, networkID, schoolID)
		if err == nil && n == 0 {
			err = problem.New("schools/no-network")
		}
		return err
	})
}

// editSchool runs a change of a school's own settings: permit, change, new side
// file, ledger.
func (s *Service) editSchool(ctx context.Context, actor authz.Actor, schoolID, kind string, details any, do func(context.Context, *sqldb.Tx, *School) error) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		school, err := sqldb.One(ctx, tx, querySchool, scanSchool, schoolID)
		if err != nil {
			return notFound(err, "schools/no-school")
		}
		permit, err := s.authz.Check(ctx, actor, "schools.edit", ofSchool(school.ID, school.Unit))
		if err != nil {
			return err
		}
		if err := do(ctx, tx, &school); err != nil {
			return err
		}
		if err := s.touch(ctx, tx, &school); err != nil {
			return err
		}
		return s.record(ctx, tx, step{kind: kind, actor: actor.Name(), object: school.ID, permit: permit, details: details})
	})
}

func scanNetwork(r sqldb.Row) (n Network, err error) {
	var cidr, band, evening string
	if err := r.Scan(&n.ID, &n.School, &cidr, &band, &n.Note, &evening); err != nil {
		return n, err
	}
	n.Band, _ = bundle.ParseBand(band)
	n.Evening = eveningOf(n.Band, evening)
	n.Prefix, err = netip.ParsePrefix(cidr)
	return n, err
}
