// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/internal/problem"
	"lachan/policy"
)

var operator = authz.Actor{System: true, Session: "admin.sock", Roles: []string{authz.Operator, authz.Admin}}

func is(t *testing.T, err error, code string) {
	t.Helper()
	if !problem.Is(err, code) {
		t.Errorf("%v, want %s", err, code)
	}
}

func TestTokenOfAMachine(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	n := identity.NewToken{Name: "Máy mẫu", Unit: "unit-2", Roles: []string{authz.Lead}, Days: 30}
	text, made, err := w.AddToken(ctx, operator, n)
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.TokenActor(ctx, text)
	if err != nil || a.Unit != "unit-2" || a.Person != "" || a.Token != made.ID || a.Name() != "token:"+made.ID || len(a.Roles) != 1 {
		t.Fatalf("%+v %v", a, err)
	}
	all, err := w.another(t).Tokens(ctx, operator)
	if err != nil || len(all) != 1 || all[0].Used.IsZero() || all[0].By != "system:admin.sock" {
		t.Errorf("%+v %v", all, err)
	}
	for _, wrong := range []string{"", "lachan_", text[:len(text)-1], strings.ToLower(text), text + "A", made.ID} {
		_, err := w.TokenActor(ctx, wrong)
		is(t, err, "identity/unknown-token")
	}
	w.clock.Advance(30*24*time.Hour - time.Second)
	if _, err := w.TokenActor(ctx, text); err != nil {
		t.Errorf("before its end: %v", err)
	}
	w.clock.Advance(time.Second)
	_, err = w.TokenActor(ctx, text)
	is(t, err, "identity/unknown-token")

	text, made, err = w.AddToken(ctx, operator, n)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DropToken(ctx, operator, made.ID); err != nil {
		t.Fatal(err)
	}
	_, err = w.TokenActor(ctx, text)
	is(t, err, "identity/unknown-token")
	is(t, w.DropToken(ctx, operator, made.ID), "identity/no-token")
	if got := strings.Join(w.ledger.all, " "); got != "identity.token-made identity.token-made identity.token-revoked" {
		t.Errorf("ledger: %s", got)
	}
}

// A token for a person has that person's roles of the moment, and none when
// the account has ended.
func TestTokenOfAPerson(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	person := w.setUp(t)
	n := identity.NewToken{Name: "Máy mẫu", Person: person, Unit: "unit-1", Roles: []string{authz.Lead}, Days: 30}
	_, _, err := w.AddToken(ctx, operator, n)
	is(t, err, "identity/not-their-role")
	n.Person = "nobody"
	_, _, err = w.AddToken(ctx, operator, n)
	is(t, err, "identity/no-such-person")
	n.Person, n.Roles = person, []string{authz.Admin}
	text, _, err := w.AddToken(ctx, operator, n)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := w.TokenActor(ctx, text); err != nil || a.Name() != person || a.Token == "" {
		t.Errorf("%+v %v", a, err)
	}
	if err := w.Disable(ctx, operator, person); err != nil {
		t.Fatal(err)
	}
	_, err = w.TokenActor(ctx, text)
	is(t, err, "identity/unknown-token")
}

func TestWhoMakesTokens(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	n := identity.NewToken{Name: "Máy mẫu", Unit: "unit-2", Roles: []string{authz.Lead}, Days: 30}
	for _, role := range []string{authz.Head, authz.Lead, authz.Auditor} {
		_, _, err := w.AddToken(ctx, authz.Actor{Person: "p", Unit: "unit-2", Roles: []string{role}}, n)
		is(t, err, "authz/forbidden")
	}
	// A token with an administrator's role makes no other.
	n.Roles = []string{authz.Admin}
	text, _, err := w.AddToken(ctx, operator, n)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := w.TokenActor(ctx, text)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.AddToken(ctx, machine, n)
	is(t, err, "authz/forbidden")
	_, _, err = w.AddToken(ctx, operator, identity.NewToken{Roles: []string{"king"}, Days: 4000})
	if p := problem.From(err); len(p.Fields) != 4 {
		t.Errorf("%v", p)
	}
}

// Whatever roles a token has, what only a person does is refused to it; for
// itself it does not apply a held list either.
func TestAMachineIsNoPerson(t *testing.T) {
	engine, err := authz.New(policy.FS)
	if err != nil {
		t.Fatal(err)
	}
	all := authz.Actor{Unit: "unit-1", Roles: []string{authz.Lead, authz.Head, authz.Triage, authz.Handler}}
	allowed := func(a authz.Actor, action string) bool {
		_, err := engine.Check(t.Context(), a, action, authz.Resource{Type: "x", Attrs: map[string]any{"unit": "unit-1", "units": []string{"unit-1"}}})
		return err == nil
	}
	for _, action := range []string{"casework.list", "casework.view", "identity.invite", "schools.block_confirm", "reporting.submit", "schools.list_apply"} {
		person, machine, behalf := all, all, all
		person.Person, machine.Token, behalf.Person, behalf.Token = "p", "t", "p", "t"
		if !allowed(person, action) || allowed(machine, action) || allowed(behalf, action) != (action == "schools.list_apply") {
			t.Errorf("%s: %v %v %v", action, allowed(person, action), allowed(machine, action), allowed(behalf, action))
		}
	}
}
