// SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"maps"

	"lachan/duty"
	"lachan/duty/casework"
	"lachan/duty/reporting"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
)

// CaseworkSource and SchoolsSource hand what a duty counts to reporting, by
// the codes of the one catalogue (clause 5.3).

// caseworkSource answers for a unit: the one that receives reports for the
// province answers for the whole province, any other for its own cases.
type caseworkSource struct {
	service *casework.Service
	// whole reports whether a unit answers for the province.
	whole func(unit string) bool
}

// CaseworkSource returns casework's figures for reporting.
func (f *Flow) CaseworkSource(whole func(unit string) bool) reporting.Figures {
	if f.off[CaseworkFigures] {
		return nothing{}
	}
	return caseworkSource{f.casework, whole}
}

// Figures implements reporting.Figures.
func (s caseworkSource) Figures(ctx context.Context, period duty.Period, unit string) (map[string]int64, error) {
	var units []string
	if !s.whole(unit) {
		units = []string{unit}
	}
	figures, err := s.service.Figures(ctx, period, units...)
	if err != nil {
		return nil, err
	}
	sums, parts := map[string]int64{}, map[string]int64{}
	for _, g := range figures {
		if g.Part == "" {
			sums[g.Code] += g.Value
		} else {
			parts[g.Code+" "+g.Part] += g.Value
		}
	}
	return map[string]int64{
		"E01": sums["E01"], "E03.nhan": parts["E03 cases"], "E03.xong": parts["E03 closed"],
		"E03.dung_han": parts["E03 on_time"], "E03.trung_vi_gio": parts["E03 median_hours"],
	}, nil
}

// SchoolsSource returns the schools' figures for reporting.
func (f *Flow) SchoolsSource() reporting.Figures {
	if f.off[SchoolsFigures] {
		return nothing{}
	}
	return schoolsSource{f.schools, f.online}
}

// schoolsSource answers with both halves of clause 3: the filter, and lessons
// online.
type schoolsSource struct {
	filter *schools.Service
	online *online.Service
}

// Figures implements reporting.Figures.
func (s schoolsSource) Figures(ctx context.Context, period duty.Period, unit string) (map[string]int64, error) {
	cells, err := s.filter.Figures(ctx, period, unit)
	if err != nil {
		return nil, err
	}
	more, err := s.online.Figures(ctx, period, unit)
	if err != nil {
		return nil, err
	}
	maps.Copy(cells, more)
	return cells, nil
}

// nothing stands where an arrow is switched off.
type nothing struct{}

// Figures implements reporting.Figures.
func (nothing) Figures(context.Context, duty.Period, string) (map[string]int64, error) {
	return nil, nil
}
