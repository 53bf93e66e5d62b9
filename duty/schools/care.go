// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"errors"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// A school names one person who is told, with care, when more of its devices
// meet refusals in a category that asks for care (Category.Care): that it
// happens, never where or whose. The counsellor can then speak to all classes.
// Who looks for a single pupil harms the one who wanted not to be found; so one
// week alone says nothing, nothing is said of bands, hours or numbers, and a
// school hears of it once a week at most.

const (
	// careWeeks is in how many different weeks at least five devices must have
	// met a refusal.
	careWeeks = 2
	// careWithin is how many weeks before the last full one count beside it.
	careWithin = 4
	week       = 7 * 24 * time.Hour
)

// CareNotice tells a counsellor of a rise.
type CareNotice struct {
	School string // id
	Week   time.Time
	Made   time.Time
	Seen   time.Time // zero: not yet
}

var (
	queryCounsellor     = sqldb.Register("schools.counsellor", `SELECT person FROM schools_counsellor WHERE school = $1`)
	queryCounsellorSave = sqldb.Register("schools.counsellor_save", `
		INSERT INTO schools_counsellor (school, person, named_by, named) VALUES ($1, $2, $3, $4)
		ON CONFLICT (school) DO UPDATE SET person = excluded.person, named_by = excluded.named_by, named = excluded.named`)
	queryCounsellorDrop = sqldb.Register("schools.counsellor_drop", `DELETE FROM schools_counsellor WHERE school = $1`)
	queryCounsellors    = sqldb.Register("schools.counsellors", `SELECT school, person FROM schools_counsellor ORDER BY school`)
	queryCareCells      = sqldb.Register("schools.care_cells", `
		SELECT start FROM schools_count WHERE school = $1 AND category = $2 AND start >= $3 AND start < $4 AND devices >= $5 ORDER BY start`)
	queryCareMade = sqldb.Register("schools.care_made", `SELECT COUNT(*) FROM schools_care_notice WHERE school = $1 AND made >= $2`)
	queryCarePut  = sqldb.Register("schools.care_put", `
		INSERT INTO schools_care_notice (school, week, person, made, seen) VALUES ($1, $2, $3, $4, 0) ON CONFLICT (school, week) DO NOTHING`)
	queryCareOf = sqldb.Register("schools.care_of", `
		SELECT n.school, n.week, n.made, n.seen FROM schools_care_notice n JOIN schools_counsellor c ON c.school = n.school AND c.person = n.person
		WHERE n.person = $1 AND n.week >= $2 ORDER BY n.week DESC, n.school`)
	queryCareSeen = sqldb.Register("schools.care_seen", `
		UPDATE schools_care_notice SET seen = $4 WHERE school = $1 AND week = $2 AND person = $3 AND seen = 0`)
)

// NameCounsellor says who in a school is told; person is the id of an account,
// "" for nobody. The caller has made sure that the account is the school's.
func (s *Service) NameCounsellor(ctx context.Context, actor authz.Actor, schoolID, person string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		school, err := sqldb.One(ctx, tx, querySchool, scanSchool, schoolID)
		if err != nil {
			return notFound(err, "schools/no-school")
		}
		permit, err := s.authz.Check(ctx, actor, "schools.edit", ofSchool(school.ID, school.Unit))
		if err != nil {
			return err
		}
		if person == "" {
			_, err = sqldb.Exec(ctx, tx, queryCounsellorDrop, school.ID)
		} else {
			_, err = sqldb.Exec(ctx, tx, queryCounsellorSave, school.ID, person, actor.Name(), s.now())
		}
		if err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.counsellor_named", actor: actor.Name(), object: school.ID, permit: permit, details: map[string]string{"person": person},
		})
	})
}

// Counsellor is who is told in a school; "" for nobody.
func (s *Service) Counsellor(ctx context.Context, actor authz.Actor, schoolID string) (string, error) {
	if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID); err != nil {
		return "", err
	}
	person, err := sqldb.One(ctx, s.db.Read(), queryCounsellor, sqldb.Scalar[string], schoolID)
	if errors.Is(err, sqldb.ErrNoRows) {
		return "", nil
	}
	return person, wrap("counsellor", err)
}

