// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"path"
	"slices"
	"strings"
)

// Format is how a list is written.
type Format string

// The formats. A format is a syntax, not a maker: what several programs read
// alike has one entry.
const (
	Auto        Format = "auto"        // found out from the first lines
	Plain       Format = "domains"     // one name a line
	Wildcard    Format = "wildcard"    // "*.example.com" a line
	Hosts       Format = "hosts"       // "0.0.0.0 example.com", hosts(5)
	Adblock     Format = "adblock"     // "||example.com^", as AdGuard's DNS filters read it
	Dnsmasq     Format = "dnsmasq"     // "address=/example.com/#"
	Unbound     Format = "unbound"     // "local-zone: "example.com." always_null"
	RPZ         Format = "rpz"         // a response policy zone's master file
	DNSCrypt    Format = "dnscrypt"    // blocked names of dnscrypt-proxy
	V2fly       Format = "v2fly"       // "domain:", "full:", "include:"
	Clash       Format = "clash"       // a YAML rule provider
	SingBox     Format = "singbox"     // a JSON rule set
	Surge       Format = "surge"       // "DOMAIN-SUFFIX,example.com"
	Quantumult  Format = "quantumult"  // "HOST-SUFFIX,example.com,REJECT"
	Privoxy     Format = "privoxy"     // an action file
	TPL         Format = "tpl"         // a tracking protection list
	UBlacklist  Format = "ublacklist"  // "*://*.example.com/*"
	URLs        Format = "urls"        // pages, as UT1's file of that name: nothing is taken
	Expressions Format = "expressions" // regular expressions, as UT1's file of that name: nothing is taken
	Addresses   Format = "addresses"   // IP addresses: nothing is taken
)

// grammar is what is known of a format.
type grammar struct {
	code Format
	// line reads one line that is neither empty nor too long. It must call
	// note, or count one entry or more (name, exact, except, skip), never both.
	line func(*lineReader, string)
	// whole reads a format that is not made of lines; nil for the others.
	whole func(*lineReader, *bufio.Reader) error
	// looks reports whether a line is one that this format writes.
	looks func(line string) bool
	// files are names of files, or endings of them, that usually hold it.
	files []string
}

// grammars is the table of all formats, in the order in which pages offer
// them. Where several look alike the earlier one is taken.
func grammars() []grammar {
	return []grammar{
		{code: Plain, line: (*lineReader).plain, looks: looksPlain, files: []string{"domains", "domain.txt", "-nl.txt"}},
		{code: Wildcard, line: (*lineReader).plain, looks: looksWildcard},
		{code: Hosts, line: (*lineReader).hosts, looks: looksHosts, files: []string{"hosts", "hosts.txt"}},
		{code: Adblock, line: (*lineReader).adblock, looks: looksAdblock, files: []string{"-ags.txt", "filter.txt", "filters.txt"}},
		{code: Dnsmasq, line: (*lineReader).dnsmasq, looks: looksDnsmasq, files: []string{"-dnsmasq.txt", "dnsmasq.conf"}},
		{code: Unbound, line: (*lineReader).unbound, looks: looksUnbound, files: []string{"unbound.conf"}},
		{code: RPZ, line: (*lineReader).rpz, looks: looksRPZ, files: []string{".rpz", ".zone"}},
		{code: DNSCrypt, line: (*lineReader).dnscrypt, looks: looksDNSCrypt, files: []string{"blocked-names.txt", "dnscrypt.txt"}},
		{code: V2fly, line: (*lineReader).v2fly, looks: looksV2fly},
		{code: Clash, line: (*lineReader).clash, looks: looksClash, files: []string{".yaml", ".yml"}},
		{code: SingBox, whole: (*lineReader).singBox, looks: looksJSON, files: []string{".json"}},
		{code: Surge, line: (*lineReader).rules, looks: looksSurge},
		{code: Quantumult, line: (*lineReader).rules, looks: looksQuantumult},
		{code: Privoxy, line: (*lineReader).privoxy, looks: looksPrivoxy, files: []string{".action"}},
		{code: TPL, line: (*lineReader).tpl, looks: looksTPL, files: []string{".tpl"}},
		{code: UBlacklist, line: (*lineReader).ublacklist, looks: looksUBlacklist},
		{code: URLs, line: (*lineReader).plain, looks: looksURL, files: []string{"urls"}},
		{code: Expressions, line: (*lineReader).expressions, looks: looksExpression, files: []string{"expressions", "very_restrictive_expression"}},
		{code: Addresses, line: (*lineReader).plain, looks: looksAddress, files: []string{".ip"}},
	}
}

// Formats lists the formats in the order in which pages offer them, Auto
// first.
func Formats() []Format {
	all := []Format{Auto}
	for _, s := range grammars() {
		all = append(all, s.code)
	}
	return all
}

func grammarOf(f Format) (grammar, bool) {
	all := grammars()
	i := slices.IndexFunc(all, func(s grammar) bool { return s.code == f })
	if i < 0 {
		return grammar{}, false
	}
	return all[i], true
}

// hinted reports whether a file of this name usually holds the format.
func (s grammar) hinted(file string) bool {
	base := strings.TrimSuffix(strings.ToLower(path.Base(file)), ".gz")
	return slices.ContainsFunc(s.files, func(f string) bool {
		return base == f || strings.HasSuffix(base, f) && strings.ContainsAny(f[:1], ".-")
	})
}
