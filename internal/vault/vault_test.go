// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/policy"
)

const passphrase = "con mèo ngủ trên mái nhà"

type fixture struct {
	t      testing.TB
	ctx    context.Context
	db     *sqldb.DB
	vault  *Vault
	engine *authz.Engine
}

func setUp(t testing.TB) *fixture {
	t.Helper()
	secrets, err := OpenSecrets(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, ctx: context.Background(), db: testkit.DB(t)}
	f.vault, err = New(Deps{DB: f.db, Clock: clock.System{}, Secrets: secrets, KDF: KDF{MemoryKiB: 64, Passes: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if f.engine, err = authz.New(policy.FS); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) tx(fn func(ctx context.Context, tx *sqldb.Tx) error) {
	f.t.Helper()
	if err := f.db.Tx(f.ctx, fn); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) fails(code string, fn func(ctx context.Context, tx *sqldb.Tx) error) {
	f.t.Helper()
	if err := f.db.Tx(f.ctx, fn); !problem.Is(err, code) {
		f.t.Fatalf("got %v, want %s", err, code)
	}
}

func (f *fixture) person(name string) *Unlocked {
	f.t.Helper()
	p, err := f.vault.PreparePerson(f.ctx, name, passphrase)
	if err != nil {
		f.t.Fatal(err)
	}
	var u *Unlocked
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		u, _, err = f.vault.SavePerson(ctx, tx, p)
		return err
	})
	return u
}

func (f *fixture) makeUnit(u *Unlocked, unit string, standIns ...string) {
	f.t.Helper()
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		made, err := u.MakeUnit(ctx, tx, unit, standIns)
		if err == nil && !made {
			f.t.Fatal("the unit has a key already")
		}
		return err
	})
}

func (f *fixture) join(unit string, holder *Unlocked, person string) {
	f.t.Helper()
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		if err := f.vault.RequestSeal(ctx, tx, unit, person); err != nil {
			return err
		}
		return holder.Reseal(ctx, tx, unit, person)
	})
}

// permit is what authz gives to a handler of unit for a case of unit.
func (f *fixture) permit(person, unit, caseID string) authz.Permit {
	f.t.Helper()
	p, err := f.engine.Check(f.ctx, authz.Actor{Person: person, Unit: unit, Roles: []string{authz.Handler}}, "casework.view",
		authz.Resource{Type: "casework.case", ID: caseID, Attrs: map[string]any{"units": []string{unit}}})
	if err != nil {
		f.t.Fatal(err)
	}
	return p
}

func (f *fixture) newCase(caseID string, reporter []byte, units ...string) *CaseSeal {
	f.t.Helper()
	var seal *CaseSeal
	f.tx(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		seal, _, err = f.vault.Sealer().NewCase(ctx, tx, caseID, Audience{
			Units:    map[Group][]string{Narrative: units, Child: units[:1]},
			Reporter: reporter, ReporterGroups: []Group{Narrative},
		})
		return err
	})
	return seal
}

func (f *fixture) open(u *Unlocked, unit, caseID string, sealed []byte) (string, error) {
	keys, err := u.OpenCase(f.ctx, f.db.Read(), f.permit(u.person, unit, caseID), caseID)
	if err != nil {
		return "", err
	}
	plain, err := keys.Open(Narrative, "m1", 1, sealed)
	return string(plain), err
}

