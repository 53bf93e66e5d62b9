// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/ledger"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/policy"
)

// kit is a room on a real database with the product's own policies.
type kit struct {
	*Service
	clock  *clock.Fixed
	ledger *entries
	files  *folder
	out    *published
	public ed25519.PublicKey
}

// entries is the product's ledger; besides, it keeps what was appended by
// transactions that were committed.
type entries struct {
	log  *ledger.Log
	mu   sync.Mutex
	kept []ledger.Entry
}

// plainSeal seals nothing: what is sealed is the ledger's test, not ours.
type plainSeal struct{}

func (plainSeal) Seal(_ string, plain []byte) ([]byte, error) { return plain, nil }

// boundSeal seals nothing either, but opens only under the name it sealed for.
type boundSeal struct{}

func (boundSeal) Seal(name string, plain []byte) ([]byte, error) {
	return append([]byte(name+"|"), plain...), nil
}

func (boundSeal) Open(name string, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(name+"|"))
	if !ok {
		return nil, fmt.Errorf("sealed for another name")
	}
	return plain, nil
}

func newEntries(t testing.TB, db *sqldb.DB, now clock.Clock) *entries {
	t.Helper()
	file, err := ledger.NewKey("mau.example/so-cai")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ledger.ParseKey(file)
	if err != nil {
		t.Fatal(err)
	}
	log, err := ledger.New(ledger.Deps{DB: db, Clock: now, Key: key, Sealer: plainSeal{}})
	if err != nil {
		t.Fatal(err)
	}
	return &entries{log: log}
}

func (e *entries) Append(ctx context.Context, tx *sqldb.Tx, entry ledger.Entry) (string, error) {
	entryID, err := e.log.Append(ctx, tx, entry)
	if err != nil {
		return "", err
	}
	tx.OnCommit(func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.kept = append(e.kept, entry)
	})
	return entryID, nil
}

func (e *entries) count(kind string) (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.kept {
		if x.Kind == kind {
			n++
		}
	}
	return n
}

type folder struct {
	mu    sync.Mutex
	files map[string][]byte
}

func (f *folder) Put(_ context.Context, key string, r io.Reader) error {
	data, err := io.ReadAll(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[key] = data
	return err
}

func (f *folder) Get(_ context.Context, key string) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.files[key]
	if !ok {
		return nil, fmt.Errorf("no file %s", key)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (f *folder) Delete(_ context.Context, key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.files, key)
	return nil
}

type published struct {
	mu      sync.Mutex
	deltas  []SealedDelta
	bundles []BundleInfo
	sides   []SealedSide
}

func (p *published) PublishDelta(_ context.Context, d SealedDelta) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deltas = append(p.deltas, d)
	return nil
}

func (p *published) PublishBundle(_ context.Context, b BundleInfo) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bundles = append(p.bundles, b)
	return nil
}

func (p *published) PublishSide(_ context.Context, s SealedSide) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sides = append(p.sides, s)
	return nil
}

func newKit(t testing.TB) *kit {
	t.Helper()
	engine, err := authz.New(policy.FS)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := LoadCatalogue(Extra{NeverBlock: []string{"bao-tin.tinh-mau.example"}})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := OpenKeyring(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	k := &kit{
		clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 30, 0, 0, clock.Vietnam)),
		files: &folder{files: map[string][]byte{}}, out: &published{}, public: keys.current().Public(),
	}
	db := testkit.DB(t)
	k.ledger = newEntries(t, db, k.clock)
	k.Service, err = New(Deps{
		DB: db, Ledger: k.ledger, Authz: engine, Clock: k.clock, Catalogue: catalogue, Keys: keys,
		Files: k.files, Publisher: k.out, Log: slog.New(slog.DiscardHandler), Seal: boundSeal{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Actors of the tests. Ids are invented.
var (
	lead     = authz.Actor{Person: "lead-1", Unit: "dept", Roles: []string{authz.Lead}}
	officer  = authz.Actor{Person: "officer-1", Unit: "duty", Roles: []string{authz.Handler}}
	officer2 = authz.Actor{Person: "officer-2", Unit: "duty", Roles: []string{authz.Head}}
	nobody   = authz.Actor{Person: "nobody-1", Unit: "else"}
)

func teacherOf(unit string) authz.Actor {
	return authz.Actor{Person: "teacher-" + unit, Unit: unit, Roles: []string{authz.ITTeacher}}
}

// school makes an invented school.
func (k *kit) school(t testing.TB, unit, level string) School {
	t.Helper()
	s, err := k.SaveSchool(context.Background(), lead, SchoolCommand{Unit: unit, Code: "M-" + unit, Name: "Trường mẫu " + unit, Place: "xa-mau", Level: level, Pupils: 400, Devices: 40})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// importText imports an invented list and builds a bundle.
func (k *kit) importText(t testing.TB, name, category, text string) List {
	t.Helper()
	ctx := context.Background()
	list, err := k.ListImport(ctx, lead, ListMeta{Name: name, Category: category, Format: Plain}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	return list
}

// enforce runs Enforce in a transaction of its own.
func (k *kit) enforce(cmd EnforceCommand) (b Block, err error) {
	err = k.db.Tx(context.Background(), func(ctx context.Context, tx *sqldb.Tx) error {
		b, err = k.Enforce(ctx, tx, cmd)
		return err
	})
	return b, err
}

// view is what a node sees that has the current bundle and all deltas.
func (k *kit) view(t testing.TB) *bundle.View {
	t.Helper()
	ctx := context.Background()
	trust := bundle.NewTrust(k.public)
	parts := bundle.Parts{StandIn: bundle.Primary}
	since := int64(0)
	if info, err := k.CurrentBundle(ctx); err == nil {
		_, file, err := k.OpenBundle(ctx, info.Number)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		if parts.Bundle, err = bundle.Parse(data, trust); err != nil {
			t.Fatal(err)
		}
		since = info.Folded
	}
	deltas, err := k.Deltas(ctx, since)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deltas {
		opened, err := bundle.OpenDelta(d.Sealed, trust)
		if err != nil {
			t.Fatal(err)
		}
		parts.Deltas = append(parts.Deltas, opened)
	}
	v, err := bundle.NewView(parts)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// refused asks that view at the kit's time.
func (k *kit) refused(t testing.TB, domain string, band bundle.Band) (bool, string) {
	t.Helper()
	name, err := bundle.ParseName(domain)
	if err != nil {
		t.Fatal(err)
	}
	x := k.view(t).Explain(name, bundle.Client{Band: band}, clock.Micro(k.clock.Now()))
	return x.Blocked, x.Code
}

// vietnam reads a time of the school's clock.
func vietnam(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, clock.Vietnam)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
