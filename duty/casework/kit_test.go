// SPDX-License-Identifier: Apache-2.0

package casework_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lachan/duty"
	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/internal/vault"
	"lachan/policy"
)

// The invented province of these tests: a duty unit, the unit above it, a
// commune with its police, and another department.
const (
	dutyUnit = "unit-duty"
	above    = "unit-above"
	commune  = "unit-commune"
	police   = "unit-police"
	health   = "unit-health"
)

var start = time.Date(2026, time.November, 23, 9, 42, 0, 0, clock.Vietnam)

type world struct {
	*casework.Service
	t      testing.TB
	ctx    context.Context
	db     *sqldb.DB
	vault  *vault.Vault
	clock  *clock.Fixed
	authz  *authz.Engine
	ledger *ledger.Log
	events []any
	keys   map[string]*vault.Unlocked // by person
	names  map[string]casework.Assessment
	staff  map[string][]string // phone hash to persons
	fail   error               // returned by Emit
	texts  *locale.Texts
}

func (w *world) DutyUnit(context.Context, time.Time) (string, error) { return dutyUnit, nil }

func (w *world) Above(_ context.Context, unit string, _ time.Time) (string, error) {
	if unit == above {
		return "", nil
	}
	return above, nil
}

func (w *world) EmergencyRecipients(context.Context, string, time.Time) ([]string, error) {
	return []string{commune, police}, nil
}

func (w *world) Assess(_ context.Context, domain string) (casework.Assessment, error) {
	return w.names[domain], nil
}

func (w *world) PersonsByPhone(_ context.Context, hash string) ([]string, error) {
	return w.staff[hash], nil
}

// newWorld makes a service on a real database, vault, ledger and policies,
// with two people in each unit and the recovery key confirmed.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		t: t, ctx: context.Background(), db: testkit.DB(t), clock: clock.NewFixed(start),
		keys: map[string]*vault.Unlocked{}, names: map[string]casework.Assessment{}, staff: map[string][]string{},
	}
	texts, err := locale.Load()
	w.ok(err)
	w.texts = texts
	secrets, err := vault.OpenSecrets(t.TempDir())
	w.ok(err)
	w.vault, err = vault.New(vault.Deps{DB: w.db, Clock: w.clock, Secrets: secrets, KDF: vault.KDF{MemoryKiB: 64, Passes: 1, Threads: 1}})
	w.ok(err)
	file, err := ledger.NewKey("mau.example/ledger")
	w.ok(err)
	key, err := ledger.ParseKey(file)
	w.ok(err)
	w.ledger, err = ledger.New(ledger.Deps{DB: w.db, Clock: w.clock, Key: key, Sealer: secrets.Box("ledger")})
	w.ok(err)
	w.authz, err = authz.New(policy.FS)
	w.ok(err)
	w.Service, err = casework.New(casework.Deps{
		DB: w.db, Clock: w.clock, Authz: w.authz, Ledger: w.ledger, Vault: w.vault, Units: w, Days: duty.Weekdays{}, Names: w, Staff: w,
		Registrable: func(host string) string {
			parts := strings.Split(host, ".")
			return strings.Join(parts[max(0, len(parts)-2):], ".")
		},
		Emit: func(_ context.Context, _ *sqldb.Tx, event any) error {
			w.events = append(w.events, event)
			return w.fail
		},
	})
	w.ok(err)
	return w
}

// enrol makes two people with keys in each unit, and the recovery key.
func (w *world) enrol(units ...string) *world {
	w.t.Helper()
	for _, unit := range units {
		w.join(unit, "a-"+unit, true)
		w.join(unit, "b-"+unit, false)
	}
	w.ok(w.db.Tx(w.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if r, err := w.vault.Recovery(ctx, tx); err != nil || r.Confirmed {
			return err
		}
		shares, err := w.vault.MakeRecovery(ctx, tx)
		if err != nil {
			return err
		}
		return w.vault.ConfirmRecovery(ctx, tx, shares[1])
	}))
	return w
}

