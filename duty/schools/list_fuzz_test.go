// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lachan/internal/bundle"
)

// seeds are small texts of every syntax, with what has broken parsers before.
func seeds() []string {
	return []string{
		"", "\ufeff", "a.example\r\n", "||a.example^\n", "0.0.0.0 a.example b.example\n", "@@||x^\n", "##", "#@#", "/", "//", "$", "||$", "||^", "[", "[]", "!",
		"*.a.example", "*.", ".", "..", "xn--", "xn--a.example", "thủđô.vn", "\xff\xfe", strings.Repeat("a", 70) + ".example", strings.Repeat("a.", 200) + "b",
		"127.0.0.1", "::1 localhost", "#a#b", "a#b", "a # b", "\x00", "||a.example^$", "com.vn", "blogspot.com", "%", "a\u200bb.example",
		"@@", "|", "||", "://", "|https://", "||a.example^$denyallow=", "||a.example^$badfilter\n||a.example^", `/(^|\.)a\.b$/`, `/^a{99}{99}\.b$/`, "/$/", "@@/x/",
		"address=/a.example/#\n", "address=/", "address=//", "server=/#/", "local=", "=", "local-zone: \"a.example\" static\n", "local-zone:", "local-data: \"\"", "local-data: \"a.b A ::\"",
		"$ORIGIN a.\nb.a. CNAME .", "$", "( ; )\n)", "a CNAME\n  A", "\" ; (", "@ SOA a b (\n1 )", "*.a.b CNAME .\na.b CNAME .", "=a.example", "a@b", "domain:", "full:a.b @c", "include:",
		"payload:\n - '", "- ", "- DOMAIN,", "DOMAIN-SUFFIX,a.example,DIRECT", ",,,", "[Rule]\nDOMAIN", "{", "{{", "{+block}\n.a.example\n{-block}\n.b.a.example", "{+block}\n.", "-d", "+d a.b", "-d a b",
		"*://*.a.example/*", "@*://", "@", "*://", "[\"a.example\"]", "{\"rules\":[{\"domain\":[\"a.b\"],\"port\":1}]}", "[[[[", "{\"a\":{\"b\":", "\"\\ud800\"", "1e999", "[1,\n\n\"a.b\"\n]", "\x1f\x8b",
	}
}

// Any bytes never panic, and no line is lost: lines are notes or bear entries,
// and each entry is taken, known already, an exception, or skipped with a
// reason (accounted). What was taken is a name that reads back as itself.
func fuzzFormat(f *testing.F, format Format, samples ...string) {
	for _, s := range seeds() {
		f.Add(s)
	}
	for _, s := range samples {
		if data, err := os.ReadFile(filepath.Join(sharedFolder, "domains-formats", s)); err == nil {
			f.Add(string(data[:min(len(data), 4000)]))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ReadList(strings.NewReader(text), ReadOptions{Format: format})
		if err != nil {
			if strings.HasPrefix(text, "\x1f\x8b") {
				return // damaged gzip is an error of reading
			}
			t.Fatal(err)
		}
		accounted(t, r)
		last := ""
		for name := range r.names.all() {
			again, err := bundle.ParseName(name)
			if err != nil || again.String() != name || again.Labels() < 2 || name <= last {
				t.Fatalf("took %q after %q: %v", name, last, err)
			}
			last = name
		}
		for _, name := range r.exceptions {
			if _, ok := r.names.find(name); ok {
				t.Fatalf("%q is on the list and an exception of it", name)
			}
		}
	})
}

func FuzzReadAuto(f *testing.F)  { fuzzFormat(f, Auto, "domains.txt", "clash.yaml", "singbox.json") }
func FuzzReadPlain(f *testing.F) { fuzzFormat(f, Plain, "domains.txt", "wildcard.txt") }
func FuzzReadHosts(f *testing.F) { fuzzFormat(f, Hosts, "hosts_stevenblack-style.txt") }
func FuzzReadAdblock(f *testing.F) {
	fuzzFormat(f, Adblock, "abp_real_cosmetic.txt", "agh_denyallow_regex.txt")
}

func FuzzReadDnsmasq(f *testing.F) {
	fuzzFormat(f, Dnsmasq, "dnsmasq_address.txt", "dnsmasq_server.txt")
}
func FuzzReadUnbound(f *testing.F)    { fuzzFormat(f, Unbound, "unbound.conf") }
func FuzzReadRPZ(f *testing.F)        { fuzzFormat(f, RPZ, "rpz_basic.rpz") }
func FuzzReadDNSCrypt(f *testing.F)   { fuzzFormat(f, DNSCrypt, "dnscrypt.txt") }
func FuzzReadV2fly(f *testing.F)      { fuzzFormat(f, V2fly, "v2fly.txt") }
func FuzzReadClash(f *testing.F)      { fuzzFormat(f, Clash, "clash.yaml") }
func FuzzReadSingBox(f *testing.F)    { fuzzFormat(f, SingBox, "singbox.json") }
func FuzzReadRules(f *testing.F)      { fuzzFormat(f, Surge, "surge.conf", "quantumult.conf") }
func FuzzReadPrivoxy(f *testing.F)    { fuzzFormat(f, Privoxy, "privoxy.action") }
func FuzzReadTPL(f *testing.F)        { fuzzFormat(f, TPL, "tpl.tpl") }
func FuzzReadUBlacklist(f *testing.F) { fuzzFormat(f, UBlacklist, "ublacklist.txt") }
func FuzzReadExpressions(f *testing.F) {
	fuzzFormat(f, Expressions, "ut1_expressions.txt", "ut1_urls.txt")
}
