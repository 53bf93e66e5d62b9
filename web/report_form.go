// SPDX-License-Identifier: Apache-2.0

package web

import (
	"slices"
	"strconv"

	"lachan/duty"
	"lachan/duty/casework"
	"lachan/internal/problem"
	"lachan/web/page"
)

// told is what a reporter has typed so far, on all three steps. It lives in
// the form's fields and nowhere else until it is sent. All of it is personal.
type told struct {
	step    int
	secret  string
	harms   []string
	mediums []string

	words, url           string
	age, who, relation   string
	more, answer, danger string
	contact              string
	contactTime          string
	contactHide          string
}

// steps is the number of screens of the form.
const steps = 3

// fieldsOfStep are the form's fields by the screen that asks for them.
var fieldsOfStep = [steps + 1][]string{
	1: {"harm", "words", "url", "medium"},
	2: {"age", "who", "relation"},
	3: {"more", "danger", "answer", "contact", "contact_time", "contact_hide"},
}

func readTold(c *visit) told {
	step, err := strconv.Atoi(c.form("step"))
	if err != nil || step < 1 || step > steps {
		step = 1
	}
	t := told{
		step: step, secret: c.form("secret"), harms: c.forms("harm"), mediums: c.forms("medium"),
		words: c.form("words"), url: c.form("url"), age: c.form("age"), who: c.form("who"), relation: c.form("relation"),
		more: c.form("more"), answer: c.form("answer"), danger: c.form("danger"),
		contact: c.form("contact"), contactTime: c.form("contact_time"), contactHide: c.form("contact_hide"),
	}
	if spelt, err := casework.SpellReceipt(t.secret); err == nil {
		t.secret = spelt.Secret
	} else {
		// A form without its secret was not made by us, or was cut: a new
		// receipt serves it as well.
		t.secret = casework.NewReceipt()
	}
	return t
}

// command is the report as casework takes it.
func (t told) command(lang string) casework.ReceiveCommand {
	cmd := casework.ReceiveCommand{
		Receipt: t.secret, Channel: string(casework.Web), Lang: lang, URL: t.url, Words: t.words, More: t.more, Harms: t.harms, Mediums: t.mediums,
		Age: t.age, Who: t.who, Relation: t.relation, Danger: t.danger, ContactHide: t.contactHide,
	}
	if t.answer == "contact" {
		// A number may be called at its hour; any other words name a person.
		cmd.Contact, cmd.ContactTo, cmd.ContactTime = string(casework.NamedTeacher), t.contact, t.contactTime
		if casework.CanonicalPhone(t.contact) != "" {
			cmd.Contact = string(casework.NumberAtHour)
		}
	}
	return cmd
}

// faults names what is wrong on the screens up to a step, in the form's own
// names of the fields.
func (t told) faults(lang string, upTo int) *problem.Error {
	found := problem.New("input/faulty")
	cmd := t.command(lang)
	if err := cmd.Validate(); err != nil {
		for _, f := range problem.From(err).Fields {
			if f.Name == "contact_to" {
				f.Name = "contact"
			}
			if at := stepOf(f.Name); at > 0 && at <= upTo {
				found.Fields = append(found.Fields, f)
			}
		}
	}
	if upTo == steps && t.answer == "contact" && t.contact == "" {
		found.Field("contact", "input/required")
	}
	if len(found.Fields) == 0 {
		return nil
	}
	return found
}

// stepOf is the screen that asks for a field, 0 for none.
func stepOf(field string) int {
	for step, fields := range fieldsOfStep {
		if slices.Contains(fields, field) {
			return step
		}
	}
	return 0
}

// hidden are the answers of the other screens.
func (t told) hidden() []page.Hidden {
	var out []page.Hidden
	for step := 1; step <= steps; step++ {
		if step == t.step {
			continue
		}
		for _, name := range fieldsOfStep[step] {
			for _, v := range t.values(name) {
				if v != "" {
					out = append(out, page.Hidden{Name: name, Value: v})
				}
			}
		}
	}
	return out
}

func (t told) values(field string) []string {
	switch field {
	case "harm":
		return t.harms
	case "medium":
		return t.mediums
	}
	return []string{map[string]string{
		"words": t.words, "url": t.url, "age": t.age, "who": t.who, "relation": t.relation, "more": t.more, "danger": t.danger,
		"answer": t.answer, "contact": t.contact, "contact_time": t.contactTime, "contact_hide": t.contactHide,
	}[field]}
}

// page is the screen of the current step with everything typed in its place.
func (t told) page(c *visit, reading *page.Reading) page.Report {
	p := page.Report{
		Base: c.base, Step: t.step, Secret: t.secret, URL: t.url, Words: t.words, More: t.more, Answer: t.answer, Contact: t.contact,
		ContactTime: t.contactTime, ContactHide: t.contactHide, Danger: t.danger, Hidden: t.hidden(), Reading: reading,
	}
	if t.step > 1 {
		if p.Kept = t.words; p.Kept == "" {
			p.Kept = t.url
		}
	}
	switch t.step {
	case 1:
		for _, h := range casework.Harms() {
			p.Harms = append(p.Harms, page.Option{Value: string(h), Label: c.p.T(h.Key()), Icon: harmIcon(h), On: slices.Contains(t.harms, string(h))})
		}
		for _, m := range casework.Mediums() {
			p.Mediums = append(p.Mediums, page.Option{Value: string(m), Label: c.p.T(m.Key()), Icon: mediumIcon(m), On: slices.Contains(t.mediums, string(m))})
		}
	case 2:
		p.Ages = c.ages(t.age)
		for _, k := range casework.ReporterKinds() {
			if k != casework.Platform { // platforms report by the API
				p.Whos = append(p.Whos, page.Option{Value: string(k), Label: c.p.T(k.Key()), On: t.who == string(k)})
			}
		}
		p.Relations = c.relations(t.relation)
	}
	return p
}

func (c *visit) ages(on string) []page.Option {
	var out []page.Option
	for _, a := range duty.AgeParts() {
		out = append(out, page.Option{Value: a.Code(), Label: c.p.T("web.age." + a.Code()), On: on == a.Code()})
	}
	return out
}

func (c *visit) relations(on string) []page.Option {
	var out []page.Option
	for _, r := range casework.Relations() {
		out = append(out, page.Option{Value: string(r), Label: c.p.T(r.Key()), On: on == string(r)})
	}
	return out
}

func harmIcon(h casework.Harm) string {
	switch h {
	case casework.PrivateSecrets:
		return "key"
	case casework.HarmfulContent:
		return "play"
	case casework.Bullying:
		return "chat"
	case casework.Fraud:
		return "flag"
	case casework.AsksPictures, casework.ThreatPictures:
		return "eyeoff"
	case casework.WantsMeeting, casework.Trafficking:
		return "pin"
	case casework.SelfHarm:
		return "heart"
	case casework.OtherHarm:
		return "ask"
	default:
		return "alert"
	}
}

func mediumIcon(m casework.Medium) string {
	switch m {
	case casework.Website, casework.Social:
		return "globe"
	case casework.Chat, casework.Mail:
		return "chat"
	case casework.Game:
		return "game"
	case casework.Video, casework.Livestream:
		return "play"
	case casework.PhoneCall:
		return "phone"
	case casework.Offline:
		return "home"
	default:
		return "ask"
	}
}
