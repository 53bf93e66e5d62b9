// SPDX-License-Identifier: Apache-2.0

package authz_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/policy"
)

var update = flag.Bool("update", false, "write testdata/decisions.txt anew")

func engine(t testing.TB) *authz.Engine {
	t.Helper()
	e, err := authz.New(policy.FS)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The actor of the table is person P in unit U.
func actor(role string) authz.Actor {
	if role == "system" {
		return authz.System("test")
	}
	return authz.Actor{Person: "P", Unit: "U", Roles: []string{role}}
}

type scene struct {
	name  string
	attrs map[string]any
}

func scenes(action string) []scene {
	room, _, _ := strings.Cut(action, ".")
	in := func(more ...any) map[string]any {
		m := map[string]any{"units": []string{"U", "V"}, "owner": "V", "track": "criminal"}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	switch room {
	case "casework":
		return []scene{
			{"own unit", in()},
			{"own unit, takedown track", in("track", "takedown")},
			{"other unit", map[string]any{"units": []string{"V"}}},
			{"offered to own unit", map[string]any{"units": []string{"V"}, "offered": []string{"U"}}},
			{"actor excluded", in("excluded_people", []string{"P"})},
			{"unit excluded", in("excluded_units", []string{"U"})},
			{"second of two, first was another", in("first_person", "Q")},
			{"second of two, first was the actor", in("first_person", "P")},
			{"approving another's result", in("approving", true, "handler", "Q")},
			{"approving own result", in("approving", true, "handler", "P")},
			{"proposing, a second will follow", in("proposing", true)},
			{"nothing known", nil},
		}
	case "schools":
		return []scene{
			{"own school", map[string]any{"unit": "U"}},
			{"other school", map[string]any{"unit": "V"}},
			{"shared name, no first person", map[string]any{"needs_second": true}},
			{"shared name, first was another", map[string]any{"needs_second": true, "first_person": "Q"}},
			{"shared name, first was the actor", map[string]any{"needs_second": true, "first_person": "P"}},
			{"shared name, two persons decided", map[string]any{"needs_second": true, "first_person": "Q", "second_person": "R"}},
			{"nothing known", nil},
		}
	case "identity":
		return []scene{
			{"own unit", map[string]any{"unit": "U", "person": "Q", "roles": []string{"handler"}}},
			{"own unit, an administrator's role", map[string]any{"unit": "U", "person": "Q", "roles": []string{"admin"}}},
			{"other unit", map[string]any{"unit": "V", "person": "Q"}},
			{"own account", map[string]any{"unit": "U", "person": "P"}},
			{"own unit stands in", map[string]any{"unit": "V", "stand_in": "U"}},
		}
	default:
		return []scene{
			{"own unit", map[string]any{"unit": "U"}},
			{"unit below own", map[string]any{"unit": "V", "under": []string{"U"}}},
			{"other unit", map[string]any{"unit": "V"}},
			{"submitted by the actor", map[string]any{"unit": "V", "submitted_by": "P"}},
		}
	}
}

func TestDecisionTable(t *testing.T) {
	e, ctx := engine(t), context.Background()
	var b strings.Builder
	fmt.Fprintln(&b, "# action | scene | who is allowed. Written by: go test ./internal/authz -run DecisionTable -update")
	for _, action := range e.Actions() {
		for _, s := range scenes(action) {
			var allowed []string
			for _, role := range append(authz.Roles(), "system") {
				if _, err := e.Check(ctx, actor(role), action, authz.Resource{Type: "test", ID: "X", Attrs: s.attrs}); err == nil {
					allowed = append(allowed, role)
				}
			}
			who := strings.Join(allowed, " ")
			if who == "" {
				who = "nobody"
			}
			fmt.Fprintf(&b, "%s | %s | %s\n", action, s.name, who)
		}
	}
	const golden = "testdata/decisions.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, old := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(old)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(old) {
			w = old[i]
		}
		if g != w {
			t.Fatalf("line %d\n got %s\nwant %s", i+1, g, w)
		}
	}
}

// The actions that rooms use today. One that no rule names is a fault.
func TestEveryActionInUseIsNamed(t *testing.T) {
	inUse := strings.Fields(`
		casework.list casework.view casework.triage casework.decide casework.refer casework.accept casework.answer
		casework.close casework.roster casework.override casework.export
		schools.view schools.edit schools.list_import schools.list_apply schools.export schools.block_confirm schools.block_withdraw schools.enrol_node schools.lookup
		reporting.view reporting.acknowledge reporting.fill reporting.submit reporting.return reporting.accept
		reporting.consolidate reporting.build
		org.view org.edit ledger.view ledger.export identity.invite identity.disable identity.reseal hub.backup hub.settings`)
	have := engine(t).Actions()
	for _, a := range inUse {
		if !slices.Contains(have, a) {
			t.Errorf("no rule names %s", a)
		}
	}
}

func TestNobodyHandlesACaseAboutHimself(t *testing.T) {
	e, ctx := engine(t), context.Background()
	all := authz.Actor{Person: "P", Unit: "U", Roles: authz.Roles()}
	for _, action := range e.Actions() {
		if !strings.HasPrefix(action, "casework.") {
			continue
		}
		for _, attrs := range []map[string]any{
			{"units": []string{"U"}, "offered": []string{"U"}, "excluded_people": []string{"P"}},
			{"units": []string{"U"}, "offered": []string{"U"}, "excluded_units": []string{"U"}},
		} {
			_, err := e.Check(ctx, all, action, authz.Resource{Type: "casework.case", ID: "X", Attrs: attrs})
			if !problem.Is(err, "authz/not-found") {
				t.Errorf("%s: got %v", action, err)
			}
		}
	}
}

