// SPDX-License-Identifier: Apache-2.0

package org

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"unicode"
	"unicode/utf8"

	"lachan/internal/locale"
)

// packBuilder turns a pack's compact tables into units, links and holders.
type packBuilder struct {
	files  fs.FS
	folder string
	pack   Pack
	at     map[string]int // key → index in pack.Units
}

func (b *packBuilder) add(u UnitSpec) {
	b.at[u.Key] = len(b.pack.Units)
	b.pack.Units = append(b.pack.Units, u)
}

// roster reads one table of communes (and districts) that hold on the same
// days. Without a parent column a unit lies directly under the province.
func (b *packBuilder) roster(r rosterRow) error {
	name := path.Join(b.folder, r.File)
	rows, err := readCSV(b.files, name, "code", "parent", "form", "name")
	flat := false
	if err != nil {
		if rows, err = readCSV(b.files, name, "code", "form", "name"); err != nil {
			return err
		}
		flat = true
	}
	for _, row := range rows {
		u := UnitSpec{
			Key: r.Key + "/" + row[0], Code: row[0], Kind: KindCommittee, Parent: r.Province,
			From: r.From, To: r.To, Verified: r.Verified,
		}
		if flat {
			u.Form, u.Name = row[1], locale.Normalize(row[2])
		} else {
			u.Form, u.Name = row[2], locale.Normalize(row[3])
			if row[1] != "" {
				u.Parent = r.Key + "/" + row[1]
			}
		}
		u.Level = levelOf(u.Form)
		b.add(u)
	}
	return nil
}

func (b *packBuilder) change(r changeRow) error {
	i, ok := b.at[r.Unit]
	if !ok {
		return fmt.Errorf("org: %s: change of unknown unit %q", b.folder, r.Unit)
	}
	if r.To != "" {
		b.pack.Units[i].To = r.To
	}
	if r.At != "" {
		b.pack.Units[i].Changes = append(b.pack.Units[i].Changes, ChangeSpec{At: r.At, Name: locale.Normalize(r.Name), Form: r.Form})
	}
	return nil
}

// police gives each district and commune of the province its police unit, on
// the days of the place itself: three levels until districtsTo, then two.
func (b *packBuilder) police(r policeRow, province string) {
	for _, place := range slices.Clone(b.pack.Units) {
		if place.Kind != KindCommittee || place.Level == LevelProvince || b.root(place.Key) != province {
			continue
		}
		u := UnitSpec{
			Key: place.Key + "/ca", Name: r.Name + " " + lowerFirst(place.Name), Kind: KindPolice, Level: place.Level,
			Parent: place.Key, Line: r.Under, From: place.From, To: place.To, Verified: r.Verified,
		}
		if u.Level == LevelDistrict {
			u.To = r.DistrictsTo
		}
		for _, c := range place.Changes {
			u.Changes = append(u.Changes, ChangeSpec{At: c.At, Name: r.Name + " " + lowerFirst(c.Name)})
		}
		b.add(u)
	}
}

func (b *packBuilder) root(key string) string {
	for {
		i, ok := b.at[key]
		if !ok || b.pack.Units[i].Parent == "" {
			return key
		}
		key = b.pack.Units[i].Parent
	}
}

func (b *packBuilder) event(r eventRow) error {
	e := EventSpec{Key: r.Key, Day: r.Day, Basis: r.Basis}
	for _, l := range r.Links {
		e.Links = append(e.Links, LinkSpec{l.From, l.To, l.Mode == "whole", l.Type, l.Verified})
	}
	if r.File != "" {
		name := path.Join(b.folder, r.File)
		rows, err := readCSV(b.files, name, "old", "new", "mode")
		if err != nil {
			return err
		}
		for i, row := range rows {
			from, ok := b.aliveBefore(r.Day, row[0], r.OldKeys)
			if !ok {
				return fmt.Errorf("org: %s: line %d: no unit had the code %s before %s", name, i+2, row[0], r.Day)
			}
			l := LinkSpec{From: from, To: r.NewKey + "/" + row[1], Whole: row[2] == "whole", Type: "merged", Verified: r.Verified}
			if !l.Whole {
				l.Type = "split"
			}
			e.Links = append(e.Links, l)
		}
	}
	b.pack.Events = append(b.pack.Events, e)
	return nil
}

// aliveBefore finds the unit that had a code on the eve of day: a code alone
// would also name its predecessor.
func (b *packBuilder) aliveBefore(day Day, code string, rosters []string) (string, bool) {
	for _, r := range rosters {
		if i, ok := b.at[r+"/"+code]; ok {
			if u := b.pack.Units[i]; span(u.From, u.To).Has(day.Add(-1)) {
				return u.Key, true
			}
		}
	}
	return "", false
}

// check finds keys given twice and names that nothing has.
func (b *packBuilder) check() error {
	var errs []error
	if len(b.at) != len(b.pack.Units) {
		errs = append(errs, fmt.Errorf("org: %s: %d keys for %d units", b.folder, len(b.at), len(b.pack.Units)))
	}
	known := func(what, key string) {
		if _, ok := b.at[key]; key != "" && !ok {
			errs = append(errs, fmt.Errorf("org: %s: %s names unknown unit %q", b.folder, what, key))
		}
	}
	for _, u := range b.pack.Units {
		known(u.Key, u.Parent)
		known(u.Key, u.Line)
	}
	for _, e := range b.pack.Events {
		for _, l := range e.Links {
			known(e.Key, l.From)
			known(e.Key, l.To)
		}
	}
	for _, h := range b.pack.Holders {
		known(h.Function, h.Unit)
	}
	slices.SortFunc(b.pack.Holders, func(x, y HolderSpec) int {
		return slices.Compare([]string{x.Function, string(x.From)}, []string{y.Function, string(y.From)})
	})
	return errors.Join(errs...)
}

// lowerFirst is the name as it stands inside another, its first letter small.
func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[n:]
}
