// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/identity"
	"lachan/internal/ledger"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/testkit"
	"lachan/policy"
)

// testKeys stands for the hub's secrets: real algorithms, a key in memory.
type testKeys struct{ key []byte }

func (k testKeys) KeyedHash(purpose, value string) string {
	m := hmac.New(sha256.New, k.key)
	m.Write([]byte(purpose + "\x00" + value))
	return hex.EncodeToString(m.Sum(nil))
}

func (k testKeys) gcm() cipher.AEAD {
	b, err := aes.NewCipher(k.key)
	if err != nil {
		panic(err)
	}
	a, err := cipher.NewGCMWithRandomNonce(b)
	if err != nil {
		panic(err)
	}
	return a
}

func (k testKeys) SealOwn(purpose, binding string, plain []byte) ([]byte, error) {
	return k.gcm().Seal(nil, nil, plain, []byte(purpose+"\x00"+binding)), nil
}

func (k testKeys) OpenOwn(purpose, binding string, sealed []byte) ([]byte, error) {
	return k.gcm().Open(nil, nil, sealed, []byte(purpose+"\x00"+binding))
}

// kinds collects what was entered in the ledger.
type kinds struct {
	mu  sync.Mutex
	all []string
}

func (k *kinds) Append(_ context.Context, _ *sqldb.Tx, e ledger.Entry) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = append(k.all, e.Kind)
	return "", nil
}

type world struct {
	*identity.Service
	db     *sqldb.DB
	clock  *clock.Fixed
	ledger *kinds
	keys   testKeys
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{db: testkit.DB(t), clock: clock.NewFixed(time.Date(2026, 11, 23, 9, 0, 0, 0, clock.Vietnam)), ledger: &kinds{}, keys: testKeys{make([]byte, 32)}}
	rand.Read(w.keys.key)
	w.Service = w.another(t)
	return w
}

// another is a second hub on the same database.
func (w *world) another(t *testing.T) *identity.Service {
	t.Helper()
	engine, err := authz.New(policy.FS)
	if err != nil {
		t.Fatal(err)
	}
	return identity.New(identity.Deps{DB: w.db, Clock: w.clock, Keys: w.keys, Ledger: w.ledger, Authz: engine})
}

const password = "a quiet green leaf"

func (w *world) setUp(t *testing.T) (person string) {
	t.Helper()
	token, err := w.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	person, err = w.Setup(t.Context(), token, identity.NewPerson{Name: "Trần Mẫu", Login: "Tran.Mau", Unit: "unit-1", Roles: []string{authz.Admin}}, password)
	if err != nil {
		t.Fatal(err)
	}
	return person
}

