// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"
	"strings"
	"testing"

	"lachan/internal/bundle"
)

// importAs imports a list of a format without building.
func (k *kit) importAs(t testing.TB, name, category string, format Format, text string) List {
	t.Helper()
	list, err := k.ListImport(context.Background(), lead, ListMeta{Name: name, Category: category, Format: format}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestExceptionsReachTheSchools(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importAs(t, "a", "games", Adblock, "||a-mau.example^\n@@||mo.a-mau.example^\n||x.mo.a-mau.example^$important\n||b-mau.example^\n@@||mo.b-mau.example^\n||c-mau.example^\n@@||mo.c-mau.example^\n||d-mau.example^\n@@||mo.d-mau.example^\n")
	k.importAs(t, "b", "games", Plain, "b-mau.example\ny.mo.a-mau.example\n")         // says the contrary about b
	k.importAs(t, "c", "games", Adblock, "||c-mau.example^\n@@||mo.c-mau.example^\n") // says the same
	k.importAs(t, "d", "gambling", Plain, "mo.d-mau.example\n")                       // another category
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a-mau.example": "games", "www.a-mau.example": "games", "mo.a-mau.example": "", "www.mo.a-mau.example": "",
		"x.mo.a-mau.example": "games", "z.x.mo.a-mau.example": "games", "y.mo.a-mau.example": "games",
		"mo.b-mau.example": "games", "mo.c-mau.example": "", "c-mau.example": "games", "mo.d-mau.example": "gambling", "d-mau.example": "games",
	} {
		if _, code := k.refused(t, name, bundle.Primary); code != want {
			t.Errorf("%s: refused as %q, want %q", name, code, want)
		}
	}
	a, err := k.Lookup(ctx, lead, LookupQuery{Domain: "www.mo.a-mau.example", Band: "primary"})
	if err != nil || a.Blocked || len(a.Lists) != 1 || a.Lists[0].Excepted != "mo.a-mau.example" {
		t.Errorf("%+v %v", a, err)
	}
	// A decision about the excepted name still counts, and a later bundle keeps both.
	if _, err := k.enforce(provisional("mo.a-mau.example")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, code := k.refused(t, "mo.a-mau.example", bundle.Primary); code != bundle.Emergency {
			t.Errorf("the decision lost: %q", code)
		}
		if _, err := k.BuildBundle(ctx, lead); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range []string{"a", "b", "c", "d"} {
		lists, err := k.Lists(ctx, lead)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(lists, func(x List) bool { return x.Name == l })
		if err := k.RemoveList(ctx, lead, lists[i].ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := k.storedExceptions(t); n != 0 {
		t.Errorf("%d exceptions left behind", n)
	}
}

func TestImportSaysWhatChanged(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	first := k.importAs(t, "a", "games", Plain, "a-mau.example\nb-mau.example\nc-mau.example\n")
	if c := first.Report.Changes; c.Before != 0 || c.Added != 3 || c.Removed != 0 || len(c.FirstAdded) != 0 {
		t.Errorf("%+v", c)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	k.clock.Advance(1e9)
	same := k.importAs(t, "a", "games", Hosts, "0.0.0.0 c-mau.example b-mau.example a-mau.example\n")
	if !same.Report.Changes.None() || same.edition != first.edition || !same.Since.Equal(first.Since) || same.Updated.Equal(first.Updated) {
		t.Errorf("%+v", same)
	}
	if lists, _, err := k.Stale(ctx); lists != 0 || err != nil {
		t.Errorf("%d lists stale after an import that changed nothing: %v", lists, err)
	}
	next := k.importAs(t, "a", "games", Plain, "b-mau.example\nd-mau.example\n")
	c := next.Report.Changes
	if c.Before != 3 || c.Added != 1 || c.Removed != 2 || !slices.Equal(c.FirstAdded, []string{"d-mau.example"}) || !slices.Equal(c.FirstRemoved, []string{"a-mau.example", "c-mau.example"}) || c.None() {
		t.Errorf("%+v", c)
	}
	if n := k.storedNames(t); n != 2 {
		t.Errorf("%d names stored", n)
	}
	only := k.importAs(t, "a", "games", Adblock, "||b-mau.example^\n||d-mau.example^\n@@||mo.d-mau.example^\n")
	if !only.Report.Changes.None() || only.edition == next.edition {
		t.Error("a new exception alone made no new edition")
	}
	if moved := k.importAs(t, "a", "gambling", Adblock, "||b-mau.example^\n||d-mau.example^\n@@||mo.d-mau.example^\n"); moved.edition == only.edition {
		t.Error("a new category alone made no new edition")
	}
}
