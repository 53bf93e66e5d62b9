// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/id"
)

// lessons is what the sample schools teach online; schools go by their place
// in the list of schools.
type lessons struct {
	Schools []struct {
		School    int      `json:"school"`
		Rule      string   `json:"rule"`
		Staff     [2]int   `json:"staff"`
		Skills    string   `json:"skills"`
		Teachers  [2]int   `json:"teachers"`
		Read      []string `json:"read"` // guidance that its teachers have confirmed
		Platforms []string `json:"platforms"`
		Classes   []struct {
			Title  string `json:"title"`
			Grade  int    `json:"grade"`
			Pupils int    `json:"pupils"`
		} `json:"classes"`
		Gap string `json:"gap"` // an item that is not done; "-": no checklist is answered
	} `json:"schools"`
	Incidents []struct {
		Kind string `json:"kind"`
		Ago  int    `json:"ago"` // days
	} `json:"incidents"`
	Models []struct {
		Title      string   `json:"title"`
		Design     string   `json:"design"`
		Criteria   []string `json:"criteria"`
		Pilots     []int    `json:"pilots"`
		Results    []string `json:"results"`
		Notes      []string `json:"notes"`
		Conclusion string   `json:"conclusion"`
		Adopters   []int    `json:"adopters"`
	} `json:"models"`
}

// teachOnline puts lessons online among the moments: schools set up first, the
// models follow their course.
func (i *instance) teachOnline(p *past, s *staff, all *[]schools.School, now time.Time) error {
	var l lessons
	if err := readData("online.json", &l); err != nil {
		return err
	}
	lead, it := s.byPost["lead"].actor(), s.byPost["it"].actor()
	p.at(now.AddDate(0, 0, -20), "lessons online", func(ctx context.Context) error {
		return i.setUpLessons(ctx, lead, it, l, *all)
	})
	ids := make([]string, len(l.Models))
	days := []int{-20, -19, -3, -2, -1}
	for step, ago := range days {
		p.at(now.AddDate(0, 0, ago).Add(time.Hour), "models", func(ctx context.Context) error {
			for n := range l.Models {
				if err := i.modelStep(ctx, lead, l, n, step, ids, *all); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return nil
}

func (i *instance) setUpLessons(ctx context.Context, lead, it authz.Actor, l lessons, all []schools.School) error {
	o, today := i.hub.Online, duty.DateOf(i.clock.Now())
	for _, x := range l.Schools {
		school := all[x.School].ID
		states := []online.StateCommand{
			{What: online.StatedRule, Ref: x.Rule, Value: 1},
			{What: online.StatedSkills, Ref: x.Skills, Value: 1},
			{What: online.StatedStaff, Value: x.Staff[0], Total: x.Staff[1]},
		}
		for _, code := range x.Read {
			states = append(states, online.StateCommand{What: online.StatedGuidance, Ref: code + "/1", Value: x.Teachers[0], Total: x.Teachers[1]})
		}
		for _, st := range states {
			if st.Ref == "" && st.Total == 0 {
				continue // nothing is stated
			}
			st.School, st.Day = school, today.AddDays(-30)
			if err := o.State(ctx, lead, st); err != nil {
				return err
			}
		}
		subjects := map[string]string{} // ids of platforms and classes, with the kind of their checklist
		for _, platform := range x.Platforms {
			u, err := o.TakeUse(ctx, lead, online.UseCommand{School: school, Platform: platform})
			if err != nil {
				return err
			}
			subjects[u.ID] = online.UseCheck
		}
		running, err := o.Uses(ctx, lead, school)
		if err != nil {
			return err
		}
		for _, c := range x.Classes {
			who := lead
			if x.School == 0 {
				who = it
			}
			class, err := o.OpenClass(ctx, who, online.ClassCommand{
				School: school, Title: c.Title, Grade: c.Grade, Use: running[0].ID, Pupils: c.Pupils, First: today, Last: today.AddDays(150),
			})
			if err != nil {
				return err
			}
			subjects[class.ID] = online.ClassCheck
		}
		if err := i.answerChecks(ctx, lead, school, x.Gap, subjects); err != nil {
			return err
		}
	}
	for _, x := range l.Incidents {
		err := o.CountIncident(ctx, it, online.IncidentCommand{ID: id.New(), School: all[0].ID, Kind: x.Kind, Day: today.AddDays(-x.Ago)})
		if err != nil {
			return err
		}
	}
	return o.Acknowledge(ctx, it, all[0].ID, online.LessonGuidance, 1)
}

// answerChecks answers the checklists of a school's classes and platforms. One
// platform stays unanswered, so that the school has a next step.
func (i *instance) answerChecks(ctx context.Context, who authz.Actor, school, gap string, subjects map[string]string) error {
	left := false
	for subject, kind := range subjects {
		if gap == "-" || kind == online.UseCheck && !left && gap != "" {
			left = true
			continue
		}
		list, _ := i.hub.Online.Register().Checklist(kind)
		answers := map[string]string{}
		for _, item := range list.Items {
			answers[item] = online.Yes
			if item == gap {
				answers[item] = online.No
			}
		}
		if _, err := i.hub.Online.AnswerCheck(ctx, who, online.CheckCommand{School: school, Kind: kind, Subject: subject, Answers: answers}); err != nil {
			return err
		}
	}
	return nil
}

// modelStep takes one model through one of its five steps; a model without
// results stays in its pilot.
func (i *instance) modelStep(ctx context.Context, who authz.Actor, l lessons, n, step int, ids []string, all []schools.School) error {
	o, x := i.hub.Online, l.Models[n]
	join := func(places []int) error {
		for _, place := range places {
			if err := o.JoinModel(ctx, who, online.MemberCommand{Model: ids[n], School: all[place].ID}); err != nil {
				return err
			}
		}
		return nil
	}
	if step >= 2 && len(x.Results) == 0 {
		return nil
	}
	switch step {
	case 0:
		m, err := o.SaveModel(ctx, who, online.ModelCommand{Title: x.Title, Design: x.Design, Criteria: x.Criteria})
		if err != nil {
			return err
		}
		ids[n] = m.ID
		return join(x.Pilots)
	case 1:
		return o.MoveModel(ctx, who, ids[n], online.Pilot)
	case 2:
		return o.EvaluateModel(ctx, who, online.EvaluateCommand{Model: ids[n], Results: x.Results, Notes: x.Notes, Conclusion: x.Conclusion})
	case 3:
		return o.MoveModel(ctx, who, ids[n], online.Evaluated)
	}
	if err := o.MoveModel(ctx, who, ids[n], online.Spread); err != nil {
		return err
	}
	return join(x.Adopters)
}