// logIn goes through both factors and returns the full session, its cookie
// and the second factor's secret.
func (w *world) logIn(t *testing.T, login string) (identity.Session, string, string) {
	t.Helper()
	ctx := t.Context()
	cookie, state, err := w.Login(ctx, login, password)
	if err != nil || state != identity.StateEnrol {
		t.Fatalf("state %q, %v", state, err)
	}
	half, err := w.Session(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	factor, err := w.EnrolTOTP(ctx, half, "La Chan")
	if err != nil {
		t.Fatal(err)
	}
	full, err := w.SecondFactor(ctx, half, w.code(t, factor.Secret))
	if err != nil {
		t.Fatal(err)
	}
	sess, err := w.Session(ctx, full)
	if err != nil || sess.State != identity.StateFull {
		t.Fatalf("%+v, %v", sess, err)
	}
	if _, err := w.Session(ctx, cookie); !problem.Is(err, "identity/not-logged-in") {
		t.Fatalf("the half session lives on: %v", err)
	}
	return sess, full, factor.Secret
}

func (w *world) code(t *testing.T, secret string) string {
	t.Helper()
	code, err := identity.Code(secret, w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestSetUpOnceThenLogIn(t *testing.T) {
	w := newWorld(t)
	person := w.setUp(t)
	if _, err := w.SetupLink(t.Context()); !problem.Is(err, "identity/already-set-up") {
		t.Fatalf("a second set-up link: %v", err)
	}
	sess, _, _ := w.logIn(t, "tran.mau")
	if sess.Person != person || sess.Unit != "unit-1" || sess.Name.Reveal() != "Trần Mẫu" || len(sess.Roles) != 1 || !sess.Fresh(w.clock.Now()) {
		t.Fatalf("session %+v", sess)
	}
}

func TestSetupLinkIsOneTimeAndEnds(t *testing.T) {
	w := newWorld(t)
	token, err := w.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(25 * time.Hour)
	if err := w.CheckSetup(t.Context(), token); !problem.Is(err, "identity/link-over") {
		t.Fatalf("got %v", err)
	}
	if err := w.CheckSetup(t.Context(), "AAAA"); !problem.Is(err, "identity/link-over") {
		t.Fatalf("got %v", err)
	}
}

func TestEveryFaultIsNamed(t *testing.T) {
	w := newWorld(t)
	token, err := w.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Setup(t.Context(), token, identity.NewPerson{Login: "x", Roles: []string{"king"}}, "short")
	var got []string
	for _, f := range problem.From(err).Fields {
		got = append(got, f.Name)
	}
	if strings.Join(got, " ") != "name login unit roles password" {
		t.Fatalf("got %v", got)
	}
}

func TestWrongPasswordUnknownNameAndWaiting(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	ctx := t.Context()
	for range 5 {
		if _, _, err := w.Login(ctx, "tran.mau", "not the password"); !problem.Is(err, "identity/wrong-login") {
			t.Fatalf("got %v", err)
		}
		w.clock.Advance(100 * time.Millisecond)
	}
	if _, _, err := w.Login(ctx, "tran.mau", password); !problem.Is(err, "identity/wait") {
		t.Fatalf("got %v", err)
	}
	w.clock.Advance(20 * time.Minute)
	if _, _, err := w.Login(ctx, "tran.mau", password); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.Login(ctx, "nobody", password); !problem.Is(err, "identity/wrong-login") {
		t.Fatalf("got %v", err)
	}
}

func TestACodeIsTakenOnce(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	ctx := t.Context()
	sess, _, secret := w.logIn(t, "tran.mau")
	if err := w.StepUp(ctx, sess, w.code(t, secret)); !problem.Is(err, "identity/wrong-code") {
		t.Fatalf("the code of the log-in was taken again: %v", err)
	}
	w.clock.Advance(time.Minute)
	if err := w.StepUp(ctx, sess, w.code(t, secret)); err != nil {
		t.Fatal(err)
	}
	cookie, state, err := w.Login(ctx, "tran.mau", password)
	if err != nil || state != identity.StateCode {
		t.Fatalf("state %q, %v", state, err)
	}
	half, err := w.Session(ctx, cookie)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.EnrolTOTP(ctx, half, "x"); !problem.Is(err, "identity/not-now") {
		t.Fatalf("a half session got a new second factor: %v", err)
	}
	if _, err := w.SecondFactor(ctx, half, "000000"); !problem.Is(err, "identity/wrong-code") {
		t.Fatalf("got %v", err)
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	ctx := t.Context()
	sess, cookie, _ := w.logIn(t, "tran.mau")
	for range 13 { // busy, but a shift is twelve hours
		w.clock.Advance(55 * time.Minute)
		if _, err := w.Session(ctx, cookie); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(6 * time.Minute)
	if _, err := w.Session(ctx, cookie); !problem.Is(err, "identity/not-logged-in") {
		t.Fatalf("after twelve hours: %v", err)
	}
	if err := w.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	_ = sess
}

func TestTwoHubsServeOneSession(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	_, cookie, _ := w.logIn(t, "tran.mau")
	other := w.another(t)
	sess, err := other.Session(t.Context(), cookie)
	if err != nil || sess.Name.Reveal() != "Trần Mẫu" {
		t.Fatalf("%+v, %v", sess, err)
	}
	if err := other.Logout(t.Context(), sess); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Session(t.Context(), cookie); !problem.Is(err, "identity/not-logged-in") {
		t.Fatalf("got %v", err)
	}
}

func TestCookieWithAnotherSecretIsNoSession(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	_, cookie, _ := w.logIn(t, "tran.mau")
	idPart, _, _ := strings.Cut(cookie, ".")
	forged := idPart + "." + strings.Repeat("A", 43)
	if _, err := w.Session(t.Context(), forged); !problem.Is(err, "identity/not-logged-in") {
		t.Fatalf("got %v", err)
	}
}

func TestInviteRedeemDisable(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	ctx := t.Context()
	admin, _, _ := w.logIn(t, "tran.mau")
	card, err := w.Invite(ctx, admin.Actor(), identity.NewPerson{Name: "Lê Mẫu", Login: "le.mau", Unit: "unit-2", Roles: []string{authz.Triage}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Invite(ctx, admin.Actor(), identity.NewPerson{Name: "Khác", Login: "LE.MAU", Unit: "unit-2", Roles: []string{authz.Triage}})
	if p := problem.From(err); len(p.Fields) != 1 || p.Fields[0].Code != "identity/login-taken" {
		t.Fatalf("got %v", err)
	}
	if _, _, err := w.Login(ctx, "le.mau", password); !problem.Is(err, "identity/wrong-login") {
		t.Fatalf("an account without a password let somebody in: %v", err)
	}
	if login, err := w.Redeem(ctx, card.Token, password); err != nil || login != "le.mau" {
		t.Fatalf("%q, %v", login, err)
	}
	if _, err := w.Redeem(ctx, card.Token, password+"2"); !problem.Is(err, "identity/link-over") {
		t.Fatalf("a card was used twice: %v", err)
	}
	sess, cookie, _ := w.logIn(t, "le.mau")
	if _, err := w.Invite(ctx, sess.Actor(), identity.NewPerson{Name: "X", Login: "x.mau", Unit: "unit-2", Roles: []string{authz.Triage}}); err == nil {
		t.Fatal("a duty officer made an account")
	}
	people, err := w.People(ctx, admin.Actor())
	if err != nil || len(people) != 2 || people[0].Name.Reveal() != "Lê Mẫu" || !people[0].Factor {
		t.Fatalf("%+v, %v", people, err)
	}
	if err := w.Disable(ctx, admin.Actor(), card.Person); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Session(ctx, cookie); !problem.Is(err, "identity/not-logged-in") {
		t.Fatalf("a disabled person is still there: %v", err)
	}
	if members, err := w.Members(ctx, "unit-2"); err != nil || len(members) != 0 {
		t.Fatalf("%v, %v", members, err)
	}
	want := "identity.set-up identity.logged-in identity.invited identity.redeemed identity.logged-in identity.disabled"
	if got := strings.Join(w.ledger.all, " "); got != want {
		t.Fatalf("ledger %s", got)
	}
}

func TestTheDatabaseTellsNoNames(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	_, _, secret := w.logIn(t, "tran.mau")
	var dump strings.Builder
	if err := w.db.Snapshot(t.Context(), &dump, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"Trần Mẫu", "tran.mau", password, secret} {
		if strings.Contains(dump.String(), s) {
			t.Errorf("the database shows %q", s)
		}
	}
}
