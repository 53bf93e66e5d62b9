// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/publicsuffix"

	"lachan/internal/bundle"
	"lachan/internal/testkit"
)

// sharedFolder is the folder of public data beside the repository.
const sharedFolder = "../../../shared/data"

// sharedText is one file of it, unpacked; without it the test is skipped.
func sharedText(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sharedFolder, path))
	if err != nil {
		t.Skipf("../shared/data/%s is absent: %v", path, errors.Unwrap(err))
	}
	if !strings.HasSuffix(path, ".gz") {
		return data
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if data, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return data
}

// plainCount is how the names of a format are counted without its parser: by
// one expression that finds the name in a line, and, for whole files in one
// line, in the text.
var plainCount = map[Format]*regexp.Regexp{
	Plain:      regexp.MustCompile(`(?m)^\.?([^\s#!/*;]+\.[^\s#!/*;]+?)[ \t]*(?:#.*)?\r?$`),
	Wildcard:   regexp.MustCompile(`(?m)^(?:\*\.)?([^\s#!/*;]+\.[^\s#!/*;]+?)[ \t]*\r?$`),
	DNSCrypt:   regexp.MustCompile(`(?m)^(?:\*\.)?([^\s#!/*;]+\.[^\s#!/*;]+?)[ \t]*\r?$`),
	Adblock:    regexp.MustCompile(`(?m)^(?:\|\|(?:\*\.)?([^\s/*^|$]+)\^(?:\$(?:all|important|denyallow=\S+))?|([a-zA-Z0-9_-]+(?:\.[a-zA-Z0-9_-]+)+))\r?$`),
	Dnsmasq:    regexp.MustCompile(`(?m)^(?:address|server|local)=/([^/*]+)/#?\r?$`),
	Unbound:    regexp.MustCompile(`(?m)^local-zone: "([^"]+)\." always_null\r?$`),
	RPZ:        regexp.MustCompile(`(?m)^(?:\*\.)?([^\s;]+)\s+CNAME\s+(?:\.|\*\.|rpz-drop\.)\s*(?:;.*)?\r?$`),
	V2fly:      regexp.MustCompile(`(?m)^(?:full:|domain:)?([^\s:#]+)(?: .*)?\r?$`),
	Clash:      regexp.MustCompile(`(?m)^  - (?:'\+\.|DOMAIN-SUFFIX,)([^'*]+?)'?\r?$`),
	Surge:      regexp.MustCompile(`(?m)^DOMAIN(?:-SUFFIX)?,([^,*\s]+)\r?$`),
	Quantumult: regexp.MustCompile(`(?m)^HOST-SUFFIX,([^,*\s]+),REJECT\r?$`),
	SingBox:    regexp.MustCompile(`"([^"*\s]+\.[^"*\s]+)"`),
	UBlacklist: regexp.MustCompile(`(?m)^\*://\*\.([^/*]+)/\*\r?$`),
	Privoxy:    regexp.MustCompile(`(?m)^\.([^\s/*]+)/?\r?$`),
	TPL:        regexp.MustCompile(`(?m)^-d ([^\s*$]+)\r?$`),
	URLs:       regexp.MustCompile(`(?m)^([^\s/#]+\.[^\s/#]+)\r?$`),
}

// hostsLine is counted word by word.
var hostsLine = regexp.MustCompile(`(?m)^(?:0\.0\.0\.0|127\.0\.0\.1|::1?)[ \t]+([^#\r\n]+)`)

// countPlainly counts the different names in a text, by means that share
// nothing with the parsers but the list of public suffixes.
func countPlainly(format Format, text string) map[string]bool {
	names := map[string]bool{}
	add := func(name string) {
		name = strings.ToLower(strings.TrimSuffix(name, "."))
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" { // in letters of its own: its A-form
			if n, err := bundle.ParseName(name); err == nil {
				name = n.String()
			}
		}
		if format == RPZ && strings.Contains(name[strings.LastIndexByte(name, '.')+1:], "rpz-") {
			return // no name
		}
		_, err := netip.ParseAddr(name)
		suffix, _ := publicsuffix.PublicSuffix(name)
		if err == nil || !strings.Contains(name, ".") || suffix == name || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" ||
			strings.Contains(name, "..") || name[0] == '.' || name == "localhost.localdomain" {
			return
		}
		names[name] = true
	}
	if format == Hosts {
		for _, m := range hostsLine.FindAllStringSubmatch(text, -1) {
			for _, word := range strings.Fields(m[1]) {
				add(word)
			}
		}
		return names
	}
	if find := plainCount[format]; find != nil {
		for _, m := range find.FindAllStringSubmatch(text, -1) {
			add(strings.Join(m[1:], ""))
		}
	}
	return names
}

