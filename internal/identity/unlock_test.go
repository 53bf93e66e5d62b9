// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
	"lachan/policy"
)

// The hub's own secrets are what identity asks for.
var _ identity.Keys = (*vault.Secrets)(nil)

const phrase = "con mèo ngủ trên mái nhà"

// keyWorld has a vault, an administrator, and units duty (with stand as its
// stand-in) and other.
type keyWorld struct {
	*world
	admin identity.Session
	vault *vault.Vault
}

func newKeyWorld(t *testing.T) *keyWorld {
	t.Helper()
	w := &keyWorld{world: newWorld(t)}
	secrets, err := vault.OpenSecrets(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w.vault, err = vault.New(vault.Deps{DB: w.db, Clock: w.clock, Secrets: secrets, KDF: vault.KDF{MemoryKiB: 64, Passes: 1, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	w.equip(w.Service)
	w.setUp(t)
	w.admin, _, _ = w.logIn(t, "tran.mau")
	return w
}

func (w *keyWorld) equip(s *identity.Service) {
	s.Vault = w.vault
	s.StandIn = func(_ context.Context, unit string) (string, error) {
		if unit == "duty" {
			return "stand", nil
		}
		return "", nil
	}
}

// visitor is a logged-in person.
type visitor struct {
	id, cookie, secret string
}

func (w *keyWorld) enrol(t *testing.T, login, unit string, roles ...string) visitor {
	t.Helper()
	card, err := w.Invite(t.Context(), w.admin.Actor(), identity.NewPerson{Name: "Người Mẫu", Login: login, Unit: unit, Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Redeem(t.Context(), card.Token, password); err != nil {
		t.Fatal(err)
	}
	_, cookie, secret := w.logIn(t, login)
	return visitor{card.Person, cookie, secret}
}

func (w *keyWorld) session(t *testing.T, v visitor) identity.Session {
	t.Helper()
	sess, err := w.Session(t.Context(), v.cookie)
	if err != nil {
		t.Fatal(err)
	}
	return sess
}

func (w *keyWorld) first(t *testing.T, v visitor) identity.Unlocking {
	t.Helper()
	done, err := w.FirstUnlock(t.Context(), w.session(t, v), phrase)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func (w *keyWorld) unlock(t *testing.T, v visitor) identity.Unlocking {
	t.Helper()
	done, err := w.Unlock(t.Context(), w.session(t, v), phrase)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// sealCase makes a case of a unit with one message.
func (w *keyWorld) sealCase(t *testing.T, caseID, unit string) []byte {
	t.Helper()
	var sealed []byte
	err := w.db.Tx(t.Context(), func(ctx context.Context, tx *sqldb.Tx) error {
		c, _, err := w.vault.Sealer().NewCase(ctx, tx, caseID, vault.Audience{Units: map[vault.Group][]string{vault.Narrative: {unit}}})
		if err != nil {
			return err
		}
		sealed, err = c.Seal(vault.Narrative, "m", 1, []byte("mẫu"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// reads opens the message with the session's key on the given hub.
func (w *keyWorld) reads(t *testing.T, hub *identity.Service, v visitor, caseID, unit string, sealed []byte) error {
	t.Helper()
	sess, err := hub.Session(t.Context(), v.cookie)
	if err != nil {
		return err
	}
	u, err := hub.Opened(t.Context(), sess)
	if err != nil {
		return err
	}
	engine, err := authz.New(policy.FS)
	if err != nil {
		t.Fatal(err)
	}
	permit, err := engine.Check(t.Context(), sess.Actor(), "casework.view", authz.Resource{
		Type: "casework.case", ID: caseID, Attrs: map[string]any{"units": []string{unit}},
	})
	if err != nil {
		return err
	}
	keys, err := u.OpenCase(t.Context(), w.db.Read(), permit, caseID)
	if err != nil {
		return err
	}
	_, err = keys.Open(vault.Narrative, "m", 1, sealed)
	return err
}

func TestFirstMemberMakesTheUnitsKeyTheNextWaits(t *testing.T) {
	w := newKeyWorld(t)
	an, ba := w.enrol(t, "an.mau", "duty", authz.Triage), w.enrol(t, "ba.mau", "duty", authz.Handler)
	if _, err := w.Unlock(t.Context(), w.session(t, an), phrase); !problem.Is(err, "identity/no-passphrase") {
		t.Fatalf("got %v", err)
	}
	if done := w.first(t, an); !slices.Equal(done.Made, []string{"duty"}) || !slices.Equal(done.Opened, []string{"duty"}) {
		t.Fatalf("%+v", done)
	}
	if _, err := w.FirstUnlock(t.Context(), w.session(t, an), phrase); !problem.Is(err, "identity/has-passphrase") {
		t.Fatalf("got %v", err)
	}
	if done := w.first(t, ba); !slices.Equal(done.Waiting, []string{"duty"}) || len(done.Made) != 0 {
		t.Fatalf("%+v", done)
	}
	sealed := w.sealCase(t, "c1", "duty")
	if err := w.reads(t, w.Service, an, "c1", "duty", sealed); err != nil {
		t.Fatal(err)
	}
	if err := w.reads(t, w.Service, ba, "c1", "duty", sealed); !problem.Is(err, "vault/no-key") {
		t.Fatalf("while waiting: %v", err)
	}
	if err := w.Reseal(t.Context(), w.session(t, ba), "duty", ba.id); !problem.Is(err, "vault/no-key") {
		t.Fatalf("gave himself the key: %v", err)
	}
	if err := w.Reseal(t.Context(), w.session(t, an), "duty", ba.id); err != nil {
		t.Fatal(err)
	}
	if err := w.reads(t, w.Service, ba, "c1", "duty", sealed); err != nil {
		t.Fatal(err)
	}
	if state, err := w.UnitKey(t.Context(), "duty"); err != nil || len(state.Members) != 2 || len(state.Waiting) != 0 {
		t.Fatalf("%+v, %v", state, err)
	}
}

func TestAnotherHubServesTheUnlockedSession(t *testing.T) {
	w := newKeyWorld(t)
	an := w.enrol(t, "an.mau", "duty", authz.Triage)
	w.first(t, an)
	sealed := w.sealCase(t, "c1", "duty")
	second := w.another(t)
	w.equip(second)
	if err := w.reads(t, second, an, "c1", "duty", sealed); err != nil {
		t.Fatal(err)
	}
	if err := second.Lock(t.Context(), w.session(t, an)); err != nil {
		t.Fatal(err)
	}
	if err := w.reads(t, w.Service, an, "c1", "duty", sealed); !problem.Is(err, "identity/locked") {
		t.Fatalf("locked on one hub, open on the other: %v", err)
	}
	if done := w.unlock(t, an); !slices.Equal(done.Opened, []string{"duty"}) {
		t.Fatalf("%+v", done)
	}
	if err := w.reads(t, w.Service, an, "c1", "duty", sealed); err != nil {
		t.Fatal(err)
	}
	if err := w.Logout(t.Context(), w.session(t, an)); err != nil {
		t.Fatal(err)
	}
	if err := w.reads(t, second, an, "c1", "duty", sealed); !problem.Is(err, "identity/not-logged-in") {
		t.Fatalf("after the log-out: %v", err)
	}
}

// The key in one session's row does not open with another session's cookie.
func TestAStolenRowOpensNothing(t *testing.T) {
	w := newKeyWorld(t)
	an := w.enrol(t, "an.mau", "duty", authz.Triage)
	ba := w.enrol(t, "ba.mau", "duty", authz.Triage)
	w.first(t, an)
	if _, err := w.db.Writer().Exec(`UPDATE identity_session SET wrapped_key = (SELECT wrapped_key FROM identity_session WHERE person_id = $1) WHERE person_id = $2`, an.id, ba.id); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Opened(t.Context(), w.session(t, ba)); !problem.Is(err, "identity/locked") {
		t.Fatalf("got %v", err)
	}
}

func TestRunningTheMachineGivesNoKey(t *testing.T) {
	w := newKeyWorld(t)
	boss := w.enrol(t, "boss.mau", "duty", authz.Head, authz.Admin)
	focal := w.enrol(t, "focal.mau", "duty", authz.Focal)
	for _, v := range []visitor{boss, focal} {
		if done := w.first(t, v); len(done.Made)+len(done.Opened)+len(done.Waiting) != 0 {
			t.Fatalf("%+v", done)
		}
	}
	an := w.enrol(t, "an.mau", "duty", authz.Triage)
	w.first(t, an)
	for _, v := range []visitor{boss, w.enrol(t, "far.mau", "other", authz.Triage)} {
		if err := w.Reseal(t.Context(), w.session(t, an), "duty", v.id); !problem.Is(err, "identity/not-a-member") {
			t.Fatalf("got %v", err)
		}
	}
}

func TestWrongPassphrasesSlowTheAccountDown(t *testing.T) {
	w := newKeyWorld(t)
	an := w.enrol(t, "an.mau", "duty", authz.Triage)
	w.first(t, an)
	for range 5 {
		if _, err := w.Unlock(t.Context(), w.session(t, an), "không phải cụm này"); !problem.Is(err, "vault/wrong-passphrase") {
			t.Fatalf("got %v", err)
		}
	}
	if _, err := w.Unlock(t.Context(), w.session(t, an), phrase); !problem.Is(err, "identity/wait") {
		t.Fatalf("got %v", err)
	}
	w.clock.Advance(20 * time.Minute)
	w.unlock(t, an)
}

func TestNewPassphrasesWantAFreshCode(t *testing.T) {
	w := newKeyWorld(t)
	an := w.enrol(t, "an.mau", "duty", authz.Triage)
	w.first(t, an)
	w.clock.Advance(6 * time.Minute)
	if err := w.ChangePassphrase(t.Context(), w.session(t, an), phrase, "một câu khác hẳn"); !problem.Is(err, "identity/step-up") {
		t.Fatalf("got %v", err)
	}
	if _, err := w.ForgottenPassphrase(t.Context(), w.session(t, an), "một câu khác hẳn"); !problem.Is(err, "identity/step-up") {
		t.Fatalf("got %v", err)
	}
	if err := w.StepUp(t.Context(), w.session(t, an), w.code(t, an.secret)); err != nil {
		t.Fatal(err)
	}
	if err := w.ChangePassphrase(t.Context(), w.session(t, an), phrase, "ngắn"); !problem.Is(err, "vault/short-passphrase") {
		t.Fatalf("got %v", err)
	}
	if err := w.ChangePassphrase(t.Context(), w.session(t, an), phrase, "một câu khác hẳn"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Unlock(t.Context(), w.session(t, an), phrase); !problem.Is(err, "vault/wrong-passphrase") {
		t.Fatalf("got %v", err)
	}
	if done, err := w.Unlock(t.Context(), w.session(t, an), "một câu khác hẳn"); err != nil || len(done.Opened) != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
}

func TestTwoOfTheStandInUnitHelp(t *testing.T) {
	w := newKeyWorld(t)
	s1, s2 := w.enrol(t, "s1.mau", "stand", authz.Handler), w.enrol(t, "s2.mau", "stand", authz.Handler)
	w.first(t, s1)
	w.first(t, s2)
	an := w.enrol(t, "an.mau", "duty", authz.Triage)
	w.first(t, an)
	sealed := w.sealCase(t, "c1", "duty")
	if done, err := w.ForgottenPassphrase(t.Context(), w.session(t, an), phrase); err != nil || !slices.Equal(done.Waiting, []string{"duty"}) {
		t.Fatalf("%+v, %v", done, err)
	}
	if err := w.Help(t.Context(), w.session(t, s1), "duty", an.id); err != nil {
		t.Fatal(err)
	}
	if done := w.unlock(t, an); !slices.Equal(done.Waiting, []string{"duty"}) {
		t.Fatalf("one was enough: %+v", done)
	}
	if err := w.Help(t.Context(), w.session(t, an), "duty", an.id); !problem.Is(err, "authz/forbidden") {
		t.Fatalf("helped himself: %v", err)
	}
	if err := w.Help(t.Context(), w.session(t, s2), "duty", an.id); err != nil {
		t.Fatal(err)
	}
	if done := w.unlock(t, an); !slices.Equal(done.Opened, []string{"duty"}) {
		t.Fatalf("%+v", done)
	}
	if err := w.reads(t, w.Service, an, "c1", "duty", sealed); err != nil {
		t.Fatal(err)
	}
}

func TestRecoveryGivesAUnitBack(t *testing.T) {
	w := newKeyWorld(t)
	an := w.enrol(t, "an.mau", "duty", authz.Triage)
	w.first(t, an)
	sealed := w.sealCase(t, "c1", "duty")
	if _, err := w.MakeRecovery(t.Context(), w.session(t, an)); !problem.Is(err, "authz/forbidden") {
		t.Fatalf("a duty officer made the recovery key: %v", err)
	}
	shares, err := w.MakeRecovery(t.Context(), w.admin)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := w.Recovery(t.Context()); err != nil || !r.Exists || r.Confirmed {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := w.ConfirmRecovery(t.Context(), w.admin, shares[1]); err != nil {
		t.Fatal(err)
	}
	w.unlock(t, an) // seals the unit's key to the recovery key
	if ready, err := w.Intake(t.Context(), "duty"); err != nil || ready.Open() || !ready.Recovery {
		t.Fatalf("one member is not enough: %+v, %v", ready, err)
	}
	if _, err := w.ForgottenPassphrase(t.Context(), w.session(t, an), phrase); err != nil {
		t.Fatal(err)
	}
	if err := w.Recover(t.Context(), w.admin, shares[:2], "duty", w.admin.Person); !problem.Is(err, "identity/not-a-member") {
		t.Fatalf("the administrator took the key: %v", err)
	}
	if err := w.Recover(t.Context(), w.admin, shares[:1], "duty", an.id); !problem.Is(err, "vault/bad-share") {
		t.Fatalf("got %v", err)
	}
	if err := w.Recover(t.Context(), w.admin, shares[:2], "duty", an.id); err != nil {
		t.Fatal(err)
	}
	if err := w.reads(t, w.Service, an, "c1", "duty", sealed); err != nil {
		t.Fatal(err)
	}
}

func TestDisablingRotatesTheUnitsKey(t *testing.T) {
	w := newKeyWorld(t)
	an, ba := w.enrol(t, "an.mau", "duty", authz.Triage), w.enrol(t, "ba.mau", "duty", authz.Triage)
	w.first(t, an)
	w.first(t, ba)
	if err := w.Reseal(t.Context(), w.session(t, an), "duty", ba.id); err != nil {
		t.Fatal(err)
	}
	before := w.sealCase(t, "c1", "duty")
	if err := w.Disable(t.Context(), w.admin.Actor(), ba.id); err != nil {
		t.Fatal(err)
	}
	state, err := w.UnitKey(t.Context(), "duty")
	if err != nil || state.Version != 2 || !slices.Equal(state.Members, []string{an.id}) {
		t.Fatalf("%+v, %v", state, err)
	}
	if err := w.reads(t, w.Service, ba, "c1", "duty", before); !problem.Is(err, "identity/not-logged-in") {
		t.Fatalf("got %v", err)
	}
	after := w.sealCase(t, "c2", "duty")
	w.unlock(t, an) // links the versions
	chi := w.enrol(t, "chi.mau", "duty", authz.Triage)
	w.first(t, chi)
	if err := w.Reseal(t.Context(), w.session(t, an), "duty", chi.id); err != nil {
		t.Fatal(err)
	}
	for _, v := range []visitor{an, chi} {
		if err := w.reads(t, w.Service, v, "c1", "duty", before); err != nil {
			t.Fatal(err)
		}
		if err := w.reads(t, w.Service, v, "c2", "duty", after); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(w.ledger.all, " "); !strings.Contains(got, "identity.unit-key-rotated identity.disabled") {
		t.Fatalf("ledger %s", got)
	}
}

func TestWithoutAVaultNothingOpens(t *testing.T) {
	w := newWorld(t)
	w.setUp(t)
	sess, _, _ := w.logIn(t, "tran.mau")
	if _, err := w.Unlock(t.Context(), sess, phrase); !problem.Is(err, "identity/locked") {
		t.Fatalf("got %v", err)
	}
	if _, err := w.Opened(t.Context(), sess); !problem.Is(err, "identity/locked") {
		t.Fatalf("got %v", err)
	}
}
