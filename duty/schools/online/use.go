// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Use is a platform that a school works with.
type Use struct {
	ID, School string
	Platform   string // code of the register
	Name       string // of one that the register does not name
	Since      time.Time
	Ended      time.Time // zero: in use
}

// Called is the platform's name.
func (u Use) Called(r Register) string {
	if p, ok := r.Platform(u.Platform); ok && p.Name != "" {
		return p.Name
	}
	return u.Name
}

// UseCommand takes a platform into use.
type UseCommand struct {
	School   string
	Platform string // code of the register
	Name     string // 2 to 80 characters, for Other only
}

// maxUses is how many platforms a school may have; more is not taught on but
// collected.
const maxUses = 20

const useColumns = `id, school, platform, name, since, ended`

var (
	queryUses = sqldb.Register("schools.online_uses", `
		SELECT `+useColumns+` FROM schools_online_use WHERE (CAST($1 AS TEXT) = '' OR school = $1) AND ended = 0 ORDER BY school, since, id`)
	queryUsePut = sqldb.Register("schools.online_use_put", `INSERT INTO schools_online_use (`+useColumns+`) VALUES ($1, $2, $3, $4, $5, 0)`)
	queryUseEnd = sqldb.Register("schools.online_use_end", `UPDATE schools_online_use SET ended = $3 WHERE id = $1 AND school = $2 AND ended = 0`)
)

// Uses are the platforms that a school works with now.
func (s *Service) Uses(ctx context.Context, actor authz.Actor, schoolID string) ([]Use, error) {
	if _, err := s.Schools.School(ctx, actor, schoolID); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.DB.Read(), queryUses, scanUse, schoolID)
	return all, wrap("uses", err)
}

// TakeUse says that a school works with a platform from now on.
func (s *Service) TakeUse(ctx context.Context, actor authz.Actor, cmd UseCommand) (Use, error) {
	p := problem.New("input/faulty")
	if _, ok := s.register.Platform(cmd.Platform); !ok {
		p.Field("platform", "input/not-a-choice")
	}
	if cmd.Platform != Other {
		cmd.Name = ""
	}
	needText(p, "platform_name", &cmd.Name, 80, cmd.Platform == Other)
	if err := p.OrNil(); err != nil {
		return Use{}, err
	}
	u := Use{ID: id.New(), School: cmd.School, Platform: cmd.Platform, Name: cmd.Name, Since: s.Clock.Now()}
	err := s.onSchool(ctx, actor, act{"schools.online_edit", "schools.platform_taken", cmd.School, cmd}, func(ctx context.Context, tx *sqldb.Tx, _ schools.School) error {
		have, err := sqldb.All(ctx, tx, queryUses, scanUse, cmd.School)
		if err != nil {
			return err
		}
		for _, h := range have {
			if h.Platform == u.Platform && h.Name == u.Name {
				return problem.New("schools/platform-known")
			}
		}
		if len(have) >= maxUses {
			return problem.New("schools/too-many-platforms", "max", maxUses)
		}
		_, err = sqldb.Exec(ctx, tx, queryUsePut, u.ID, u.School, u.Platform, u.Name, clock.Micro(u.Since))
		return err
	})
	return u, err
}

// EndUse says that a school does not work with a platform any more. A class
// that still runs on it must end first.
func (s *Service) EndUse(ctx context.Context, actor authz.Actor, schoolID, useID string) error {
	return s.onSchool(ctx, actor, act{"schools.online_edit", "schools.platform_ended", schoolID, map[string]string{"use": useID}}, func(ctx context.Context, tx *sqldb.Tx, _ schools.School) error {
		running, err := sqldb.All(ctx, tx, queryClasses, scanClass, schoolID, s.today().String())
		if err != nil {
			return err
		}
		for _, c := range running {
			if c.Use == useID {
				return problem.New("schools/platform-has-classes", "class", c.Title)
			}
		}
		n, err := sqldb.Exec(ctx, tx, queryUseEnd, useID, schoolID, s.now())
		if err == nil && n == 0 {
			err = problem.New("schools/no-platform")
		}
		return err
	})
}

func scanUse(r sqldb.Row) (u Use, err error) {
	var since, ended int64
	err = r.Scan(&u.ID, &u.School, &u.Platform, &u.Name, &since, &ended)
	u.Since, u.Ended = clock.FromMicro(since), clock.FromMicro(ended)
	return u, err
}
