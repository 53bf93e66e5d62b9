// SPDX-License-Identifier: Apache-2.0

package online_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"lachan/duty"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/policy"
)

// kit is the package on a real database with the product's own policies.
type kit struct {
	*online.Service
	schools *schools.Service
	clock   *clock.Fixed
	ledger  *entries
	t       testing.TB
}

// entries is a ledger that keeps what committed transactions appended.
type entries struct{ kept []ledger.Entry }

func (e *entries) Append(_ context.Context, tx *sqldb.Tx, entry ledger.Entry) (string, error) {
	tx.OnCommit(func() { e.kept = append(e.kept, entry) })
	return entry.Kind, nil
}

func (e *entries) count(kind string) (n int) {
	for _, x := range e.kept {
		if x.Kind == kind {
			n++
		}
	}
	return n
}

// none keeps no file and tells no node: nothing here is about bundles.
type none struct{}

func (none) Put(context.Context, string, io.Reader) error { return nil }
func (none) Get(context.Context, string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(nil)), nil
}
func (none) Delete(context.Context, string) error                    { return nil }
func (none) PublishDelta(context.Context, schools.SealedDelta) error { return nil }
func (none) PublishBundle(context.Context, schools.BundleInfo) error { return nil }
func (none) PublishSide(context.Context, schools.SealedSide) error   { return nil }
func teacherOf(unit string) authz.Actor {
	return authz.Actor{Person: "teacher-" + unit, Unit: unit, Roles: []string{authz.ITTeacher}}
}

var (
	lead   = authz.Actor{Person: "lead-1", Unit: "dept", Roles: []string{authz.Lead}}
	police = authz.Actor{Person: "police-1", Unit: "police", Roles: []string{authz.Head, authz.Police}}
	sector = authz.Actor{Person: "sector-1", Unit: "gddt", Roles: []string{authz.Focal}, Functions: []string{"qlnn_giao_duc"}}
)

func newKit(t testing.TB) *kit {
	t.Helper()
	engine, err := authz.New(policy.FS)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := schools.LoadCatalogue(schools.Extra{})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := schools.OpenKeyring(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 30, 0, 0, clock.Vietnam)), ledger: &entries{}, t: t}
	db := testkit.DB(t)
	k.schools, err = schools.New(schools.Deps{
		DB: db, Ledger: k.ledger, Authz: engine, Clock: k.clock, Catalogue: catalogue, Keys: keys,
		Files: none{}, Publisher: none{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	k.Service, err = online.New(online.Deps{DB: db, Ledger: k.ledger, Authz: engine, Clock: k.clock, Schools: k.schools})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *kit) ok(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

// school makes an invented school.
func (k *kit) school(unit, level string) schools.School {
	k.t.Helper()
	s, err := k.schools.SaveSchool(context.Background(), lead, schools.SchoolCommand{Unit: unit, Code: "M-" + unit, Name: "Trường mẫu " + unit, Place: "xa-mau", Level: level, Pupils: 400})
	k.ok(err)
	return s
}

func (k *kit) today() duty.Date { return duty.DateOf(k.clock.Now()) }

// class takes a platform into use and opens a class on it.
func (k *kit) class(school schools.School) (online.Use, online.Class) {
	k.t.Helper()
	ctx, who := context.Background(), teacherOf(school.Unit)
	u, err := k.TakeUse(ctx, who, online.UseCommand{School: school.ID, Platform: "zoom"})
	k.ok(err)
	c, err := k.OpenClass(ctx, who, online.ClassCommand{School: school.ID, Title: "Toán 6A", Grade: 6, Use: u.ID, Pupils: 38, First: k.today(), Last: k.today().AddDays(200)})
	k.ok(err)
	return u, c
}

// answer answers a checklist with yes but for the items named.
func (k *kit) answer(school schools.School, kind, subject string, no ...string) online.Check {
	k.t.Helper()
	list, _ := k.Register().Checklist(kind)
	answers := map[string]string{}
	for _, item := range list.Items {
		answers[item] = online.Yes
	}
	for _, item := range no {
		answers[item] = online.No
	}
	c, err := k.AnswerCheck(context.Background(), teacherOf(school.Unit), online.CheckCommand{School: school.ID, Kind: kind, Subject: subject, Answers: answers})
	k.ok(err)
	return c
}