// formatOf says how a file of the shared folder is written, by its name; what
// is not named here is left to be found out.
func formatOf(path string) Format {
	for _, c := range []struct {
		ending string
		format Format
	}{
		{"domains-formats/abp_modifier_all.txt", Adblock},
		{"domains-formats/abp_plain.txt", Adblock},
		{"domains-formats/abp_real_cosmetic.txt", Adblock},
		{"domains-formats/agh_denyallow_regex.txt", Adblock},
		{"domains-formats/clash.yaml", Clash},
		{"domains-formats/dnscrypt.txt", DNSCrypt},
		{"domains-formats/dnsmasq_address.txt", Dnsmasq},
		{"domains-formats/dnsmasq_local.txt", Dnsmasq},
		{"domains-formats/dnsmasq_server.txt", Dnsmasq},
		{"domains-formats/domains.txt", Plain},
		{"domains-formats/hosts_0000.txt", Hosts},
		{"domains-formats/hosts_stevenblack-style.txt", Hosts},
		{"domains-formats/ip_list.txt", Addresses},
		{"domains-formats/privoxy.action", Privoxy},
		{"domains-formats/quantumult.conf", Quantumult},
		{"domains-formats/rpz_basic.rpz", RPZ},
		{"domains-formats/singbox.json", SingBox},
		{"domains-formats/surge.conf", Surge},
		{"domains-formats/tpl.tpl", TPL},
		{"domains-formats/ublacklist.txt", UBlacklist},
		{"domains-formats/unbound.conf", Unbound},
		{"domains-formats/ut1_domains.txt", Plain},
		{"domains-formats/ut1_expressions.txt", Expressions},
		{"domains-formats/ut1_urls.txt", URLs},
		{"domains-formats/v2fly.txt", V2fly},
		{"domains-formats/wildcard.txt", Wildcard},
		{"/domains.gz", Plain},
		{"/urls.gz", URLs},
		{"expression.gz", Expressions},
		{"expressions.gz", Expressions},
		{"-nl.txt.gz", Plain},
		{"-ags.txt.gz", Adblock},
		{"-dnsmasq.txt.gz", Dnsmasq},
		{".ip.gz", Addresses},
		{"/domain.txt.gz", Plain},
		{"/filter.txt.gz", Adblock},
		{"/hosts.gz", Hosts},
		{"surge-rule.conf.gz", Surge},
		{"quantumult-rule.conf.gz", Quantumult},
		{"sing-box-rule.json.gz", SingBox},
		{"clash-rule.yaml.gz", Clash},
		{"dnsmasq-hostsVN.conf.gz", Dnsmasq},
		{"dnscrypt-hostsVN.txt.gz", DNSCrypt},
	} {
		if strings.HasSuffix(path, c.ending) {
			return c.format
		}
	}
	if strings.Contains(path, "blocklistproject/hosts/") {
		return Hosts
	}
	return Auto
}

// settings are files that hold settings of a program rather than a list; they
// are read without loss, and nothing is expected of their names.
var settings = regexp.MustCompile(`hostsVN/option/hostsVN-(loon|quantumultX|shadowrocket|surge(-pro|-rewrite)?|quantumult-exceptions-rule)\b.*\.conf|hostsVN\.json|usage\.gz$|LICENSE$|(q-\w+)\.txt\.gz$|hostsVN-(surge|quantumultX)-rewrite`)

