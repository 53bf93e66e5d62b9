// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

// memory is a Sink that keeps what it got.
type memory struct {
	order []string
	seen  map[string]bool
}

func (m *memory) Add(names []bundle.Name) (int, error) {
	if m.seen == nil {
		m.seen = map[string]bool{}
	}
	fresh := 0
	for _, n := range names {
		if s := n.String(); !m.seen[s] {
			m.seen[s], fresh = true, fresh+1
			m.order = append(m.order, s)
		}
	}
	return fresh, nil
}

func read(t *testing.T, format Format, text string) (Report, []string) {
	t.Helper()
	var m memory
	report, err := ReadList(strings.NewReader(text), format, nil, &m)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, r := range report.Reasons {
		sum += r.Count
	}
	if sum != report.Skipped {
		t.Fatalf("%d lines skipped, %d with a reason", report.Skipped, sum)
	}
	return report, m.order
}

func counts(r Report) map[Skip]int {
	m := map[Skip]int{}
	for _, s := range r.Reasons {
		m[s.Code] = s.Count
	}
	return m
}

func TestReadListFormats(t *testing.T) {
	for _, c := range []struct {
		name   string
		format Format
		text   string
		taken  []string
		skips  map[Skip]int
		notes  int
		dupes  int
		wide   int
	}{
		{
			name: "plain with everything that is found in the wild", format: Plain,
			text: "\ufeff# title\r\n\r\nExample.COM\r\nexample.com.\r\n*.wild.example\r\n.dot.example\r\n" +
				"thủđô.vn\r\nthu\u0309đo\u0302.vn\r\n192.0.2.7\r\n2001:db8::1\r\n192.0.2.0/24\r\nvn\r\ncom.vn\r\nblogspot.com\r\n" +
				"https://a.example/x\r\ntwo words\r\na..b\r\nlast.example # why\r\n! note",
			taken: []string{"example.com", "wild.example", "dot.example", "xn--th-9ja9i637n.vn", "last.example"},
			skips: map[Skip]int{SkipAddress: 3, SkipTLD: 1, SkipSuffix: 1, SkipSharedSuffix: 1, SkipURL: 1, SkipSyntax: 1, SkipName: 1},
			notes: 3, dupes: 2, wide: 2,
		},
		{
			name: "hosts", format: Hosts,
			text: "# hosts\n127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n255.255.255.255 broadcasthost\n" +
				"0.0.0.0 a.example b.example # two\n:: c.example\n127.0.0.1\td.example\n192.0.2.1 real.example\nno-address.example\n0.0.0.0\n0.0.0.0 0.0.0.0\n",
			taken: []string{"a.example", "b.example", "c.example", "d.example"},
			skips: map[Skip]int{SkipLocal: 4, SkipRedirect: 1, SkipSyntax: 2, SkipAddress: 1}, notes: 1,
		},
		{
			name: "adblock", format: Adblock,
			text: "[Adblock Plus 2.0]\n! Title\n||a.example^\n||a.example^$important\n||b.example^$third-party\n@@||ok.example^\n" +
				"c.example##.ad\n##.banner\n###id\n#### a heading ####\n#@#.x\nd.example#?#div:has(a)\n/ads[0-9]/\n||e.example\n||*.f.example^\n|http://g.example\nh.example\n||i.example/path^\n||com^\n# a remark\n",
			taken: []string{"a.example"},
			skips: map[Skip]int{SkipModifier: 2, SkipException: 1, SkipCosmetic: 5, SkipRegex: 1, SkipPattern: 5, SkipTLD: 1}, notes: 4,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			report, taken := read(t, c.format, c.text)
			if d := cmp.Diff(c.taken, taken); d != "" {
				t.Error("taken:", d)
			}
			if d := cmp.Diff(c.skips, counts(report)); d != "" {
				t.Error("skipped:", d)
			}
			if report.Notes != c.notes || report.Duplicates != c.dupes || report.Widened != c.wide || report.Taken != len(c.taken) {
				t.Errorf("notes %d, duplicates %d, widened %d, taken %d", report.Notes, report.Duplicates, report.Widened, report.Taken)
			}
		})
	}
}

func TestReadListShowsTwentyLinesOfAReason(t *testing.T) {
	report, _ := read(t, Plain, strings.Repeat("vn\n", 50)+"ok.example\n")
	if len(report.Reasons) != 1 || report.Reasons[0].Count != 50 || len(report.Reasons[0].Lines) != 20 || report.Reasons[0].Lines[19].Number != 20 {
		t.Fatalf("%+v", report.Reasons)
	}
}

func TestReadListBoundsALine(t *testing.T) {
	report, taken := read(t, Plain, strings.Repeat("a", 5*MaxLine)+"\nok.example\n"+strings.Repeat("b", MaxLine)+"\nx.example")
	if d := cmp.Diff([]string{"ok.example", "x.example"}, taken); d != "" || report.Count(SkipTooLong) != 2 || report.Lines != 4 {
		t.Fatalf("%s %+v", d, report)
	}
}

type broken struct{}

func (broken) Add([]bundle.Name) (int, error) { return 0, errors.New("disk full") }