func TestHiddenIsNotFound(t *testing.T) {
	e, ctx := engine(t), context.Background()
	a := authz.Actor{Person: "P", Unit: "U", Roles: []string{authz.Triage}}
	r := authz.Resource{Type: "casework.case", ID: "X", Attrs: map[string]any{"units": []string{"V"}}}
	if _, err := e.Check(ctx, a, "casework.view", r); !problem.Is(err, "authz/forbidden") {
		t.Fatalf("got %v", err)
	}
	r.Hidden = true
	if _, err := e.Check(ctx, a, "casework.view", r); !problem.Is(err, "authz/not-found") {
		t.Fatalf("got %v", err)
	}
}

func TestNoUnitIsNotTheSameAsNoUnit(t *testing.T) {
	e, ctx := engine(t), context.Background()
	a := authz.Actor{Person: "P", Roles: []string{authz.Focal}}
	r := authz.Resource{Type: "reporting.submission", ID: "X", Attrs: map[string]any{"unit": ""}}
	if _, err := e.Check(ctx, a, "reporting.submit", r); err == nil {
		t.Fatal("an actor without a unit submitted for a thing without a unit")
	}
	export := authz.Resource{Type: "casework.case", ID: "X", Attrs: map[string]any{"units": []string{"U"}, "first_person": ""}}
	c := authz.Actor{Person: "P", Unit: "U", Roles: []string{authz.Custodian}}
	if _, err := e.Check(ctx, c, "casework.export", export); err == nil {
		t.Fatal("nobody counted as the first of two persons")
	}
}

func TestPermitSaysWhy(t *testing.T) {
	e, ctx := engine(t), context.Background()
	a := authz.Actor{Person: "P", Unit: "U", Roles: []string{authz.Head}}
	p, err := e.Check(ctx, a, "casework.view", authz.Resource{
		Type: "casework.case", ID: "X", Attrs: map[string]any{"units": []string{"U"}, "offered": []string{"U"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"casework.view", "casework.view-offered"}; !slices.Equal(p.Policies(), want) {
		t.Fatalf("got %v", p.Policies())
	}
	if !p.Covers("casework.view", "X") || p.Covers("casework.view", "Y") || p.Covers("casework.decide", "X") {
		t.Fatal("a permit must cover its own act and no other")
	}
	if (authz.Permit{}).Covers("", "") {
		t.Fatal("the zero permit covers something")
	}
}

func TestUnknownActionAndUnreadableAttributeAreErrors(t *testing.T) {
	e, ctx := engine(t), context.Background()
	if _, err := e.Check(ctx, actor("head"), "casework.veiw", authz.Resource{}); err == nil || problem.KindOf(err) != problem.Internal {
		t.Fatalf("got %v", err)
	}
	_, err := e.Check(ctx, actor("head"), "casework.view", authz.Resource{Attrs: map[string]any{"units": 1.5}})
	if err == nil || problem.KindOf(err) != problem.Internal {
		t.Fatalf("got %v", err)
	}
}

// A rule that cannot be evaluated denies even where another permits.
func TestAnUnreadableRuleDenies(t *testing.T) {
	e, err := authz.New(fstest.MapFS{"x.cedar": {Data: []byte(`
		@id("x.may") permit (principal, action == Action::"x.do", resource);
		@id("x.not") forbid (principal, action == Action::"x.do", resource) when { resource.secret };`)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Check(context.Background(), actor("head"), "x.do", authz.Resource{Type: "x", ID: "1"}); !problem.Is(err, "authz/forbidden") {
		t.Fatalf("got %v", err)
	}
}

func TestFaultyPolicyFilesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"no id":            `permit (principal, action == Action::"x.do", resource);`,
		"foreign id":       `@id("y.do") permit (principal, action == Action::"x.do", resource);`,
		"id twice":         `@id("x.a") permit (principal, action == Action::"x.do", resource); @id("x.a") permit (principal, action == Action::"x.do", resource);`,
		"permit all":       `@id("x.a") permit (principal, action, resource);`,
		"not an action":    `@id("x.a") permit (principal, action == Verb::"x.do", resource);`,
		"unknown answer":   `@id("x.a") @answer("maybe") forbid (principal, action, resource);`,
		"answer of permit": `@id("x.a") @answer("not-found") permit (principal, action == Action::"x.do", resource);`,
		"not Cedar":        `allow everybody`,
		"nothing":          ``,
	} {
		if _, err := authz.New(fstest.MapFS{"x.cedar": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	e, ctx := engine(b), context.Background()
	a := authz.Actor{Person: "P", Unit: "U", Roles: []string{authz.Handler, authz.Triage}, Functions: []string{"duty"}}
	r := authz.Resource{Type: "casework.case", ID: "X", Attrs: map[string]any{
		"units": []string{"U", "V", "W"}, "owner": "U", "excluded_people": []string{"Q", "R"}, "excluded_units": []string{"Z"},
		"handler": "P", "track": "criminal",
	}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Check(ctx, a, "casework.decide", r); err != nil {
			b.Fatal(err)
		}
	}
}