// Done-when 4: every file imports, and what was taken agrees with a count by
// other means.
func TestEverySharedListAgreesWithAPlainCount(t *testing.T) {
	if _, err := os.Stat(sharedFolder); err != nil {
		t.Skip("../shared/data is absent")
	}
	files := 0
	for _, folder := range []string{"domains", "domains-formats"} {
		err := filepath.WalkDir(filepath.Join(sharedFolder, folder), func(full string, d fs.DirEntry, err error) error {
			path, _ := filepath.Rel(sharedFolder, full)
			if err != nil || d.IsDir() || slices.Contains([]string{"SOURCE.txt", "COUNTS.tsv", "CATEGORIES.tsv", "OVERLAPS.tsv"}, d.Name()) {
				return err
			}
			files++
			t.Run(path, func(t *testing.T) { agree(t, path) })
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d files", files)
}

func agree(t *testing.T, path string) {
	data := sharedText(t, path)
	if len(data) > 8<<20 && testing.Short() {
		t.Skip("a million names are for the long run")
	}
	if len(data) > 1<<20 && testkit.Race {
		t.Skip("read whole where the race detector does not watch")
	}
	r, err := ReadList(bytes.NewReader(data), ReadOptions{Format: formatOf(path), File: path})
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, r)
	lines := bytes.Count(data, []byte{'\n'})
	if len(data) > 0 && data[len(data)-1] != '\n' {
		lines++
	}
	if r.Report.Lines != lines {
		t.Errorf("read %d lines of %d", r.Report.Lines, lines)
	}
	if settings.MatchString(path) {
		t.Logf("settings: %s, %d taken, %v", r.Report.Format, r.Report.Taken, counts(r.Report))
		return
	}
	want := countPlainly(r.Report.Format, strings.TrimPrefix(string(data), byteOrderMark))
	counted := len(want)
	var more []string
	for name := range r.names.all() {
		if !want[name] {
			more = append(more, name)
		}
		delete(want, name)
	}
	missing := slices.Collect(maps.Keys(want))
	if len(missing)+len(more) > 0 {
		t.Errorf("%s: %d taken, %d counted; not taken %d: %.10q; not counted %d: %.10q", r.Report.Format, r.Report.Taken, counted, len(missing), clipList(missing), len(more), clipList(more))
	}
}

func clipList(s []string) []string { return s[:min(len(s), 10)] }

// The figures were read off the files with grep and sort; what differs from
// COUNTS.tsv is accounted for by a reason.
func TestReadRealLists(t *testing.T) {
	for _, c := range []struct {
		path   string
		format Format
		want   Report
		skips  map[Skip]int
	}{
		{"domains/hostsVN/extensions/gambling/domain.txt.gz", Plain, Report{Lines: 65759, Taken: 65757, Duplicates: 1}, map[Skip]int{SkipAddress: 1}},
		{"domains/hostsVN/extensions/gambling/hosts.gz", Hosts, Report{Lines: 65770, Notes: 11, Taken: 65757, Duplicates: 1, Widened: 65758}, map[Skip]int{SkipAddress: 1}},
		{"domains/hostsVN/extensions/gambling/filter.txt.gz", Adblock, Report{Lines: 64700, Notes: 8, Taken: 64662, Duplicates: 14}, map[Skip]int{SkipTLD: 15, SkipAddress: 1}},
		{"domains/ut1/redirector/domains.gz", Plain, Report{Lines: 132323, Taken: 109788}, map[Skip]int{SkipAddress: 22530, SkipSharedSuffix: 5}},
		{"domains-formats/abp_modifier_all.txt", Adblock, Report{Lines: 400, Taken: 400}, map[Skip]int{}},
		{"domains-formats/hosts_stevenblack-style.txt", Hosts, Report{Lines: 417, Notes: 28, Taken: 388, Widened: 388}, map[Skip]int{SkipAddress: 1, SkipLocal: 8}},
		{"domains-formats/rpz_basic.rpz", RPZ, Report{Lines: 27, Notes: 7, Taken: 5, Duplicates: 1, Widened: 4, Exceptions: 1, Kept: 1}, map[Skip]int{SkipTrigger: 7, SkipRedirect: 5, SkipOther: 1}},
	} {
		t.Run(c.path, func(t *testing.T) {
			r, err := ReadList(bytes.NewReader(sharedText(t, c.path)), ReadOptions{Format: c.format})
			if err != nil {
				t.Fatal(err)
			}
			got := r.Report
			skips := counts(got)
			got = Report{Lines: got.Lines, Notes: got.Notes, Taken: got.Taken, Duplicates: got.Duplicates, Widened: got.Widened, Exceptions: got.Exceptions, Kept: got.Kept}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(c.skips, skips); d != "" {
				t.Error(d)
			}
		})
	}
}

// One list in ten syntaxes: the same names out of each.
func TestOneListInManySyntaxes(t *testing.T) {
	want, err := ReadList(bytes.NewReader(sharedText(t, "domains/hostsVN/extensions/threat/domain.txt.gz")), ReadOptions{Format: Plain})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"hosts.gz", "quantumult-rule.conf.gz", "sing-box-rule.json.gz", "surge-rule.conf.gz", "filter.txt.gz"} {
		got, err := ReadList(bytes.NewReader(sharedText(t, "domains/hostsVN/extensions/threat/"+path)), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		missing := 0
		for name := range want.names.all() {
			covered := false
			for parent := range parents(name) {
				_, ok := got.names.find(parent)
				covered = covered || ok
			}
			if !covered {
				missing++
			}
		}
		if missing > want.Report.Taken/1000 {
			t.Errorf("%s (%s): %d of %d names are not covered", path, got.Report.Format, missing, want.Report.Taken)
		}
	}
}