func TestReadListReportsFailures(t *testing.T) {
	if _, err := ReadList(strings.NewReader("a.example"), Plain, nil, broken{}); err == nil {
		t.Error("the sink's error was lost")
	}
	if _, err := ReadList(strings.NewReader("a.example"), "pdf", nil, &memory{}); !problem.Is(err, "schools/unknown-format") {
		t.Errorf("got %v", err)
	}
	if _, err := ReadList(io.MultiReader(strings.NewReader("a.example\n"), failing{}), Plain, nil, &memory{}); err == nil {
		t.Error("the reader's error was lost")
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection lost") }

// sharedData is the folder of real lists beside the repository, or "".
func sharedData(t testing.TB, path string) io.ReadCloser {
	t.Helper()
	full := filepath.Join("..", "..", "..", "shared", "data", path)
	f, err := os.Open(full)
	if err != nil {
		t.Skipf("the real list %s is not on this machine: %v", path, errors.Unwrap(err))
	}
	t.Cleanup(func() { f.Close() })
	if !strings.HasSuffix(path, ".gz") {
		return f
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// The figures were read off the files with grep and sort, and what differs
// from COUNTS.tsv is accounted for by a reason.
func TestReadRealLists(t *testing.T) {
	for _, c := range []struct {
		path   string
		format Format
		want   Report
		skips  map[Skip]int
	}{
		{path: "domains/hostsVN/extensions/gambling/domain.txt.gz", format: Plain, want: Report{Lines: 65759, Taken: 65757, Duplicates: 1}, skips: map[Skip]int{SkipAddress: 1}},
		{path: "domains/hostsVN/extensions/gambling/hosts.gz", format: Hosts, want: Report{Lines: 65770, Notes: 11, Taken: 65757, Duplicates: 1}, skips: map[Skip]int{SkipAddress: 1}},
		{path: "domains/hostsVN/extensions/gambling/filter.txt.gz", format: Adblock, want: Report{Lines: 64700, Notes: 8, Taken: 64662, Duplicates: 14}, skips: map[Skip]int{SkipTLD: 15, SkipAddress: 1}},
		{path: "domains/blocklistproject/adguard/drugs-ags.txt.gz", format: Adblock, want: Report{Lines: 26042, Notes: 13, Taken: 26029}, skips: map[Skip]int{}},
		{path: "domains/blocklistproject/hosts/piracy.txt.gz", format: Hosts, want: Report{Lines: 2167, Notes: 13, Taken: 2154}, skips: map[Skip]int{}},
		{path: "domains/ut1/gambling/domains.gz", format: Plain, want: Report{Lines: 32247, Taken: 32232}, skips: map[Skip]int{SkipAddress: 14, SkipSuffix: 1}},
		{path: "domains/ut1/games/domains.gz", format: Plain, want: Report{Lines: 33741, Taken: 33708}, skips: map[Skip]int{SkipAddress: 26, SkipSuffix: 1, SkipSharedSuffix: 6}},
		{path: "domains/ut1/redirector/domains.gz", format: Plain, want: Report{Lines: 132323, Taken: 109788}, skips: map[Skip]int{SkipAddress: 22530, SkipSharedSuffix: 5}},
		{path: "domains-formats/abp_real_cosmetic.txt", format: Adblock, want: Report{Lines: 400, Notes: 22, Taken: 53}, skips: map[Skip]int{SkipCosmetic: 94, SkipModifier: 157, SkipPattern: 47, SkipRegex: 27}},
		{path: "domains-formats/agh_denyallow_regex.txt", format: Adblock, want: Report{Lines: 400, Notes: 88, Taken: 225}, skips: map[Skip]int{SkipException: 6, SkipModifier: 16, SkipPattern: 59, SkipRegex: 6}},
		{path: "domains-formats/abp_modifier_all.txt", format: Adblock, want: Report{Lines: 400}, skips: map[Skip]int{SkipModifier: 400}},
		{path: "domains-formats/hosts_stevenblack-style.txt", format: Hosts, want: Report{Lines: 417, Notes: 28, Taken: 388}, skips: map[Skip]int{SkipAddress: 1, SkipLocal: 8}},
	} {
		t.Run(c.path, func(t *testing.T) {
			var m memory
			got, err := ReadList(sharedData(t, c.path), c.format, nil, &m)
			if err != nil {
				t.Fatal(err)
			}
			got2 := got
			got2.Reasons = nil
			if got2.Lines != c.want.Lines || got2.Taken != c.want.Taken || got2.Duplicates != c.want.Duplicates || got2.Notes != c.want.Notes {
				t.Errorf("want: Report{Lines: %d, Notes: %d, Taken: %d, Duplicates: %d}, skips: %v", got2.Lines, got2.Notes, got2.Taken, got2.Duplicates, counts(got))
			}
			if d := cmp.Diff(c.skips, counts(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzReadList(f *testing.F) {
	for _, seed := range []string{
		"", "\ufeff", "a.example\r\n", "||a.example^\n", "0.0.0.0 a.example b.example\n", "@@||x^\n", "##", "#@#", "/", "//", "$", "||$", "||^", "[", "[]", "!",
		"*.a.example", "*.", ".", "..", "xn--", "xn--a.example", "thủđô.vn", "\xff\xfe", strings.Repeat("a", 70) + ".example", strings.Repeat("a.", 200) + "b",
		"127.0.0.1", "::1 localhost", "#a#b", "a#b", "a # b", "\x00", "||a.example^$", "com.vn", "blogspot.com", "%", "a\u200bb.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range Formats() {
			var m memory
			report, err := ReadList(strings.NewReader(text), format, nil, &m)
			if err != nil {
				t.Fatal(err)
			}
			if report.Taken != len(m.order) {
				t.Fatalf("%s: took %d, reported %d", format, len(m.order), report.Taken)
			}
			if format != Hosts && report.Notes+report.Taken+report.Duplicates+report.Skipped != report.Lines {
				t.Fatalf("%s: %d lines, accounted %+v", format, report.Lines, report)
			}
			for _, name := range m.order {
				again, err := bundle.ParseName(name)
				if err != nil || again.String() != name || again.Labels() < 2 {
					t.Fatalf("%s: took %q: %v", format, name, err)
				}
			}
		}
	})
}
