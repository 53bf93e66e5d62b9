// SPDX-License-Identifier: Apache-2.0

package org

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"gopkg.in/yaml.v3"

	"lachan/internal/locale"
)

//go:embed province calendar
var data embed.FS

// QuangNgai is the province of the dispatch: 13 districts and 173 communes of
// 2024, the changes of January, March, May and July 2025, Kon Tum before it
// joined, the 96 communes of today, agencies, functions, and Viet Nam's
// public holidays from 2024 to 2032.
func QuangNgai() (Pack, error) {
	p, err := ReadPack(data, "province/quangngai")
	if err != nil {
		return Pack{}, err
	}
	p.Rest, err = readHolidays(data, "calendar/vn.csv")
	return p, err
}

type packFile struct {
	Key       string                 `yaml:"key"`
	Name      string                 `yaml:"name"`
	Provinces []unitRow              `yaml:"provinces"`
	Rosters   []rosterRow            `yaml:"rosters"`
	Changes   []changeRow            `yaml:"changes"`
	Added     []unitRow              `yaml:"added"`
	Events    []eventRow             `yaml:"events"`
	Police    *policeRow             `yaml:"police"`
	Agencies  []unitRow              `yaml:"agencies"`
	Functions map[string][]holderRow `yaml:"functions"`
}

type unitRow struct {
	Key, Code, Name, Kind, Form, Parent string
	From, To                            Day
	Verified                            bool
}

type rosterRow struct {
	File, Key, Province string
	From, To            Day
	Verified            bool
}

type changeRow struct {
	Unit     string
	At, To   Day
	Form     string
	Name     string
	Verified bool
}

type eventRow struct {
	Key, Basis, File string
	Day              Day
	OldKeys          []string `yaml:"old_keys"`
	NewKey           string   `yaml:"new_key"`
	Verified         bool
	Links            []linkRow
}

type linkRow struct {
	From, To, Mode, Type string
	Verified             bool
}

type policeRow struct {
	Name, Under string
	DistrictsTo Day `yaml:"districts_to"`
	Verified    bool
}

type holderRow struct {
	Unit     string
	From, To Day
	Verified bool
}

// ReadPack reads the pack in a folder: pack.yaml and the tables it names. An
// unknown field, a malformed day or a table with a wrong head is an error
// that names file and line.
func ReadPack(files fs.FS, folder string) (Pack, error) {
	raw, err := fs.ReadFile(files, path.Join(folder, "pack.yaml"))
	if err != nil {
		return Pack{}, fmt.Errorf("org: %w", err)
	}
	var f packFile
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return Pack{}, fmt.Errorf("org: %s/pack.yaml: %w", folder, err)
	}
	b := packBuilder{files: files, folder: folder, at: map[string]int{}}
	b.pack.Key = f.Key
	for _, r := range f.Provinces {
		b.add(unitOf(r, KindCommittee, "tinh", LevelProvince))
	}
	for _, r := range f.Rosters {
		if err := b.roster(r); err != nil {
			return Pack{}, err
		}
	}
	for _, r := range f.Added {
		b.add(unitOf(r, KindCommittee, r.Form, levelOf(r.Form)))
	}
	for _, r := range f.Changes {
		if err := b.change(r); err != nil {
			return Pack{}, err
		}
	}
	for _, r := range f.Agencies {
		u := unitOf(r, r.Kind, "", LevelProvince)
		u.Parent = f.Provinces[0].Key
		b.add(u)
	}
	if f.Police != nil {
		b.police(*f.Police, f.Provinces[0].Key)
	}
	for _, r := range f.Events {
		if err := b.event(r); err != nil {
			return Pack{}, err
		}
	}
	for fn, rows := range f.Functions {
		for _, r := range rows {
			b.pack.Holders = append(b.pack.Holders, HolderSpec{fn, r.Unit, r.From, r.To, r.Verified})
		}
	}
	return b.pack, b.check()
}

func unitOf(r unitRow, kind, form string, level Level) UnitSpec {
	return UnitSpec{
		Key: r.Key, Code: r.Code, Name: locale.Normalize(r.Name), Kind: kind, Form: form, Level: level,
		Parent: r.Parent, From: r.From, To: r.To, Verified: r.Verified,
	}
}

// levelOf is the level of an administrative form.
func levelOf(form string) Level {
	switch form {
	case "tinh":
		return LevelProvince
	case "thanh_pho", "thi_xa", "huyen":
		return LevelDistrict
	default:
		return LevelCommune
	}
}

func readCSV(files fs.FS, name string, head ...string) ([][]string, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, fmt.Errorf("org: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = len(head)
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("org: %s: %w", name, err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != strings.Join(head, ",") {
		return nil, fmt.Errorf("org: %s: line 1: want the columns %v", name, head)
	}
	return rows[1:], nil
}

func readHolidays(files fs.FS, name string) ([]RestDay, error) {
	rows, err := readCSV(files, name, "day", "rest", "name", "verified")
	if err != nil {
		return nil, err
	}
	var out []RestDay
	for i, r := range rows {
		day, err := ParseDay(r[0])
		if err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, i+2, err)
		}
		out = append(out, RestDay{day, r[1] == "true", r[2], r[3] == "true"})
	}
	return out, nil
}
