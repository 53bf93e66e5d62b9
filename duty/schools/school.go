// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// School is one school as the filter sees it. The unit in org is the school;
// code and name are copies of what org says, for lists and search.
type School struct {
	ID      string
	Unit    string // id in org
	Code    string
	Name    string
	Place   string // id of the commune in org, or ""
	Level   string // one of Levels
	Band    bundle.Band
	Pupils  int
	Devices int // that the school says it protects
	// BandPupils are the pupils of each band where the school has said so.
	BandPupils map[bundle.Band]int
	Side       int64 // number of its newest side file
	Changed    time.Time
}

// Levels are the levels of schools; "mixed" has several.
func Levels() []string {
	return []string{"preschool", "primary", "lower_secondary", "upper_secondary", "mixed"}
}

// SchoolCommand is what a school's record shall say. A school of the same unit
// is changed.
type SchoolCommand struct {
	Unit       string
	Code       string
	Name       string
	Place      string
	Level      string
	Band       string // code; empty: that of the level, primary where mixed
	Pupils     int    // 0 to 20,000
	Devices    int    // 0 to 20,000
	BandPupils map[string]int
}

// Validate lists the faulty fields.
func (c SchoolCommand) Validate() error {
	p := problem.New("input/faulty")
	needText(p, "unit", c.Unit, 64, true)
	needText(p, "code", c.Code, 40, false)
	needText(p, "name", c.Name, 200, true)
	if !slices.Contains(Levels(), c.Level) {
		p.Field("level", "input/not-a-choice")
	}
	if _, ok := bundle.ParseBand(c.Band); c.Band != "" && !ok {
		p.Field("band", "input/not-a-choice")
	}
	for _, n := range []struct {
		field string
		is    int
	}{{"pupils", c.Pupils}, {"devices", c.Devices}} {
		if n.is < 0 || n.is > 20_000 {
			p.Field(n.field, "input/out-of-range", "min", 0, "max", 20_000)
		}
	}
	for band, n := range c.BandPupils {
		if _, ok := bundle.ParseBand(band); !ok || n < 0 || n > 20_000 {
			p.Field("band_pupils", "input/not-a-choice")
		}
	}
	return p.OrNil()
}

func (c SchoolCommand) band() bundle.Band {
	code := c.Band
	if code == "" {
		code = c.Level
	}
	if band, ok := bundle.ParseBand(code); ok {
		return band
	}
	return bundle.Primary
}

// SchoolFilter narrows a list of schools; empty fields match all.
type SchoolFilter struct {
	Query string // of name or code, without tone marks
	Level string
	Unit  string
	Place string
	After string // id of the last school of the page before
	Limit int    // 100 if 0, at most 1,000
}

const schoolColumns = `id, unit, code, name, place, level, band, pupils, devices, side, changed`

var (
	querySchool     = sqldb.Register("schools.school", `SELECT `+schoolColumns+` FROM schools_school WHERE id = $1`)
	querySchoolUnit = sqldb.Register("schools.school_of_unit", `SELECT `+schoolColumns+` FROM schools_school WHERE unit = $1`)
	querySchools    = sqldb.Register("schools.schools", `
		SELECT `+schoolColumns+` FROM schools_school
		WHERE (CAST($1 AS TEXT) = '' OR name_fold LIKE $1) AND (CAST($2 AS TEXT) = '' OR level = $2)
			AND (CAST($3 AS TEXT) = '' OR unit = $3) AND (CAST($4 AS TEXT) = '' OR place = $4)
			AND (CAST($5 AS TEXT) = '' OR (name_sort, id) > (SELECT name_sort, id FROM schools_school WHERE id = $5))
		ORDER BY name_sort, id LIMIT $6`)
	querySchoolSave = sqldb.Register("schools.school_save", `
		INSERT INTO schools_school (`+schoolColumns+`, name_fold, name_sort)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name, place = excluded.place, level = excluded.level,
			band = excluded.band, pupils = excluded.pupils, devices = excluded.devices, side = excluded.side,
			changed = excluded.changed, name_fold = excluded.name_fold, name_sort = excluded.name_sort`)
	queryBandPupils     = sqldb.Register("schools.band_pupils", `SELECT band, pupils FROM schools_band_pupils WHERE school = $1`)
	queryBandPupilsPut  = sqldb.Register("schools.band_pupils_put", `INSERT INTO schools_band_pupils (school, band, pupils) VALUES ($1, $2, $3)`)
	queryBandPupilsDrop = sqldb.Register("schools.band_pupils_drop", `DELETE FROM schools_band_pupils WHERE school = $1`)
)

// SaveSchool makes or changes a school.
func (s *Service) SaveSchool(ctx context.Context, actor authz.Actor, cmd SchoolCommand) (School, error) {
	saved, err := s.SaveSchools(ctx, actor, []SchoolCommand{cmd})
	if err != nil {
		return School{}, err
	}
	return saved[0], nil
}