func seal(t testing.TB, s *CaseSeal, text string) []byte {
	t.Helper()
	sealed, err := s.Seal(Narrative, "m1", 1, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestUnlockAndPassphrase(t *testing.T) {
	f := setUp(t)
	u := f.person("an")
	again, err := f.vault.Unlock(f.ctx, "an", passphrase)
	if err != nil || !bytes.Equal(again.raw, u.raw) {
		t.Fatal(err)
	}
	// The same letters, decomposed, as some keyboards send them.
	if _, err := f.vault.Unlock(f.ctx, "an", "con me\u0300o ngu\u0309 tre\u0302n ma\u0301i nha\u0300"); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"an", "nobody"} {
		if _, err := f.vault.Unlock(f.ctx, who, passphrase+"x"); !problem.Is(err, "vault/wrong-passphrase") {
			t.Fatalf("%s: %v", who, err)
		}
	}
	if _, err := f.vault.PreparePerson(f.ctx, "an", "ngắn"); !problem.Is(err, "vault/short-passphrase") {
		t.Fatalf("got %v", err)
	}
	changed, err := u.PreparePassphrase(f.ctx, "một câu khác hẳn")
	if err != nil {
		t.Fatal(err)
	}
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		_, lost, err := f.vault.SavePerson(ctx, tx, changed)
		if len(lost) > 0 {
			t.Error("a new passphrase lost a unit")
		}
		return err
	})
	if _, err := f.vault.Unlock(f.ctx, "an", passphrase); !problem.Is(err, "vault/wrong-passphrase") {
		t.Fatalf("the old passphrase: %v", err)
	}
	if same, err := f.vault.Unlock(f.ctx, "an", "một câu khác hẳn"); err != nil || !bytes.Equal(same.raw, u.raw) {
		t.Fatal(err)
	}
}

func TestSessionWrap(t *testing.T) {
	f := setUp(t)
	u := f.person("an")
	secret := random(SessionSecret)
	wrapped, err := u.Wrap("s1", secret)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.vault.Unwrap(f.ctx, "s1", "an", secret, wrapped); err != nil || !bytes.Equal(got.raw, u.raw) {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"another cookie":  func() error { _, err := f.vault.Unwrap(f.ctx, "s1", "an", random(32), wrapped); return err },
		"another session": func() error { _, err := f.vault.Unwrap(f.ctx, "s2", "an", secret, wrapped); return err },
		"another person":  func() error { _, err := f.vault.Unwrap(f.ctx, "s1", "ba", secret, wrapped); return err },
		"no secret":       func() error { _, err := f.vault.Unwrap(f.ctx, "s1", "an", nil, wrapped); return err },
	} {
		if err := try(); !problem.Is(err, "vault/locked") {
			t.Errorf("%s: %v", name, err)
		}
	}
	f.person("an") // a new key pair: the wrapped old one is over
	if _, err := f.vault.Unwrap(f.ctx, "s1", "an", secret, wrapped); !problem.Is(err, "vault/locked") {
		t.Errorf("a replaced key: %v", err)
	}
}

func TestACaseOpensForItsUnitsOnly(t *testing.T) {
	f := setUp(t)
	an, ba, chi := f.person("an"), f.person("ba"), f.person("chi")
	f.makeUnit(an, "U")
	f.makeUnit(ba, "V")
	sealed := seal(t, f.newCase("c1", nil, "U"), "câu chuyện mẫu")
	if got, err := f.open(an, "U", "c1", sealed); err != nil || got != "câu chuyện mẫu" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := f.open(ba, "V", "c1", sealed); !problem.Is(err, "vault/no-key") {
		t.Fatalf("another unit: %v", err)
	}
	if _, err := f.open(chi, "U", "c1", sealed); !problem.Is(err, "vault/no-key") {
		t.Fatalf("permitted, without the key: %v", err)
	}
	for name, p := range map[string]authz.Permit{
		"none": {}, "another case's": f.permit("an", "U", "c2"), "another person's": f.permit("ba", "U", "c1"),
	} {
		if _, err := an.OpenCase(f.ctx, f.db.Read(), p, "c1"); !problem.Is(err, "authz/forbidden") {
			t.Errorf("permit %s: %v", name, err)
		}
	}
	// A referral is sealed to the receiver when offered, group by group.
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		return an.GrantUnit(ctx, tx, f.permit("an", "U", "c1"), "c1", []Group{Narrative}, "V")
	})
	if got, err := f.open(ba, "V", "c1", sealed); err != nil || got != "câu chuyện mẫu" {
		t.Fatalf("%q, %v", got, err)
	}
	keys, err := ba.OpenCase(f.ctx, f.db.Read(), f.permit("ba", "V", "c1"), "c1")
	if err != nil || keys.Has(Child) || !keys.Has(Narrative) {
		t.Fatalf("the mask: %v, %v", keys.Groups(), err)
	}
	if _, err := keys.Seal(Child, "x", 1, nil); !problem.Is(err, "vault/no-key") {
		t.Fatalf("sealed without a key: %v", err)
	}
	if holders, err := f.vault.Holders(f.ctx, f.db.Read(), "c1"); err != nil || strings.Join(holders[Narrative], " ") != "U V" {
		t.Fatalf("%v, %v", holders, err)
	}
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return f.vault.RevokeUnit(ctx, tx, "c1", "V") })
	if _, err := f.open(ba, "V", "c1", sealed); !problem.Is(err, "vault/no-key") {
		t.Fatalf("after the return: %v", err)
	}
	// What is sealed under a new key does not open with the old.
	old := keys
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		return an.Rekey(ctx, tx, f.permit("an", "U", "c1"), "c1", Narrative, []string{"U"}, nil)
	})
	fresh, err := an.OpenCase(f.ctx, f.db.Read(), f.permit("an", "U", "c1"), "c1")
	if err != nil {
		t.Fatal(err)
	}
	later, err := fresh.Seal(Narrative, "m1", 1, []byte("sau"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Open(Narrative, "m1", 1, later); !problem.Is(err, "vault/no-key") {
		t.Fatalf("the old key: %v", err)
	}
	if got, err := fresh.Open(Narrative, "m1", 1, sealed); err != nil || string(got) != "câu chuyện mẫu" {
		t.Fatalf("the past under a new key: %v", err)
	}
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return f.vault.Shred(ctx, tx, "c1") })
	if _, err := f.open(an, "U", "c1", sealed); !problem.Is(err, "vault/no-key") {
		t.Fatalf("after shredding: %v", err)
	}
}

