// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"fmt"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/org"
)

// sample is one school of the data file.
type sample struct {
	Key     string   `json:"key"`
	Name    string   `json:"name"`
	Code    string   `json:"code"`
	Level   string   `json:"level"`
	Commune string   `json:"commune"` // key of the pack
	Pupils  int      `json:"pupils"`
	Devices int      `json:"devices"`
	Network string   `json:"network"`
	Classes []string `json:"classes"`
}

// schoolDay is the first day of the school year in which the province has its
// communes of today.
const schoolDay org.Day = "2025-08-01"

// addSchools puts schools and their classes into the organisation. Schools lie
// in a commune and stand in the line of the department of education.
func (i *instance) addSchools(ctx context.Context, list []sample) error {
	pack := org.Pack{Key: "mau"}
	for _, s := range list {
		level := s.Level
		if level == "mixed" {
			level = org.SchoolPrimary // org knows one level; schools knows both
		}
		pack.Units = append(pack.Units, org.UnitSpec{
			Key: s.Key, Name: s.Name, Code: s.Code, Kind: org.KindSchool, Level: org.LevelSchool, School: level,
			Parent: s.Commune, Line: "qni/so/gddt", From: schoolDay,
		})
		for n, class := range s.Classes {
			pack.Units = append(pack.Units, org.UnitSpec{
				Key: fmt.Sprintf("%s/%d", s.Key, n+1), Name: class, Kind: org.KindClass, Level: org.LevelClass, School: level, Parent: s.Key, From: schoolDay,
			})
		}
	}
	if err := i.hub.Org.AddPack(ctx, authz.System("demo"), pack); err != nil {
		return err
	}
	_, err := i.hub.Org.Refresh(ctx)
	return err
}

// filterSchools makes the schools known to the filter, each with its network.
func (i *instance) filterSchools(ctx context.Context, actor authz.Actor, list []sample) ([]schools.School, error) {
	var all []schools.School
	for _, s := range list {
		unit, err := i.hub.Org.ByKey(s.Key)
		if err != nil {
			return nil, err
		}
		one, err := i.hub.Schools.SaveSchool(ctx, actor, schools.SchoolCommand{
			Unit: unit.ID, Code: s.Code, Name: s.Name, Place: unit.Parent, Level: s.Level, Pupils: s.Pupils, Devices: s.Devices,
		})
		if err != nil {
			return nil, err
		}
		if _, _, err := i.hub.Schools.SaveNetwork(ctx, actor, schools.NetworkCommand{School: one.ID, Prefix: s.Network, Band: one.Band.String()}); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}
