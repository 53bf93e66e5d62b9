// SPDX-License-Identifier: Apache-2.0

package online

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"

	"lachan/duty"
)

//go:embed data/*.json
var dataFiles embed.FS

// Register is the data of the product, the same for the whole province.
type Register struct {
	Platforms []Platform  `json:"platforms"`
	Checks    []Checklist `json:"checks"`
	Incidents []string    `json:"incidents"` // kinds; words: schools.incident.<code>
	Guidance  []Guidance  `json:"-"`
}

// Platform is one entry of the register. Name is a proper name and no word of
// ours; it is empty for Other.
type Platform struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Kind string `json:"kind"` // meeting, learning, management, chat, other
}

// Other is the code of a platform that the register does not name.
const Other = "other"

// Checklist is what is asked about a kind of subject, and for how many days
// the answers hold.
type Checklist struct {
	Kind  string   `json:"kind"` // ClassCheck, UseCheck
	Days  int      `json:"days"`
	Items []string `json:"items"` // words: schools.check.<kind>.<code>
}

// The kinds of subjects that have a checklist.
const (
	ClassCheck = "class"
	UseCheck   = "platform"
)

// Guidance is one version of a text for teachers. A version that was given out
// is never changed: a new one is added beside it.
type Guidance struct {
	Code    string `json:"code"`
	Version int    `json:"version"`
	Issued  string `json:"issued"` // 2026-08-20
	VI      Text   `json:"vi"`
	EN      Text   `json:"en"`
}

// Text is a guidance in one language.
type Text struct {
	Title  string   `json:"title"`
	About  string   `json:"about"`
	Points []string `json:"points"`
}

// In is the text in a language; Vietnamese where there is no other.
func (g Guidance) In(lang string) Text {
	if lang == "en" {
		return g.EN
	}
	return g.VI
}

// Ref names the version, as a statement of a school does: "lessons/1".
func (g Guidance) Ref() string { return fmt.Sprintf("%s/%d", g.Code, g.Version) }

// LessonGuidance is the code of the guidance that figure D02 asks for.
const LessonGuidance = "lessons"

// Platform finds an entry of the register.
func (r Register) Platform(code string) (Platform, bool) {
	i := slices.IndexFunc(r.Platforms, func(p Platform) bool { return p.Code == code })
	if i < 0 {
		return Platform{}, false
	}
	return r.Platforms[i], true
}

// Checklist is the one of a kind of subject.
func (r Register) Checklist(kind string) (Checklist, bool) {
	i := slices.IndexFunc(r.Checks, func(c Checklist) bool { return c.Kind == kind })
	if i < 0 {
		return Checklist{}, false
	}
	return r.Checks[i], true
}

// Current are the newest versions given out by a day, in the order of the
// data.
func (r Register) Current(on duty.Date) []Guidance {
	var all []Guidance
	for _, g := range r.Guidance {
		if g.Issued > on.String() {
			continue
		}
		if i := slices.IndexFunc(all, func(o Guidance) bool { return o.Code == g.Code }); i < 0 {
			all = append(all, g)
		} else if all[i].Version < g.Version {
			all[i] = g
		}
	}
	return all
}

// Version is one version of a guidance; 0 asks for the newest of a day.
func (r Register) Version(code string, version int, on duty.Date) (Guidance, bool) {
	list := r.Guidance
	if version == 0 {
		list = r.Current(on)
	}
	i := slices.IndexFunc(list, func(g Guidance) bool { return g.Code == code && (version == 0 || g.Version == version) })
	if i < 0 {
		return Guidance{}, false
	}
	return list[i], true
}

func readRegister() (r Register, err error) {
	for name, into := range map[string]any{"register.json": &r, "guidance.json": &r.Guidance} {
		data, err := dataFiles.ReadFile("data/" + name)
		if err != nil {
			return r, wrap(name, err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			return r, wrap(name, err)
		}
	}
	return r, nil
}
