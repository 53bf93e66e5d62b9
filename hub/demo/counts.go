// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/internal/bus"
	"lachan/internal/clock"
)

// importLists takes in the sample lists and builds a bundle of them.
func (i *instance) importLists(ctx context.Context, actor authz.Actor) error {
	var lists []struct{ File, Name, Category, Format string }
	if err := readData("lists.json", &lists); err != nil {
		return err
	}
	for _, l := range lists {
		text, err := files.ReadFile("data/" + l.File)
		if err != nil {
			return err
		}
		meta := schools.ListMeta{Name: l.Name, Category: l.Category, Format: schools.Format(l.Format), Trust: schools.Ours, Source: l.File, Licence: "CC0-1.0"}
		if _, err := i.hub.Schools.ListImport(ctx, actor, meta, bytes.NewReader(text)); err != nil {
			return err
		}
	}
	_, err := i.hub.Schools.BuildBundle(ctx, actor)
	return err
}

// sampleNode joins a node that exists on paper only: its school's counts of
// two weeks are sent in its name, and then it falls silent.
func (i *instance) sampleNode(ctx context.Context, actor authz.Actor, school schools.School) (string, error) {
	token, _, err := i.hub.Schools.CreateToken(ctx, actor, schools.TokenCommand{Name: school.Code, Schools: []string{school.ID}})
	if err != nil {
		return "", err
	}
	key, err := bus.NewNodeKey()
	if err != nil {
		return "", err
	}
	public, err := key.Public()
	if err != nil {
		return "", err
	}
	n, err := i.hub.Schools.Redeem(ctx, token, public, "demo")
	return n.ID, err
}

// countWeeks sends two weeks of counts by category and hour: school days are
// busier than Sundays, lunch breaks than lessons, larger schools than small.
func (i *instance) countWeeks(ctx context.Context, node string, school schools.School) error {
	now := i.clock.Now()
	var cells []schools.CountCell
	for day := range 14 {
		start := clock.StartOfDay(now.AddDate(0, 0, day-14))
		if start.Weekday() == time.Sunday {
			continue
		}
		for hour := 7; hour < 17; hour++ {
			for k, category := range []string{"games", "gambling", "ads"} {
				devices := school.Pupils/60 + (hour*7+day*3+k*5)%9 - 4*k
				if hour == 11 || hour == 12 {
					devices += school.Pupils / 40
				}
				if devices < schools.LeastDevices {
					continue
				}
				cells = append(cells, schools.CountCell{
					School: school.ID, Band: school.Band.String(), Category: category, Span: schools.HourSpan,
					Start: start.Add(time.Duration(hour) * time.Hour), Devices: devices,
				})
			}
		}
	}
	got, err := i.hub.Schools.RecordCounts(ctx, node, 1, cells)
	if err == nil && got.Refused > 0 {
		err = fmt.Errorf("demo: %d of %d counts were not believed", got.Refused, len(cells))
	}
	return err
}
