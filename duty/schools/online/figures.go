// SPDX-License-Identifier: Apache-2.0

package online

import (
	"context"
	"slices"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/internal/clock"
	"lachan/internal/sqldb"
)

// Indicators are this package's figures of a period, by level of school:
//
//	D01  schools that have rules on internet use, of all schools
//	D02  schools that keep to the guidance, of those that teach online: a class
//	     in the period; the guidance on lessons confirmed; and for each class of
//	     the period a checklist that was answered, without a "no", and was not
//	     overdue when the class or the period ended
//	D08  schools with digital skills in the programme, of all schools
//	D09  incidents in lessons, by kind (By "kind")
//
// D01 and D08 are what schools state. The roster is read as it is today, what
// has happened as of the period.
func (s *Service) Indicators(ctx context.Context, period duty.Period, scope schools.Scope) ([]schools.Figure, error) {
	roster, err := s.Schools.Roster(ctx, scope)
	if err != nil {
		return nil, err
	}
	stated, err := s.newestStated(ctx, "", period.To)
	if err != nil {
		return nil, err
	}
	keeps, err := s.keepsGuidance(ctx, period)
	if err != nil {
		return nil, err
	}
	incidents, err := sqldb.All(ctx, s.DB.Read(), queryIncidents, scanIncident, "", period.From.String(), period.To.String())
	if err != nil {
		return nil, wrap("figures", err)
	}
	happened := map[string][]string{}
	for _, x := range incidents {
		happened[x.School] = append(happened[x.School], x.Kind)
	}
	var all []schools.Figure
	for _, level := range schools.Levels() {
		byLevel := map[string]string{"level": level}
		rule, kept := schools.Figure{Code: "D01", By: byLevel}, schools.Figure{Code: "D02", By: byLevel}
		skills, kinds := schools.Figure{Code: "D08", By: byLevel}, map[string]int64{}
		for _, school := range roster {
			if school.Level != level {
				continue
			}
			rule.Of++
			skills.Of++
			if stated[key{school.ID, StatedRule, ""}].Value > 0 {
				rule.Value++
			}
			if x := stated[key{school.ID, StatedSkills, ""}]; x.Value > 0 && period.To.Sub(x.Day) <= holdsFor {
				skills.Value++
			}
			if good, teaches := keeps[school.ID]; teaches {
				kept.Of++
				if good {
					kept.Value++
				}
			}
			for _, kind := range happened[school.ID] {
				kinds[kind]++
			}
		}
		if rule.Of == 0 {
			continue
		}
		all = append(all, rule, kept, skills)
		for _, kind := range s.register.Incidents {
			if n := kinds[kind]; n > 0 {
				all = append(all, schools.Figure{Code: "D09", Value: n, By: map[string]string{"level": level, "kind": kind}})
			}
		}
	}
	return all, nil
}

// keepsGuidance says of each school that taught online in a period whether it
// kept to the guidance.
func (s *Service) keepsGuidance(ctx context.Context, period duty.Period) (map[string]bool, error) {
	classes, err := sqldb.All(ctx, s.DB.Read(), queryClassesIn, scanClass, period.From.String(), period.To.String())
	if err != nil {
		return nil, wrap("figures", err)
	}
	reading, err := s.readings(ctx, "", "", period.To)
	if err != nil {
		return nil, err
	}
	_, end := period.Bounds()
	checks, err := s.newestChecks(ctx, "", clock.Micro(end))
	if err != nil {
		return nil, err
	}
	keeps := map[string]bool{}
	for _, c := range classes {
		if _, known := keeps[c.School]; !known {
			keeps[c.School] = slices.ContainsFunc(reading(c.School), func(r Reading) bool { return r.Guidance.Code == LessonGuidance && r.Done() })
		}
		last := slices.MinFunc([]duty.Date{c.Last, period.To}, duty.Date.Compare)
		check := checks[c.ID]
		keeps[c.School] = keeps[c.School] && check.ID != "" && check.Gaps == 0 && !duty.DateOf(check.Due).Before(last)
	}
	return keeps, nil
}

// Figures are the totals of a period for a unit and what lies under it, by
// cell code of the indicator catalogue. A unit without schools has none.
func (s *Service) Figures(ctx context.Context, period duty.Period, unit string) (map[string]int64, error) {
	scope, err := s.Schools.ScopeOf(ctx, unit)
	if err != nil {
		return nil, err
	}
	all, err := s.Indicators(ctx, period, scope)
	if err != nil {
		return nil, err
	}
	cells := map[string]int64{}
	for _, f := range all {
		if f.Code == "D09" {
			cells["D09"] += f.Value
			continue
		}
		cells[f.Code+".tu"] += f.Value
		cells[f.Code+".mau"] += f.Of
	}
	if len(cells) > 0 {
		cells["D09"] += 0 // schools without an incident report 0
	}
	return cells, nil
}