func TestSwappedCiphertextsDoNotOpen(t *testing.T) {
	f := setUp(t)
	an := f.person("an")
	f.makeUnit(an, "U")
	one, two := f.newCase("c1", nil, "U"), f.newCase("c2", nil, "U")
	sealed := seal(t, one, "một")
	keys, err := an.OpenCase(f.ctx, f.db.Read(), f.permit("an", "U", "c1"), "c1")
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"another object":  func() ([]byte, error) { return keys.Open(Narrative, "m2", 1, sealed) },
		"another version": func() ([]byte, error) { return keys.Open(Narrative, "m1", 2, sealed) },
		"another group":   func() ([]byte, error) { return keys.Open(Child, "m1", 1, sealed) },
		"another case":    func() ([]byte, error) { return keys.Open(Narrative, "m1", 1, seal(t, two, "hai")) },
		"a flipped bit": func() ([]byte, error) {
			bad := bytes.Clone(sealed)
			bad[len(bad)-1] ^= 1
			return keys.Open(Narrative, "m1", 1, bad)
		},
		"cut":     func() ([]byte, error) { return keys.Open(Narrative, "m1", 1, sealed[:20]) },
		"nothing": func() ([]byte, error) { return keys.Open(Narrative, "m1", 1, nil) },
	} {
		if _, err := try(); !problem.Is(err, "vault/damaged") {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Wrapped keys swapped between two cases, by who can write the database.
	for _, change := range []string{
		`UPDATE vault_case_key SET sealed = (SELECT sealed FROM vault_case_key WHERE case_id = 'c2' AND field_group = 'narrative') WHERE case_id = 'c1' AND field_group = 'narrative'`,
	} {
		if _, err := f.db.Writer().Exec(change); err != nil {
			t.Fatal(err)
		}
		if _, err := f.open(an, "U", "c1", sealed); !problem.Is(err, "vault/damaged") {
			t.Errorf("swapped keys: %v", err)
		}
	}
}

func TestLengthsShowOnlyTheBucket(t *testing.T) {
	for _, n := range []int{0, 1, 251, 252, 253, 508, 509, 60000, 65532, 65533, 200000} {
		padded := pad(bytes.Repeat([]byte{'x'}, n))
		size := len(padded)
		if size < n+4 || (size > largestBucket && size%largestBucket != 0) || (size <= largestBucket && size&(size-1) != 0) || size < smallestBucket {
			t.Errorf("%d bytes in %d", n, size)
		}
		if back, err := unpad(padded); err != nil || len(back) != n {
			t.Errorf("%d bytes came back as %d, %v", n, len(back), err)
		}
	}
	if _, err := unpad([]byte{0, 0, 1, 0}); !problem.Is(err, "vault/damaged") {
		t.Errorf("a false length: %v", err)
	}
}

func TestJoiningWaitsForAReseal(t *testing.T) {
	f := setUp(t)
	an, ba, chi := f.person("an"), f.person("ba"), f.person("chi")
	f.makeUnit(an, "U")
	sealed := seal(t, f.newCase("c1", nil, "U"), "x")
	f.fails("vault/not-waiting", func(ctx context.Context, tx *sqldb.Tx) error { return an.Reseal(ctx, tx, "U", "ba") })
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return f.vault.RequestSeal(ctx, tx, "U", "ba") })
	if _, err := f.open(ba, "U", "c1", sealed); !problem.Is(err, "vault/no-key") {
		t.Fatalf("while waiting: %v", err)
	}
	f.fails("vault/no-key", func(ctx context.Context, tx *sqldb.Tx) error { return chi.Reseal(ctx, tx, "U", "ba") })
	s, err := f.vault.Unit(f.ctx, f.db.Read(), "U")
	if err != nil || len(s.Waiting) != 1 || s.Waiting[0].Person != "ba" || time.Since(s.Waiting[0].Since) > time.Minute {
		t.Fatalf("%+v, %v", s, err)
	}
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return an.Reseal(ctx, tx, "U", "ba") })
	if _, err := f.open(ba, "U", "c1", sealed); err != nil {
		t.Fatal(err)
	}
	if s, err := f.vault.Unit(f.ctx, f.db.Read(), "U"); err != nil || len(s.Waiting) != 0 || len(s.Members) != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	f.fails("vault/no-person-key", func(ctx context.Context, tx *sqldb.Tx) error {
		if err := f.vault.RequestSeal(ctx, tx, "U", "without"); err != nil {
			return err
		}
		return an.Reseal(ctx, tx, "U", "without")
	})
}

