// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

var queryCountNames = sqldb.Register("schools_test.count_names", `SELECT COUNT(*) FROM schools_list_name`)

var queryCountExceptions = sqldb.Register("schools_test.count_exceptions", `SELECT COUNT(*) FROM schools_list_exception`)

func (k *kit) storedExceptions(t testing.TB) int {
	t.Helper()
	n, err := sqldb.One(context.Background(), k.db.Read(), queryCountExceptions, sqldb.Scalar[int])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (k *kit) storedNames(t testing.TB) int {
	t.Helper()
	n, err := sqldb.One(context.Background(), k.db.Read(), queryCountNames, sqldb.Scalar[int])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestListNameIsRefusedForPrimaryAndAnsweredForStaff(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importText(t, "Danh sách mẫu", "games", "tro-choi-mau.example\nkhac.example\n")
	for band, want := range map[bundle.Band]bool{bundle.Primary: true, bundle.Staff: false} {
		if no, _ := k.refused(t, "www.tro-choi-mau.example", band); no != want {
			t.Errorf("%s: refused %v", band, no)
		}
		a, err := k.Lookup(ctx, officer, LookupQuery{Domain: "WWW.tro-choi-mau.example", Band: band.String()})
		if err != nil || a.Blocked != want || len(a.Lists) != 1 || a.Lists[0].List != "Danh sách mẫu" || a.Lists[0].Category != "games" || a.Lists[0].Domain != "tro-choi-mau.example" || a.Lists[0].Pending {
			t.Errorf("%s: %+v, %v", band, a, err)
		}
		if want && (a.Code != "games" || a.Matched != "tro-choi-mau.example" || a.Rule != bundle.ByCategory || a.Bundle != 1) {
			t.Errorf("%s: %+v", band, a)
		}
		hits := 0
		for _, s := range a.Steps {
			if s.Hit {
				hits++
				if s.Rule != a.Rule || s.Past {
					t.Errorf("%+v", s)
				}
			}
		}
		if hits != 1 {
			t.Errorf("%d rules decided", hits)
		}
	}
	if _, err := k.enforce(provisional("tro-choi-mau.example")); err != nil {
		t.Fatal(err)
	}
	a, err := k.Lookup(ctx, officer, LookupQuery{Domain: "tro-choi-mau.example", Band: "staff"})
	if err != nil || !a.Blocked || a.Code != bundle.Emergency || len(a.Blocks) != 1 || a.Delta != 1 {
		t.Errorf("after the decision: %+v, %v", a, err)
	}
	if _, err := k.WithdrawBlock(ctx, officer, a.Blocks[0].ID, "mistake"); err != nil {
		t.Fatal(err)
	}
	if a, err = k.Lookup(ctx, officer, LookupQuery{Domain: "tro-choi-mau.example", Band: "staff"}); err != nil || a.Blocked || a.Delta != 2 {
		t.Errorf("after the withdrawal: %+v, %v", a, err)
	}
	if _, err := k.Lookup(ctx, officer, LookupQuery{Domain: "..", Band: "adults"}); len(problem.From(err).Fields) != 2 {
		t.Errorf("%v", err)
	}
	if _, err := k.Lookup(ctx, nobody, LookupQuery{Domain: "a.example", Band: "staff"}); !problem.Is(err, "authz/forbidden") {
		t.Errorf("%v", err)
	}
}

func TestServiceRules(t *testing.T) {
	k := newKit(t)
	k.importText(t, "Mạng xã hội mẫu", "social", "zalo.me\nmang-mau.example\n")
	for _, c := range []struct {
		name string
		band bundle.Band
		want bool
	}{
		{"zalo.me", bundle.LowerSecondary, false}, // a service that is allowed, whatever its category
		{"mang-mau.example", bundle.LowerSecondary, true},
		{"www.tiktok.com", bundle.Primary, true},
		{"www.tiktok.com", bundle.Staff, false},
	} {
		if no, code := k.refused(t, c.name, c.band); no != c.want {
			t.Errorf("%s for %s: %v %s", c.name, c.band, no, code)
		}
	}
}

func TestListImportReplacesWholly(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	first := k.importText(t, "Danh sách", "games", "a-mau.example\nb-mau.example\n")
	second, err := k.ListImport(ctx, lead, ListMeta{Name: "Danh sách", Category: "adult", Format: Plain}, strings.NewReader("b-mau.example\nb-mau.example\nc-mau.example\nvn\nxa-mau.gov.vn"))
	if err != nil || second.ID != first.ID || second.Names != 2 || second.Report.Duplicates != 1 || second.Report.Count(SkipTLD) != 1 || second.Report.Count(SkipProtected) != 1 {
		t.Fatalf("%+v, %v", second, err)
	}
	if n := k.storedNames(t); n != 2 {
		t.Errorf("%d names stored", n)
	}
	a, err := k.Lookup(ctx, lead, LookupQuery{Domain: "c-mau.example", Band: "primary"})
	if err != nil || a.Blocked || len(a.Lists) != 1 || !a.Lists[0].Pending {
		t.Errorf("before the next bundle: %+v, %v", a, err)
	}
	if lists, _, err := k.Stale(ctx); err != nil || lists == 0 {
		t.Errorf("not stale: %d, %v", lists, err)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "a-mau.example", bundle.Primary); no {
		t.Error("a name of the old edition is still refused")
	}
	if lists, _, _ := k.Stale(ctx); lists != 0 {
		t.Errorf("%d lists stale after the build", lists)
	}
	if err := k.RemoveList(ctx, lead, first.ID); err != nil {
		t.Fatal(err)
	}
	if n := k.storedNames(t); n != 0 {
		t.Errorf("%d names left", n)
	}
	if err := k.RemoveList(ctx, lead, first.ID); !problem.Is(err, "schools/no-list") {
		t.Errorf("%v", err)
	}
	if k.ledger.count("schools.list_imported") != 2 || k.ledger.count("schools.list_removed") != 1 || k.ledger.count("schools.bundle_built") != 2 {
		t.Error("the ledger lacks entries")
	}
}

func TestFailedImportChangesNothing(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importText(t, "Danh sách", "games", "a-mau.example\n")
	meta := ListMeta{Name: "Danh sách", Category: "games", Format: Plain}
	half := io.MultiReader(strings.NewReader(strings.Repeat("x", 10)+".example\n"), failing{})
	if _, err := k.ListImport(ctx, lead, meta, half); err == nil {
		t.Fatal("half a list was taken")
	}
	if _, err := k.ListImport(ctx, lead, meta, strings.NewReader("# nothing\n")); !problem.Is(err, "schools/empty-list") {
		t.Errorf("%v", err)
	}
	if _, err := k.ListImport(ctx, lead, ListMeta{}, strings.NewReader("")); len(problem.From(err).Fields) != 2 {
		t.Errorf("want name and category named: %v", err)
	}
	if _, err := k.ListImport(ctx, officer, meta, strings.NewReader("b.example")); !problem.Is(err, "authz/forbidden") {
		t.Errorf("%v", err)
	}
	lists, err := k.Lists(ctx, lead)
	if err != nil || len(lists) != 1 || lists[0].Names != 1 || k.storedNames(t) != 1 {
		t.Errorf("%+v, %v", lists, err)
	}
}

func TestSweepDropsWhatACrashLeft(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	k.importText(t, "Danh sách", "games", "a-mau.example\n")
	err := k.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		edition, err := next(ctx, tx, "edition")
		if err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryEditionBegin, edition, k.now()); err != nil {
			return err
		}
		return insertNames(ctx, tx, edition, []string{"x-mau.example", "y-mau.example"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := k.SweepLists(ctx); n != 0 || err != nil {
		t.Errorf("swept a running import: %d, %v", n, err)
	}
	k.clock.Advance(7 * time.Hour)
	if n, err := k.SweepLists(ctx); n != 1 || err != nil || k.storedNames(t) != 1 {
		t.Errorf("swept %d, %d left, %v", n, k.storedNames(t), err)
	}
}

// Done-when 4: the three formats take the real lists, and say what they did.
func TestImportRealLists(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	for _, c := range []struct {
		path, category string
		format         Format
		names          int
	}{
		{"domains/hostsVN/extensions/gambling/hosts.gz", "gambling", Hosts, 65757},
		{"domains/ut1/games/domains.gz", "games", Plain, 33708},
		{"domains/blocklistproject/adguard/drugs-ags.txt.gz", "drugs", Adblock, 26029},
	} {
		began := time.Now()
		list, err := k.ListImport(ctx, lead, ListMeta{Name: c.path, Category: c.category, Format: c.format}, bytes.NewReader(sharedText(t, c.path)))
		if err != nil {
			t.Fatal(err)
		}
		held := list.Report.Count(SkipProtected)
		if list.Names+held != c.names {
			t.Errorf("%s: %d names and %d held, want %d together", c.path, list.Names, held, c.names)
		}
		t.Logf("%s: %d names, %d skipped (%d held) in %v", c.path, list.Names, list.Report.Skipped, held, time.Since(began).Round(time.Millisecond))
		t.Logf("held: %v", list.Report.Held())
	}
	began := time.Now()
	info, err := k.BuildBundle(ctx, lead)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("bundle of %d names, %d bytes in %v", info.Names, info.Bytes, time.Since(began).Round(time.Millisecond))
	if no, code := k.refused(t, "000000.com", bundle.Primary); !no || code != "gambling" {
		t.Errorf("a name of the list: %v %q", no, code)
	}
	if no, _ := k.refused(t, "000000.com", bundle.Staff); no {
		t.Error("refused for staff")
	}
}

// manyNames writes n different names.
func manyNames(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		out := bufio.NewWriter(w)
		for i := range n {
			fmt.Fprintf(out, "www%d.site%d.example\n", i%7, i*7919%n)
		}
		out.Flush()
		w.Close()
	}()
	return r
}

func BenchmarkImport500k(b *testing.B) {
	for b.Loop() {
		k := newKit(b)
		list, err := k.ListImport(context.Background(), lead, ListMeta{Name: "lớn", Category: "adult", Format: Plain}, manyNames(500_000))
		if err != nil || list.Names < 400_000 {
			b.Fatalf("%d, %v", list.Names, err)
		}
		b.ReportMetric(float64(list.Names), "names")
	}
}

func BenchmarkParse(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		if _, err := ReadList(manyNames(n), ReadOptions{Format: Plain}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/line")
}