func (w *world) join(unit, person string, first bool) {
	w.t.Helper()
	prepared, err := w.vault.PreparePerson(w.ctx, person, "mot cau mo khoa that dai "+person)
	w.ok(err)
	w.ok(w.db.Tx(w.ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		u, _, err := w.vault.SavePerson(ctx, tx, prepared)
		if err != nil {
			return err
		}
		w.keys[person] = u
		if first {
			_, err := u.MakeUnit(ctx, tx, unit, nil)
			return err
		}
		if err := w.vault.RequestSeal(ctx, tx, unit, person); err != nil {
			return err
		}
		return w.keys["a-"+unit].Reseal(ctx, tx, unit, person)
	}))
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// is fails unless err carries the code.
func (w *world) is(err error, code string) {
	w.t.Helper()
	if !problem.Is(err, code) {
		w.t.Fatalf("got %v, want %s", err, code)
	}
}

// who is person a (or b) of a unit in the given roles.
func who(letter, unit string, roles ...string) authz.Actor {
	return authz.Actor{Person: letter + "-" + unit, Unit: unit, Roles: roles}
}

func officer() authz.Actor { return who("a", dutyUnit, authz.Triage, authz.Handler) }
func head() authz.Actor    { return who("b", dutyUnit, authz.Head) }
func public() authz.Actor  { return authz.System("casework.intake") }

// report is a plain report of a child, nothing urgent in it.
func report() casework.ReceiveCommand {
	return casework.ReceiveCommand{
		Receipt: vault.NewReceipt().Code(), URL: "https://chat.vidu.example/phong/7?utm_source=x", Words: "Các bạn chê bai em trong nhóm lớp.",
		Harms: []string{"bullying"}, Mediums: []string{"chat"}, Age: "11_14", Who: "child_self", Relation: "friend", Danger: "no",
	}
}

func (w *world) receive(cmd casework.ReceiveCommand) casework.Receipted {
	w.t.Helper()
	r, err := w.Receive(w.ctx, public(), cmd)
	w.ok(err)
	return r
}

// heard counts the events of a type.
func heard[T any](w *world) []T {
	var out []T
	for _, e := range w.events {
		if v, ok := e.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

func (w *world) view(a authz.Actor, caseID string) casework.CaseView {
	w.t.Helper()
	v, err := w.Case(w.ctx, a, w.keys[a.Person], caseID)
	w.ok(err)
	for _, e := range v.Events {
		w.said(e.Key())
	}
	for _, p := range v.Proposals {
		w.said(p.Kind.Key())
	}
	for _, k := range v.Clocks {
		w.said(k.Key())
	}
	for _, act := range v.Acts {
		w.said(act.Key())
	}
	for _, l := range v.Links {
		w.said(casework.LinkKey(l.State))
	}
	w.said(v.State.Key())
	return v
}

// said fails unless both languages have the key.
func (w *world) said(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		for _, lang := range locale.Languages() {
			if _, ok := w.texts.Raw(lang, key); !ok {
				w.t.Errorf("%s has no text for %s", lang, key)
			}
		}
	}
}

// endTracks gives every open track an end code.
func (w *world) endTracks(a authz.Actor, caseID string) {
	w.t.Helper()
	for _, track := range w.view(a, caseID).Tracks {
		if track.Open() {
			w.ok(w.SetTrack(w.ctx, a, casework.TrackCommand{Case: caseID, Track: string(track.Track), End: "done"}))
		}
	}
}

// dump is every cell of every table, as one text.
func (w *world) dump() string {
	w.t.Helper()
	var b strings.Builder
	list := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if w.db.Dialect() == sqldb.Postgres {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	rows, err := w.db.Writer().QueryContext(w.ctx, list)
	w.ok(err)
	var tables []string
	for rows.Next() {
		var name string
		w.ok(rows.Scan(&name))
		tables = append(tables, name)
	}
	w.ok(rows.Close())
	for _, table := range tables {
		rows, err := w.db.Writer().QueryContext(w.ctx, "SELECT * FROM "+table)
		w.ok(err)
		columns, err := rows.Columns()
		w.ok(err)
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			w.ok(rows.Scan(cells...))
			for _, c := range cells {
				switch v := (*c.(*any)).(type) {
				case []byte:
					b.Write(v)
				default:
					fmt.Fprint(&b, v)
				}
				b.WriteByte('\n')
			}
		}
		w.ok(rows.Close())
	}
	return b.String()
}