func TestLeavingRotatesAndThePastStaysReadable(t *testing.T) {
	f := setUp(t)
	an, ba := f.person("an"), f.person("ba")
	f.makeUnit(an, "U")
	f.join("U", an, "ba")
	before := seal(t, f.newCase("c1", nil, "U"), "trước")
	if _, err := f.open(ba, "U", "c1", before); err != nil { // caches the key in the session
		t.Fatal(err)
	}
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return f.vault.Leave(ctx, tx, "U", "ba", nil) })
	if _, err := f.open(ba, "U", "c1", before); !problem.Is(err, "vault/no-key") {
		t.Fatalf("who left still reads: %v", err)
	}
	after := seal(t, f.newCase("c2", nil, "U"), "sau")
	for id, sealed := range map[string][]byte{"c1": before, "c2": after} {
		if _, err := f.open(an, "U", id, sealed); err != nil {
			t.Fatalf("who stayed, %s: %v", id, err)
		}
	}
	// Who comes later reads the past too, once somebody linked the versions.
	chi := f.person("chi")
	f.join("U", an, "chi")
	if _, err := f.open(chi, "U", "c1", before); !problem.Is(err, "vault/no-key") {
		t.Fatalf("before the link: %v", err)
	}
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return an.Link(ctx, tx, "U") })
	for id, sealed := range map[string][]byte{"c1": before, "c2": after} {
		if _, err := f.open(chi, "U", id, sealed); err != nil {
			t.Fatalf("who came later, %s: %v", id, err)
		}
	}
	if s, err := f.vault.Unit(f.ctx, f.db.Read(), "U"); err != nil || s.Version != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
	// Who leaves without ever having held the key rotates nothing.
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return f.vault.Leave(ctx, tx, "U", "stranger", nil) })
	if s, err := f.vault.Unit(f.ctx, f.db.Read(), "U"); err != nil || s.Version != 2 {
		t.Fatalf("%+v, %v", s, err)
	}
}

