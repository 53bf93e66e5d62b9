// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lachan/internal/authz"
	"lachan/internal/problem"
)

// licensed imports a list that may be passed on, without building.
func (k *kit) licensed(t testing.TB, name, category, licence string, format Format, text string) List {
	t.Helper()
	list, err := k.ListImport(context.Background(), lead, ListMeta{Name: name, Category: category, Licence: licence, Format: format}, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (k *kit) export(t testing.TB, q ExportQuery) (string, ExportInfo) {
	t.Helper()
	var out bytes.Buffer
	q.Province = "Tỉnh mẫu"
	info, err := k.Export(context.Background(), lead, q, &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), info
}

// readBack reads an export as one imports a list.
func readBack(t testing.TB, format Format, text string) (names []string, r Report) {
	t.Helper()
	read, err := ReadList(strings.NewReader(text), ReadOptions{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range read.names.rows {
		names = append(names, string(read.names.text(row)))
	}
	slices.Sort(names)
	return names, read.Report
}

// filled is a room with lists of every sort, a decision over the bundle and
// one below a never-block name.
func filled(t testing.TB) *kit {
	t.Helper()
	k, ctx := newKit(t), context.Background()
	k.licensed(t, "trò chơi\n0.0.0.0 chen-dong.example", "games", "MIT", Adblock, "||a-mau.example^\n@@||mo.a-mau.example^\n||x.mo.a-mau.example^$important\n||tro-mau.example^\n")
	k.licensed(t, "cá cược", "gambling", "CC0-1.0", Plain, "ca-cuoc-mau.example\ntro-mau.example\n")
	k.licensed(t, "phim", "video", "MIT", Plain, "phim-mau.example\nm.youtube.com\n")
	k.licensed(t, "không phép", "gambling", "", Plain, "khong-phep-mau.example\n")
	if _, err := k.enforce(EnforceCommand{
		DecisionID: "legal-1", CaseID: "case-1", Domain: "tinh-mau.example", Kind: Legal, Basis: "4569/2", Authority: authority,
		ProposedBy: officer.Person, Second: officer2.Person, Policies: []string{"casework.decide"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if _, err := k.enforce(provisional("chan-mau.example")); err != nil {
		t.Fatal(err)
	}
	k.licensed(t, "chưa dựng", "gambling", "MIT", Plain, "chua-dung-mau.example\n")
	return k
}

// What is written in each format is read back as the same names, each of which
// Lookup refuses; what stays open below one is said where the format can.
func TestExportReadsBackTheSame(t *testing.T) {
	k, ctx := filled(t), context.Background()
	plain, info := k.export(t, ExportQuery{Band: "primary", Format: Plain})
	all, _ := readBack(t, Plain, plain)
	if len(all) != info.Names || len(all) < 60 {
		t.Fatalf("%d names read of %d", len(all), info.Names)
	}
	for name, want := range map[string]bool{
		"a-mau.example": true, "x.mo.a-mau.example": true, "ca-cuoc-mau.example": true, "tro-mau.example": true, "chan-mau.example": true,
		"tiktok.com": true, "mo.a-mau.example": false, "phim-mau.example": false, "khong-phep-mau.example": false,
		"chua-dung-mau.example": false, "chen-dong.example": false, "youtube.com": false, "bao-tin.tinh-mau.example": false,
		"tinh-mau.example": false, // it lies above a never-block name, and this format cannot spare that
	} {
		if slices.Contains(all, name) != want {
			t.Errorf("%s: exported %v, want %v", name, !want, want)
		}
	}
	if info.LeftOut != 1 || info.Unsaid == 0 || info.Allowed != 0 || !slices.Equal(info.Without, []string{"không phép"}) || len(info.Lists) != 2 {
		t.Errorf("%+v", info)
	}
	for _, name := range all {
		if a, err := k.Lookup(ctx, lead, LookupQuery{Domain: name, Band: "primary"}); err != nil || !a.Blocked {
			t.Errorf("%s is exported, and Lookup answers it: %v", name, err)
		}
	}
	for _, format := range ExportFormats() {
		t.Run(string(format), func(t *testing.T) {
			text, info := k.export(t, ExportQuery{Band: "primary", Format: format})
			got, report := readBack(t, format, text)
			want := slices.Clone(all)
			if info.Allowed > 0 {
				want = append(want, "tinh-mau.example")
				slices.Sort(want)
				if format != Adblock { // the longest match decides there; our reader lets an exception win
					want = slices.DeleteFunc(want, func(n string) bool { return n == "x.mo.a-mau.example" })
				}
				if report.Exceptions != info.Allowed*map[bool]int{true: 2, false: 1}[format == RPZ] {
					t.Errorf("%d exceptions read of %d", report.Exceptions, info.Allowed)
				}
			}
			if !slices.Equal(got, want) || report.Skipped != info.Names-len(want) && format != RPZ {
				t.Errorf("%d names, want %d; skipped %+v\n%v", len(got), len(want), report.Reasons, difference(got, want))
			}
			for _, line := range []string{"province: Tỉnh mẫu", "band: primary", "bundle: 1", "delta: 2", fmt.Sprintf("names: %d", info.Names), "list: cá cược; gambling", "list-licence: CC0-1.0"} {
				if !strings.Contains(text, line+"\n") {
					t.Errorf("the head does not say %q", line)
				}
			}
			if strings.Contains(text, "\n0.0.0.0 chen-dong.example") {
				t.Error("a list's name wrote a line")
			}
		})
	}
}

func difference(a, b []string) (only []string) {
	for _, n := range a {
		if !slices.Contains(b, n) {
			only = append(only, "+"+n)
		}
	}
	for _, n := range b {
		if !slices.Contains(a, n) {
			only = append(only, "-"+n)
		}
	}
	return only
}

func TestExportByFormat(t *testing.T) {
	k := filled(t)
	for format, lines := range map[Format][]string{
		Hosts:   {"0.0.0.0 a-mau.example"},
		Plain:   {"a-mau.example"},
		Adblock: {"||a-mau.example^", "@@||mo.a-mau.example^", "||x.mo.a-mau.example^$important", "@@||bao-tin.tinh-mau.example^"},
		Dnsmasq: {"local=/a-mau.example/", "server=/mo.a-mau.example/#", "local=/x.mo.a-mau.example/"},
		RPZ:     {"@ SOA localhost. root.localhost. 3 3600 600 604800 300", "@ NS localhost.", "a-mau.example CNAME .", "*.a-mau.example CNAME .", "*.mo.a-mau.example CNAME rpz-passthru."},
		Unbound: {"server:", `local-zone: "a-mau.example." always_nxdomain`, `local-zone: "mo.a-mau.example." always_transparent`},
	} {
		text, _ := k.export(t, ExportQuery{Band: "primary", Format: format})
		for _, line := range lines {
			if !strings.Contains(text, "\n"+line+"\n") {
				t.Errorf("%s does not say %q", format, line)
			}
		}
	}
	if text, info := k.export(t, ExportQuery{Band: "primary", Format: Plain, Unlicensed: true}); !strings.Contains(text, "\nkhong-phep-mau.example\n") || len(info.Without) != 0 {
		t.Error("the list without a licence was asked for")
	}
	// A lesson refuses more, and what a service allows stays open.
	lesson, _ := k.export(t, ExportQuery{Band: "upper_secondary", Period: "lesson", Format: Plain})
	if !strings.Contains(lesson, "\nphim-mau.example\n") || strings.Contains(lesson, "youtube.com") {
		t.Error("the period does not count")
	}
	staff, _ := k.export(t, ExportQuery{Band: "staff", Format: Plain})
	if strings.Contains(staff, "ca-cuoc-mau") || !strings.Contains(staff, "\nchan-mau.example\n") {
		t.Error("staff are refused decisions, and no games of chance")
	}
}

func TestNeverBlockNamesAreNeverExported(t *testing.T) {
	k := filled(t)
	for _, band := range []string{"preschool", "primary", "staff"} {
		for _, format := range ExportFormats() {
			text, _ := k.export(t, ExportQuery{Band: band, Format: format, Unlicensed: true})
			names, _ := readBack(t, format, text)
			for _, never := range k.catalogue.never.all() {
				if slices.Contains(names, never.String()) {
					t.Errorf("%s %s: %s", band, format, never)
				}
				for parent := range parents(never.String()) {
					if slices.Contains(names, parent) && !strings.Contains(text, never.String()) {
						t.Errorf("%s %s: %s is refused by its parent %s", band, format, never, parent)
					}
				}
			}
		}
	}
}

func TestExportMergesPages(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	if _, err := k.Export(ctx, lead, ExportQuery{Band: "primary", Format: Plain}, &bytes.Buffer{}); !problem.Is(err, "schools/no-bundle") {
		t.Fatalf("before the first bundle: %v", err)
	}
	list := func(from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "n%05d.mau.example\n", i)
		}
		return b.String()
	}
	k.licensed(t, "a", "gambling", "MIT", Plain, list(0, 10_000))
	k.licensed(t, "b", "games", "MIT", Plain, list(5_500, 11_500))
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	text, info := k.export(t, ExportQuery{Band: "primary", Format: Plain})
	var names []string
	for line := range strings.Lines(text) {
		if strings.HasSuffix(line, ".mau.example\n") {
			names = append(names, line)
		}
	}
	if len(names) != 11_500 || info.Names < len(names) || !slices.IsSorted(names) || len(slices.Compact(names)) != 11_500 {
		t.Errorf("%d names, sorted %v", len(names), slices.IsSorted(names))
	}
	// A list is replaced while the file is being written: what is read goes on
	// to its end, and no half list is taken for a whole one.
	replaced := false
	var whole bytes.Buffer
	_, err := k.Export(ctx, lead, ExportQuery{Band: "primary", Format: Plain}, writerFunc(func(p []byte) (int, error) {
		if !replaced {
			replaced = true
			k.licensed(t, "a", "gambling", "MIT", Plain, "khac-mau.example\n")
		}
		return whole.Write(p)
	}))
	if n := strings.Count(whole.String(), ".mau.example\n"); !replaced || err != nil || n != 11_500 {
		t.Errorf("replaced %v: %d names, %v", replaced, n, err)
	}
	full := errors.New("full")
	if _, err := k.Export(ctx, lead, ExportQuery{Band: "primary", Format: Plain}, writerFunc(func([]byte) (int, error) { return 0, full })); !errors.Is(err, full) {
		t.Errorf("a writer that fails: %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestWhoMayExport(t *testing.T) {
	k, ctx := filled(t), context.Background()
	own, other := k.school(t, "truong-a", "primary"), k.school(t, "truong-b", "lower_secondary")
	ask := func(as authz.Actor, q ExportQuery) (string, error) {
		var out bytes.Buffer
		q.Format = Plain
		_, err := k.Export(ctx, as, q, &out)
		return out.String(), err
	}
	teacher := teacherOf("truong-a")
	before := k.ledger.count("schools.exported")
	if text, err := ask(teacher, ExportQuery{Band: "primary", School: own.ID}); err != nil || !strings.Contains(text, "a-mau.example") {
		t.Errorf("a teacher for his own school: %v", err)
	}
	if k.ledger.count("schools.exported") != before+1 {
		t.Error("the ledger does not know")
	}
	for name, c := range map[string]struct {
		as authz.Actor
		q  ExportQuery
	}{
		"a teacher for all":         {teacher, ExportQuery{Band: "primary"}},
		"a teacher, another school": {teacher, ExportQuery{Band: "lower_secondary", School: other.ID}},
		"a teacher, another band":   {teacher, ExportQuery{Band: "staff", School: own.ID}},
		"a handler":                 {officer, ExportQuery{Band: "primary"}},
		"nobody":                    {nobody, ExportQuery{Band: "primary"}},
		"no such band":              {lead, ExportQuery{Band: "x"}},
		"no such period":            {lead, ExportQuery{Band: "primary", Period: "x"}},
	} {
		if text, err := ask(c.as, c.q); err == nil || text != "" {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	if _, err := k.Export(ctx, lead, ExportQuery{Band: "primary", Format: Surge}, &bytes.Buffer{}); !problem.Is(err, "input/faulty") {
		t.Errorf("a format that is only read: %v", err)
	}
	if k.ledger.count("schools.exported") != before+1 {
		t.Error("what was refused is in the ledger as done")
	}
}

func TestZoneSerialGrows(t *testing.T) {
	k, ctx := filled(t), context.Background()
	serial := func() (n int) {
		text, _ := k.export(t, ExportQuery{Band: "primary", Format: RPZ})
		_, after, _ := strings.Cut(text, "root.localhost. ")
		if _, err := fmt.Sscan(after, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := serial()
	if again := serial(); again != first {
		t.Errorf("nothing changed: %d, %d", first, again)
	}
	if _, err := k.enforce(provisional("moi-mau.example")); err != nil {
		t.Fatal(err)
	}
	second := serial()
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		t.Fatal(err)
	}
	if third := serial(); !(first < second && second < third) {
		t.Errorf("%d, %d, %d", first, second, third)
	}
}
