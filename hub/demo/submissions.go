// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"lachan/duty/reporting"
	"lachan/hub"
	"lachan/internal/authz"
	"lachan/internal/identity"
)

// clerk is a unit that reports, by its focal person.
type clerk struct {
	unit  string
	actor authz.Actor
}

// clerks invites a focal person in each of n units that report: every one of
// the province's agencies at first, then communes. They hold a card and have
// not used it; nobody logs in as them.
func (i *instance) clerks(ctx context.Context, s *staff, n int) ([]clerk, error) {
	plan, err := i.hub.Reporting.Preview(ctx, s.byPost["lead"].actor(), hub.Directive, i.year())
	if err != nil {
		return nil, err
	}
	story, err := newStory(n)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{s.byPost["duty1"].Unit: true, s.byPost["police1"].Unit: true, s.byPost["education"].Unit: true}
	var all []clerk
	for _, u := range plan.Expected() {
		if len(all) == n {
			break
		}
		if taken[u.ID] {
			continue // theirs is left for whoever tries the demo
		}
		roles := []string{authz.Focal}
		card, err := i.hub.Identity.Invite(ctx, s.all[0].actor(), identity.NewPerson{
			Name: story.Names[len(all)], Login: fmt.Sprintf("donvi%02d", len(all)+1), Unit: u.ID, Roles: roles,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, clerk{u.ID, authz.Actor{Person: card.Person, Unit: u.ID, Roles: roles}})
	}
	return all, nil
}

// fill saves figures for a unit's whole form: plausible, and the same for a
// unit each time, so that two years can be compared. only stops after so many
// indicators; 0 is all.
func (i *instance) fill(ctx context.Context, c clerk, year, only int) error {
	v, err := i.hub.Reporting.OpenForm(ctx, c.actor, hub.Directive, c.unit, year)
	if err != nil {
		return err
	}
	values := map[string]int64{}
	cmd := reporting.SaveDraft{Directive: hub.Directive, Unit: c.unit, Year: year}
	n := 0
	for _, section := range v.Sections {
		for _, one := range section.Indicators {
			if n++; only > 0 && n > only {
				break
			}
			for at, cell := range one.Cells {
				code := cell.Cell.Code
				if cell.Locked {
					values[code] = cell.Value
					continue
				}
				value := figure(code, c.unit, year)
				if cell.Cell.Total >= 0 {
					value = share(v.Form, one.Cells, at, values)
				}
				values[code] = value
				was := reporting.FormatCell(cell.Value, cell.State != reporting.Missing)
				cmd.Cells = append(cmd.Cells, reporting.CellEdit{Code: code, Text: strconv.FormatInt(value, 10), Was: was})
			}
		}
	}
	_, err = i.hub.Reporting.SaveDraft(ctx, c.actor, cmd)
	return err
}

// figure is a plausible total. What counts children who were harmed is zero:
// the demo invents no harm.
func figure(code, unit string, year int) int64 {
	indicator, measure, _ := strings.Cut(code, ".")
	h := fnv.New32a()
	h.Write([]byte(indicator + unit))
	base := int64(h.Sum32()%30) + 20
	switch {
	case strings.HasPrefix(indicator, "E") || indicator == "X06" || indicator == "X07" || indicator == "X08":
		return 0
	case measure == "mau":
		return base
	case measure == "tu":
		return base * int64(7+year%3) / 10
	case indicator == "A01" || indicator == "A03" || indicator == "C01" || indicator == "B18":
		return base/8 + int64(year%3)
	case indicator == "B03" || indicator == "B04" || measure == "tiep_can":
		return base*37 + int64(year%7)*11
	default:
		return base + int64(year%4)
	}
}

// share is a part of its total: all parts along one dimension add up to it.
func share(form *reporting.Form, cells []reporting.CellView, at int, values map[string]int64) int64 {
	cell := cells[at].Cell
	total := values[form.Cells[cell.Total].Code]
	if cell.Beside {
		return total / 10
	}
	parts, before := int64(0), int64(0)
	for i, other := range cells {
		if o := other.Cell; o.Total == cell.Total && o.Dim == cell.Dim && !o.Beside {
			parts++
			if i < at {
				before++
			}
		}
	}
	if before == parts-1 { // the last takes what is left
		return total - total/parts*before
	}
	return total / parts
}

// send fills a unit's form and sends it.
func (i *instance) send(ctx context.Context, c clerk, year int) (reporting.Submission, error) {
	if err := i.fill(ctx, c, year, 0); err != nil {
		return reporting.Submission{}, err
	}
	return i.hub.Reporting.Submit(ctx, c.actor, hub.Directive, c.unit, year)
}

// lastYear lets all clerks report in the days before the due; two are late.
func (i *instance) lastYear(p *past, lead authz.Actor, all []clerk, year int, due time.Time) {
	for n, c := range all {
		at := due.Add(-time.Duration(4*(len(all)-n)) * time.Hour)
		if n >= len(all)-2 {
			at = due.Add(time.Duration(20+n) * time.Hour)
		}
		p.at(at, "last year's report", func(ctx context.Context) error {
			sub, err := i.send(ctx, c, year)
			if err != nil {
				return err
			}
			_, err = i.hub.Reporting.Accept(ctx, lead, sub.ID)
			return err
		})
	}
}

// thisYear leaves the reports in all their states.
func (i *instance) thisYear(p *past, lead authz.Actor, all []clerk, year int, now time.Time, why string) {
	for n, c := range all {
		at := now.Add(-time.Duration(3*(len(all)-n)) * time.Hour)
		p.at(at, "this year's report", func(ctx context.Context) error {
			switch n % 5 {
			case 4: // nothing yet
				return nil
			case 3: // begun
				return i.fill(ctx, c, year, 9)
			}
			sub, err := i.send(ctx, c, year)
			switch {
			case err != nil:
				return err
			case n%10 == 7:
				_, err = i.hub.Reporting.Return(ctx, lead, reporting.Return{Submission: sub.ID, Reasons: map[string]string{"A01": why}})
			case n%5 != 2:
				_, err = i.hub.Reporting.Accept(ctx, lead, sub.ID)
			}
			return err
		})
	}
}