func TestStandInNeedsTwo(t *testing.T) {
	f := setUp(t)
	an, s1, s2, s3 := f.person("an"), f.person("s1"), f.person("s2"), f.person("s3")
	f.makeUnit(an, "U", "s1", "s2", "s3")
	sealed := seal(t, f.newCase("c1", nil, "U"), "x")
	lost := f.person("an") // the passphrase is forgotten: a new pair, and no way in
	if _, err := f.open(lost, "U", "c1", sealed); !problem.Is(err, "vault/no-key") {
		t.Fatalf("got %v", err)
	}
	if s, err := f.vault.Unit(f.ctx, f.db.Read(), "U"); err != nil || len(s.Waiting) != 1 || len(s.Members) != 0 || len(s.StandIns) != 3 {
		t.Fatalf("%+v, %v", s, err)
	}
	take := func() (took bool) {
		t.Helper()
		f.tx(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			took, err = lost.TakeHelp(ctx, tx, "U")
			return err
		})
		return took
	}
	help := func(u *Unlocked) {
		t.Helper()
		f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return u.Help(ctx, tx, "U", "an") })
	}
	if _, err := f.open(s1, "U", "c1", sealed); !problem.Is(err, "vault/no-key") {
		t.Fatalf("a stand-in alone reads: %v", err)
	}
	help(s3)
	help(s3) // twice the same helper is one helper
	if take() {
		t.Fatal("one helper was enough")
	}
	f.fails("vault/no-key", func(ctx context.Context, tx *sqldb.Tx) error { return lost.Help(ctx, tx, "U", "an") })
	help(s1)
	if !take() {
		t.Fatal("two helpers were not enough")
	}
	if _, err := f.open(lost, "U", "c1", sealed); err != nil {
		t.Fatal(err)
	}
	// New shares end the old ones; a single stand-in gets none.
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return lost.SealStandIn(ctx, tx, "U", []string{"s2"}) })
	f.fails("vault/no-key", func(ctx context.Context, tx *sqldb.Tx) error { return s2.Help(ctx, tx, "U", "an") })
}

func TestRecoveryTwoOfThree(t *testing.T) {
	f := setUp(t)
	an := f.person("an")
	f.makeUnit(an, "U") // older than the recovery key
	sealed := seal(t, f.newCase("c1", nil, "U"), "x")
	var shares [RecoveryShares]string
	f.fails("vault/no-recovery", func(ctx context.Context, tx *sqldb.Tx) error {
		return f.vault.Recover(ctx, tx, []string{printShare(share{1, make([]byte, 32)}), printShare(share{2, make([]byte, 32)})}, "U", "an")
	})
	f.tx(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		shares, err = f.vault.MakeRecovery(ctx, tx)
		return err
	})
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return an.SealToRecovery(ctx, tx, "U") })
	if s, err := f.vault.Unit(f.ctx, f.db.Read(), "U"); err != nil || s.Recovery {
		t.Fatalf("sealed to a key that nobody typed back: %+v, %v", s, err)
	}
	for _, bad := range []string{"", "AAAA", shares[0][:len(shares[0])-1] + "*", strings.Replace(shares[1], shares[1][5:6], otherDigit(shares[1][5]), 1), printShare(share{1, make([]byte, 32)})} {
		f.fails("vault/bad-share", func(ctx context.Context, tx *sqldb.Tx) error { return f.vault.ConfirmRecovery(ctx, tx, bad) })
	}
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		return f.vault.ConfirmRecovery(ctx, tx, strings.ToLower(strings.ReplaceAll(shares[2], "-", " ")))
	})
	f.fails("vault/recovery-exists", func(ctx context.Context, tx *sqldb.Tx) error { _, err := f.vault.MakeRecovery(ctx, tx); return err })
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error { return an.SealToRecovery(ctx, tx, "U") })
	if r, err := f.vault.Ready(f.ctx, f.db.Read(), "U"); err != nil || r.Open() || r.Members != 1 || !r.Recovery {
		t.Fatalf("%+v, %v", r, err)
	}
	lost := f.person("an")
	recover := func(person string, typed ...string) func(context.Context, *sqldb.Tx) error {
		return func(ctx context.Context, tx *sqldb.Tx) error { return f.vault.Recover(ctx, tx, typed, "U", person) }
	}
	f.fails("vault/bad-share", recover("an", shares[0]))
	f.fails("vault/bad-share", recover("an", shares[0], shares[0]))
	f.fails("vault/bad-share", recover("an", shares[0], printShare(share{2, make([]byte, 32)})))
	f.fails("vault/no-person-key", recover("nobody", shares[0], shares[1]))
	for _, pair := range [][2]int{{0, 1}, {1, 2}, {2, 0}} {
		f.tx(recover("an", shares[pair[0]], shares[pair[1]]))
	}
	if _, err := f.open(lost, "U", "c1", sealed); err != nil {
		t.Fatal(err)
	}
	ba := f.person("ba")
	f.join("U", lost, ba.Person())
	if r, err := f.vault.Ready(f.ctx, f.db.Read(), "U"); err != nil || !r.Open() {
		t.Fatalf("%+v, %v", r, err)
	}
}

