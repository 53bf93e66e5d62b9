// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"testing"
	"time"

	"lachan/internal/clock"
)

// A school's counts never show the category that asks for care, to nobody: the
// counsellor is told in other words. The province's sum has it.
func TestCountsOfASchoolLeaveOutWhatAsksForCare(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one := k.school(t, "truong-mot", "primary")
	token, _, err := k.CreateToken(ctx, lead, TokenCommand{Name: "nút", Schools: []string{one.ID}})
	if err != nil {
		t.Fatal(err)
	}
	n, err := k.Redeem(ctx, token, nodeKey(), "1")
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam)
	cells := []CountCell{
		{School: one.ID, Band: "primary", Category: "self_harm", Span: HourSpan, Start: hour, Devices: 6},
		{School: one.ID, Band: "primary", Category: "games", Span: HourSpan, Start: hour, Devices: 7},
	}
	if got, err := k.RecordCounts(ctx, n.ID, 1, cells); err != nil || got.Refused > 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	window := CountFilter{From: hour.Add(-time.Hour), To: hour.Add(time.Hour)}
	sum := func(f CountFilter, who string) map[string]int {
		t.Helper()
		actor := lead
		if who != "" {
			actor = teacherOf(who)
		}
		all, err := k.Counts(ctx, actor, f)
		if err != nil {
			t.Fatal(err)
		}
		return ByCategory(all)
	}
	whole, ofSchool, ofPlace := window, window, window
	ofSchool.School, ofPlace.Place = one.ID, "xa-mau"
	for what, got := range map[string]map[string]int{
		"a teacher, the school": sum(ofSchool, "truong-mot"), "a teacher": sum(whole, "truong-mot"),
		"the department, one school": sum(ofSchool, ""), "the department, one commune": sum(ofPlace, ""),
	} {
		if got["games"] != 7 || got["self_harm"] != 0 {
			t.Errorf("%s: %v", what, got)
		}
	}
	if got := sum(whole, ""); got["self_harm"] != 6 || got["games"] != 7 {
		t.Errorf("the province: %v", got)
	}
}