// SaveSchools makes or changes many schools, all or none.
func (s *Service) SaveSchools(ctx context.Context, actor authz.Actor, cmds []SchoolCommand) (saved []School, err error) {
	for i := range cmds {
		cmds[i].Name = locale.Normalize(cmds[i].Name)
		if err := cmds[i].Validate(); err != nil {
			return nil, err
		}
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		saved = saved[:0]
		for _, cmd := range cmds {
			permit, err := s.authz.Check(ctx, actor, "schools.edit", ofSchool(cmd.Unit, cmd.Unit))
			if err != nil {
				return err
			}
			school, err := s.saveSchool(ctx, tx, cmd)
			if err != nil {
				return err
			}
			saved = append(saved, school)
			err = s.record(ctx, tx, step{kind: "schools.school_saved", actor: actor.Name(), object: school.ID, permit: permit, details: cmd})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return saved, err
}

func (s *Service) saveSchool(ctx context.Context, tx *sqldb.Tx, cmd SchoolCommand) (School, error) {
	school, err := sqldb.One(ctx, tx, querySchoolUnit, scanSchool, cmd.Unit)
	if errors.Is(err, sqldb.ErrNoRows) {
		school, err = School{ID: id.New(), Unit: cmd.Unit}, nil
	}
	if err != nil {
		return school, err
	}
	school.Code, school.Name, school.Place, school.Level = cmd.Code, cmd.Name, cmd.Place, cmd.Level
	school.Band, school.Pupils, school.Devices = cmd.band(), cmd.Pupils, cmd.Devices
	if err := s.touch(ctx, tx, &school); err != nil {
		return school, err
	}
	if _, err := sqldb.Exec(ctx, tx, queryBandPupilsDrop, school.ID); err != nil {
		return school, err
	}
	for band, n := range cmd.BandPupils {
		if _, err := sqldb.Exec(ctx, tx, queryBandPupilsPut, school.ID, band, n); err != nil {
			return school, err
		}
	}
	return school, loadBandPupils(ctx, tx, &school)
}

// touch saves a school with the next number of its side file, which is signed
// and sent when the transaction is committed.
func (s *Service) touch(ctx context.Context, tx *sqldb.Tx, school *School) error {
	school.Side++
	school.Changed = s.clock.Now()
	_, err := sqldb.Exec(ctx, tx, querySchoolSave, school.ID, school.Unit, school.Code, school.Name, school.Place, school.Level,
		school.Band.String(), school.Pupils, school.Devices, school.Side, clock.Micro(school.Changed),
		locale.Fold(school.Name+" "+school.Code), locale.SortKey(school.Name))
	schoolID := school.ID
	tx.OnCommit(func() { s.publishSide(context.WithoutCancel(ctx), schoolID) })
	return err
}

// Schools are schools in the order of their names, those that actor may see.
func (s *Service) Schools(ctx context.Context, actor authz.Actor, f SchoolFilter) ([]School, error) {
	// Whoever sees only the own school is shown that one: the scope is in SQL.
	if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", "(any)")); err != nil {
		if _, err := s.authz.Check(ctx, actor, "schools.view", ofSchool("", actor.Unit)); err != nil {
			return nil, err
		}
		if f.Unit != "" && f.Unit != actor.Unit {
			return nil, nil
		}
		f.Unit = actor.Unit
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	query := locale.Fold(f.Query)
	if query != "" {
		query = "%" + escapeLike(query) + "%"
	}
	all, err := sqldb.All(ctx, s.db.Read(), querySchools, scanSchool, query, f.Level, f.Unit, f.Place, f.After, min(limit, 1000))
	return all, wrap("schools", err)
}

// escapeLike drops the two letters that mean something to LIKE; no school has
// them in its name.
func escapeLike(s string) string {
	return string(slices.DeleteFunc([]rune(s), func(r rune) bool { return r == '%' || r == '_' || r == '\\' }))
}

// School is one school with the pupils of its bands.
func (s *Service) School(ctx context.Context, actor authz.Actor, schoolID string) (School, error) {
	return s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID)
}

// loadSchool loads a school that actor may act on; one that may not be seen is
// not found.
func (s *Service) loadSchool(ctx context.Context, q sqldb.Queryer, actor authz.Actor, action, schoolID string) (School, error) {
	school, err := sqldb.One(ctx, q, querySchool, scanSchool, schoolID)
	if err != nil {
		return school, notFound(err, "schools/no-school")
	}
	if _, err := s.authz.Check(ctx, actor, action, ofSchool(school.ID, school.Unit)); err != nil {
		return School{}, err
	}
	return school, loadBandPupils(ctx, q, &school)
}

// ofSchool is the resource for acts on one school.
func ofSchool(schoolID, unit string) authz.Resource {
	return authz.Resource{Type: "schools.school", ID: schoolID, Attrs: map[string]any{"unit": unit}}
}

func loadBandPupils(ctx context.Context, q sqldb.Queryer, school *School) error {
	type pair struct {
		band   string
		pupils int
	}
	pairs, err := sqldb.All(ctx, q, queryBandPupils, func(r sqldb.Row) (p pair, err error) {
		err = r.Scan(&p.band, &p.pupils)
		return p, err
	}, school.ID)
	school.BandPupils = map[bundle.Band]int{}
	for _, p := range pairs {
		if band, ok := bundle.ParseBand(p.band); ok {
			school.BandPupils[band] = p.pupils
		}
	}
	return err
}

func scanSchool(r sqldb.Row) (s School, err error) {
	var band string
	var changed int64
	err = r.Scan(&s.ID, &s.Unit, &s.Code, &s.Name, &s.Place, &s.Level, &band, &s.Pupils, &s.Devices, &s.Side, &changed)
	s.Band, _ = bundle.ParseBand(band)
	s.Changed = clock.FromMicro(changed)
	return s, err
}
