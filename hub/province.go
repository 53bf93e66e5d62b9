// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"lachan/directives"
	"lachan/duty"
	"lachan/duty/casework"
	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/config"
	"lachan/internal/problem"
	"lachan/org"
)

// The functions of the directive that the assembly itself asks for
// (directives/4569.yaml).
const (
	functionIntake    = "tiep_nhan_phan_anh" // receives reports for the province
	functionPolice    = "cong_an_tinh"
	functionEducation = "qlnn_giao_duc"
	functionLead      = "dau_moi_tong_hop"
	functionReview    = "ra_soat_xu_ly" // looks through what is public
)

// Directive is the id of the directive that this installation carries out.
const Directive = "qni-2024-4569"

// loadProvince: the pack of the province, into an empty organisation; from
// then on units are changed by their own acts. The directive is read at each
// start and changes nothing if its text is the same.
func (h *Hub) loadProvince(ctx context.Context) error {
	if h.cfg.Province.Pack != "quangngai" {
		return problem.New("hub/unknown-pack", "name", h.cfg.Province.Pack)
	}
	pack, err := org.QuangNgai()
	if err != nil {
		return err
	}
	if _, err := h.Org.Refresh(ctx); err != nil {
		return err
	}
	actor := authz.System("hub.start")
	if h.Org.At(h.Org.Today()).Len() == 0 {
		if err := h.Org.AddPack(ctx, actor, pack); err != nil {
			return err
		}
	}
	if err := h.Reporting.Refresh(ctx); err != nil {
		return err
	}
	if _, err := h.Reporting.LoadDirective(ctx, actor, directives.Dispatch4569); err != nil {
		return err
	}
	return h.Reporting.Refresh(ctx)
}

func (h *Hub) tree(at time.Time) *org.Tree { return h.Org.At(org.DayOf(at)) }

// holder is the unit that holds a function, "" for none.
func (h *Hub) holder(function string, at time.Time) string {
	held, ok := h.tree(at).Holder(function)
	if !ok {
		return ""
	}
	return held.Unit
}

// answersForProvince reports whether a unit's report counts the reports of
// the whole province.
func (h *Hub) answersForProvince(unit string) bool {
	return unit != "" && unit == h.holder(functionIntake, h.clock.Now())
}

// standIn is the unit that stands in for another's key: the one above it,
// else the lead department, else the police.
func (h *Hub) standIn(unit string) string {
	now := h.clock.Now()
	for _, other := range []string{h.holder(functionLead, now), h.holder(functionPolice, now)} {
		if other != "" && other != unit {
			return other
		}
	}
	return ""
}

// reach says which schools lie under a unit.
func (h *Hub) reach(_ context.Context, unit string) (schools.Scope, error) {
	now := h.clock.Now()
	if unit == h.holder(functionEducation, now) || unit == h.holder(functionLead, now) {
		return schools.Scope{}, nil // the whole province
	}
	scope := schools.Scope{Units: []string{unit}, Places: []string{unit}}
	for _, u := range h.tree(now).Descendants(unit) {
		scope.Places = append(scope.Places, u.ID)
	}
	return scope, nil
}

// units is what casework asks of the organisation.
type units struct{ h *Hub }

var _ casework.Units = units{}

// DutyUnit implements casework.Units.
func (u units) DutyUnit(_ context.Context, at time.Time) (string, error) {
	id := u.h.holder(functionIntake, at)
	if id == "" {
		return "", problem.New("hub/no-duty-unit")
	}
	return id, nil
}

// Above implements casework.Units: the unit one level up, or the provincial
// police for a department, so that a case about somebody there has a place to
// go.
func (u units) Above(_ context.Context, unit string, at time.Time) (string, error) {
	path := u.h.tree(at).Path(unit)
	if len(path) > 2 {
		return path[len(path)-2].ID, nil
	}
	if police := u.h.holder(functionPolice, at); police != unit {
		return police, nil
	}
	return "", nil
}

// EmergencyRecipients implements casework.Units: the commune (People's
// Committee) and its police; the provincial police where the place is unknown.
func (u units) EmergencyRecipients(_ context.Context, place string, at time.Time) ([]string, error) {
	tree, police := u.h.tree(at), u.h.holder(functionPolice, at)
	commune, ok := tree.Unit(place)
	if !ok {
		if police == "" {
			return nil, nil
		}
		return []string{police}, nil
	}
	to := []string{commune.ID}
	for _, below := range slices.Concat(tree.Children(commune.ID), tree.Staff(commune.ID)) {
		if below.Kind == org.KindPolice {
			to = append(to, below.ID)
		}
	}
	if len(to) == 1 && police != "" {
		to = append(to, police)
	}
	return to, nil
}

// workingDays is org's calendar for the clocks of a case.
type workingDays struct{ org *org.Service }

// IsWorkingDay implements duty.WorkingDays.
func (w workingDays) IsWorkingDay(d duty.Date) bool {
	return w.org.Calendar().IsWorking(org.Day(d.String()))
}

// names weighs a domain for casework.
type names struct{ schools *schools.Service }

// Assess implements casework.Names.
func (n names) Assess(ctx context.Context, domain string) (casework.Assessment, error) {
	a, err := n.schools.Weigh(ctx, domain)
	if err != nil {
		return casework.Assessment{}, err
	}
	risk := ""
	if len(a.Concerns) > 0 {
		risk = string(a.Concerns[0])
	}
	return casework.Assessment{NeedsSecond: a.NeedsSecond(), TakedownFirst: a.TakedownFirst(), NeverBlock: a.NeverBlock, Risk: risk}, nil
}

// ownHosts are the names that no school may ever refuse because they are ours.
func ownHosts(cfg config.Hub) []string {
	u, err := url.Parse(cfg.BaseURL())
	if err != nil || u.Hostname() == "" || u.Hostname() == "localhost" {
		return nil
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil // an address is no name
	}
	return []string{u.Hostname()}
}
