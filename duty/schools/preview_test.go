// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

func TestPreviewSaysWhatAChangeWouldMean(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one := k.school(t, "th1", "primary")
	node := k.join(t, one.ID)
	const popular = "kahoot.it" // in data/popular.txt
	k.importText(t, "trò mẫu", "games", "tro.example\ncon.tro.example\n"+popular+"\n")
	day := vietnam(t, "2026-11-17 00:00")
	cell := func(band, category string, at time.Time, devices int) CountCell {
		return CountCell{School: one.ID, Band: band, Category: category, Span: DaySpan, Start: at, Devices: devices}
	}
	if _, err := k.RecordCounts(ctx, node.ID, 1, []CountCell{
		cell("primary", "games", day, 9), cell("primary", "games", day.AddDate(0, 0, 1), 6), cell("lower_secondary", "games", day, 5),
		cell("primary", "ads", day, 30), cell("primary", "games", day.AddDate(0, 0, -7), 50),
	}); err != nil {
		t.Fatal(err)
	}
	open := ChangeCommand{School: one.ID, Band: "primary", Code: "games"}
	p, err := k.PreviewChange(ctx, teacherOf("th1"), open)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Refused || !slices.Equal(p.Bands, []PreviewBand{{bundle.Primary, 15, true}, {bundle.LowerSecondary, 5, false}}) {
		t.Errorf("%+v", p)
	}
	if p.Names < 3 || !slices.Contains(p.Popular, popular) || p.PopularAll < len(p.Popular) {
		t.Errorf("%d names, popular %v", p.Names, p.Popular)
	}
	if left, err := k.Changes(ctx, teacherOf("th1"), one.ID); err != nil || len(left) != 0 {
		t.Errorf("a preview changed something: %v %v", left, err)
	}
	// What the school has opened is not refused any more, in that period or any.
	if err := k.SaveChange(ctx, teacherOf("th1"), open); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		period string
		code   string
		want   bool
	}{{"", "games", false}, {"lesson", "games", false}, {"", "social", true}} {
		p, err := k.PreviewChange(ctx, teacherOf("th1"), ChangeCommand{School: one.ID, Band: "primary", Period: c.period, Code: c.code, Block: true})
		if err != nil || p.Refused != c.want {
			t.Errorf("%+v: %v %v", c, p.Refused, err)
		}
	}
	// Four devices or none are the same.
	p, err = k.PreviewChange(ctx, teacherOf("th1"), ChangeCommand{School: one.ID, Band: "upper_secondary", Code: "messaging"})
	if err != nil || !slices.Equal(p.Bands, []PreviewBand{{bundle.UpperSecondary, -1, true}}) {
		t.Errorf("%+v %v", p, err)
	}
	if _, err := k.PreviewChange(ctx, teacherOf("th2"), open); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("another school: %v", err)
	}
	open.Code = "gambling"
	if _, err := k.PreviewChange(ctx, teacherOf("th1"), open); problem.KindOf(err) != problem.Invalid {
		t.Errorf("not a school's to open: %v", err)
	}
}
