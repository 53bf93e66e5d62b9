// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"context"
	"net/url"
	"strings"
)

// formOf opens a person's unit's form of the year, by the link on the page of
// what the unit owes.
func (t *tour) formOf(ctx context.Context, post string) (*browser, error) {
	b, err := t.desk(ctx, post)
	if err != nil {
		return nil, err
	}
	if err := b.open(ctx, "/mission"); err != nil {
		return nil, err
	}
	for _, a := range b.page.all("a") {
		if strings.HasPrefix(a.attrs["href"], "/reporting/forms/") {
			return b, b.open(ctx, a.attrs["href"])
		}
	}
	return nil, wrong("the page of duties leads to no form")
}

// filter reads the school's filter in the form of the department of
// education: a figure that nobody typed.
func (t *tour) filter(ctx context.Context) error {
	b, err := t.formOf(ctx, "education")
	if err != nil {
		return err
	}
	with, all := b.page.first("#f-D03.tu"), b.page.first("#f-D03.mau")
	if with == nil || all == nil || with.name != "output" {
		return wrong("the form does not know how many schools filter")
	}
	if n, ok := number(with.words()); !ok || n != 1 {
		return wrong("the form says that %q schools filter", with.words())
	}
	t.say("demo.tour.filter", "with", with.words(), "all", all.words())
	return nil
}

// totals sends the duty unit's form, in which the two reports are counted, has
// it accepted, and reads the province's totals.
func (t *tour) totals(ctx context.Context) error {
	b, err := t.formOf(ctx, "head")
	if err != nil {
		return err
	}
	t.duty = b.at.Path
	cell := b.page.first("#f-E01")
	if cell == nil || cell.name != "output" {
		return wrong("the form does not know how many reports came")
	}
	t.say("demo.tour.form", "title", b.page.first("h1").words(), "value", cell.words())
	form, err := b.form("")
	if err != nil {
		return err
	}
	typed := url.Values{}
	for _, in := range form.all("input") {
		if in.attrs["type"] != "hidden" && in.attrs["inputmode"] != "" {
			typed.Set(in.attrs["name"], "0") // an explicit zero is a figure
		}
	}
	if err := b.send(ctx, "", "submit", typed); err != nil {
		return err
	}
	lead := t.desks["lead"]
	if err := lead.open(ctx, t.duty); err != nil {
		return err
	}
	if err := lead.send(ctx, "", "accept", nil); err != nil {
		return err
	}
	if err := lead.open(ctx, "/reporting/totals"); err != nil {
		return err
	}
	for _, row := range lead.page.all("tr") {
		if strings.Contains(row.first("th").words(), "CT.E01 ") || strings.HasSuffix(row.first("th").words(), "CT.E01") {
			value := row.first("b").words()
			if n, ok := number(value); !ok || n != 2 {
				return wrong("the totals say %q reports", value)
			}
			t.say("demo.tour.totals", "name", row.first("th").words(), "value", value, "ready", lead.page.first(".ready").first("p").words())
			return nil
		}
	}
	return wrong("the totals have no row of reports")
}