func otherDigit(c byte) string {
	if c == '7' {
		return "8"
	}
	return "7"
}

func TestIntakeNeedsAUnitWithAKey(t *testing.T) {
	f := setUp(t)
	an := f.person("an")
	f.fails("vault/unit-without-key", func(ctx context.Context, tx *sqldb.Tx) error {
		_, _, err := f.vault.Sealer().NewCase(ctx, tx, "c0", Audience{Units: map[Group][]string{Narrative: {"U"}}})
		return err
	})
	f.makeUnit(an, "U")
	f.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		_, missing, err := f.vault.Sealer().NewCase(ctx, tx, "c1", Audience{Units: map[Group][]string{Narrative: {"U", "W"}}})
		if len(missing) != 1 || missing[0] != "W" {
			t.Errorf("missing: %v", missing)
		}
		return err
	})
	f.fails("vault/unit-without-key", func(ctx context.Context, tx *sqldb.Tx) error {
		return an.GrantUnit(ctx, tx, f.permit("an", "U", "c1"), "c1", []Group{Narrative}, "W")
	})
}

func TestTheReporterReadsAnswersByReceipt(t *testing.T) {
	f := setUp(t)
	an := f.person("an")
	f.makeUnit(an, "U")
	receipt := NewReceipt()
	public, err := receipt.Public()
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal(t, f.newCase("c1", public, "U"), "lời nhắn")
	keys, err := an.OpenCase(f.ctx, f.db.Read(), f.permit("an", "U", "c1"), "c1")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := keys.Seal(Narrative, "m2", 1, []byte("cảm ơn em"))
	if err != nil {
		t.Fatal(err)
	}
	typed, err := ParseReceipt(strings.ToLower(receipt.Code()))
	if err != nil {
		t.Fatal(err)
	}
	mine, err := f.vault.OpenAsReporter(f.ctx, f.db.Read(), typed, "c1")
	if err != nil || mine.Has(Child) {
		t.Fatalf("%v", err)
	}
	if got, err := mine.Open(Narrative, "m2", 1, answer); err != nil || string(got) != "cảm ơn em" {
		t.Fatalf("%q, %v", got, err)
	}
	if got, err := mine.Open(Narrative, "m1", 1, sealed); err != nil || string(got) != "lời nhắn" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := f.vault.OpenAsReporter(f.ctx, f.db.Read(), NewReceipt(), "c1"); err == nil {
		t.Fatal("another receipt opened it")
	}
}

// The crowd at eight in the morning: never more than two stretches at once.
func TestUnlocksWaitForEachOther(t *testing.T) {
	f := setUp(t)
	f.person("an")
	f.vault.stretching <- struct{}{}
	f.vault.stretching <- struct{}{}
	ctx, cancel := context.WithTimeout(f.ctx, 30*time.Millisecond)
	defer cancel()
	if _, err := f.vault.Unlock(ctx, "an", passphrase); err == nil || ctx.Err() == nil {
		t.Fatalf("a third stretch ran: %v", err)
	}
	<-f.vault.stretching
	<-f.vault.stretching
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if _, err := f.vault.Unlock(f.ctx, "an", passphrase); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(f.vault.stretching) != 0 {
		t.Fatal("a place was not given back")
	}
}