// TellCounsellors gives the notices that are due; safe to run as often as one
// likes. A school without a counsellor is told nothing: the count stays a count.
func (s *Service) TellCounsellors(ctx context.Context) (told int, err error) {
	type named struct{ school, person string }
	all, err := sqldb.All(ctx, s.db.Read(), queryCounsellors, func(r sqldb.Row) (n named, err error) {
		err = r.Scan(&n.school, &n.person)
		return n, err
	})
	if err != nil {
		return 0, wrap("tell counsellors", err)
	}
	monday := WeekSpan.start(s.clock.Now())
	last := monday.Add(-week)
	for _, n := range all {
		rose, err := s.rose(ctx, n.school, last)
		if err != nil {
			return told, wrap("tell counsellors", err)
		}
		if !rose {
			continue
		}
		err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			this, err := sqldb.One(ctx, tx, queryCareMade, sqldb.Scalar[int], n.school, clock.Micro(monday))
			if err != nil || this > 0 {
				return err
			}
			fresh, err := sqldb.Exec(ctx, tx, queryCarePut, n.school, clock.Micro(last), n.person, s.now())
			if err != nil || fresh == 0 {
				return err
			}
			told++
			return s.record(ctx, tx, step{kind: "schools.care_told", actor: authz.System("schools.care").Name(), object: n.school, details: map[string]string{"person": n.person}})
		})
		if err != nil {
			return told, wrap("tell counsellors", err)
		}
	}
	return told, nil
}

// rose reports whether at least five devices met a refusal that asks for care
// in the week of last and in another of the weeks before it.
func (s *Service) rose(ctx context.Context, school string, last time.Time) (bool, error) {
	for _, k := range s.catalogue.Categories {
		if !k.Care {
			continue
		}
		starts, err := sqldb.All(ctx, s.db.Read(), queryCareCells, sqldb.Scalar[int64], school, k.Code,
			clock.Micro(last.Add(-careWithin*week)), clock.Micro(last.Add(week)), LeastDevices)
		if err != nil {
			return false, err
		}
		weeks := map[int64]bool{}
		for _, at := range starts {
			weeks[clock.Micro(WeekSpan.start(clock.FromMicro(at)))] = true
		}
		if weeks[clock.Micro(last)] && len(weeks) >= careWeeks {
			return true, nil
		}
	}
	return false, nil
}

// CareNotices are what an actor was told of the last weeks, as the one who is
// still named; schools/no-notice for everybody else.
func (s *Service) CareNotices(ctx context.Context, actor authz.Actor) ([]CareNotice, error) {
	since := WeekSpan.start(s.clock.Now()).Add(-(careWithin + 1) * week)
	all, err := sqldb.All(ctx, s.db.Read(), queryCareOf, func(r sqldb.Row) (n CareNotice, err error) {
		var at, made, seen int64
		err = r.Scan(&n.School, &at, &made, &seen)
		n.Week, n.Made, n.Seen = clock.FromMicro(at), clock.FromMicro(made), clock.FromMicro(seen)
		return n, err
	}, actor.Person, clock.Micro(since))
	if err != nil {
		return nil, wrap("care notices", err)
	}
	if actor.Person == "" || len(all) == 0 {
		return nil, problem.New("schools/no-notice")
	}
	return all, nil
}

// SeeCareNotice notes that the counsellor has read a notice.
func (s *Service) SeeCareNotice(ctx context.Context, actor authz.Actor, schoolID string, of time.Time) error {
	all, err := s.CareNotices(ctx, actor)
	if err != nil {
		return err
	}
	for _, n := range all {
		if n.School == schoolID && n.Week.Equal(of) {
			return s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
				_, err := sqldb.Exec(ctx, tx, queryCareSeen, schoolID, clock.Micro(of), actor.Person, s.now())
				return err
			})
		}
	}
	return problem.New("schools/no-notice")
}

// SchoolName is the name of a school, for a counsellor who may see nothing else
// of the filter.
func (s *Service) SchoolName(ctx context.Context, actor authz.Actor, schoolID string) (string, error) {
	all, err := s.CareNotices(ctx, actor)
	if err != nil {
		return "", err
	}
	for _, n := range all {
		if n.School == schoolID {
			school, err := sqldb.One(ctx, s.db.Read(), querySchool, scanSchool, schoolID)
			return school.Name, notFound(err, "schools/no-school")
		}
	}
	return "", problem.New("schools/no-notice")
}
