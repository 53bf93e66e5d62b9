// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"lachan/internal/locale"
)

// Address is one thing by which two reports are found to be about the same.
// Its Value is compared as a keyed hash only, and never stored.
type Address struct {
	Kind  string // url, domain, account, phone
	Value string // canonical
}

// linkInText finds addresses that a child pasted among words.
var linkInText = regexp.MustCompile(`(?i)\b(?:https?://|www\.)[^\s<>"']+`)

// phoneInText finds Vietnamese phone numbers as people write them.
var phoneInText = regexp.MustCompile(`(?:\+?84|0)(?:[\s.-]?\d){8,10}\b`)

// tracking are query fields that do not change what a page shows.
var tracking = []string{"fbclid", "gclid", "igshid", "si", "ref", "share_id", "_r", "_t"}

// AddressesIn lists the addresses in a report's fields and words, without
// duplicates. registrable gives the domain that somebody registered
// ("example.co.uk" of "a.b.example.co.uk").
func AddressesIn(registrable func(host string) string, link, account, phone string, words ...string) []Address {
	var out []Address
	add := func(kind, value string) {
		a := Address{kind, value}
		if value != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	links := strings.Fields(link)
	for _, w := range words {
		links = append(links, linkInText.FindAllString(w, -1)...)
	}
	for _, l := range links {
		if canonical, host, ok := CanonicalURL(l); ok {
			add("url", canonical)
			add("domain", registrable(host))
		}
	}
	add("account", strings.TrimPrefix(strings.ReplaceAll(locale.Fold(account), " ", ""), "@"))
	add("phone", CanonicalPhone(phone))
	for _, w := range words {
		for _, p := range phoneInText.FindAllString(w, -1) {
			add("phone", CanonicalPhone(p))
		}
	}
	return out
}

// CanonicalURL is one spelling of an address: no scheme, lower-case host
// without "www.", no port of the scheme, no fragment, no tracking fields, the
// rest of the query sorted. ok is false for what is not an address.
func CanonicalURL(s string) (canonical, host string, ok bool) {
	s = strings.TrimRight(strings.TrimSpace(s), ".,;)]}”'\"")
	if s == "" || strings.ContainsAny(s, " \t\n") {
		return "", "", false
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !strings.Contains(u.Hostname(), ".") {
		return "", "", false
	}
	host = strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(u.Hostname()), "www."), ".")
	if host == "" || strings.HasPrefix(host, ".") {
		return "", "", false
	}
	port := u.Port()
	if port != "" && port != "80" && port != "443" {
		port = ":" + port
	} else {
		port = ""
	}
	q := u.Query()
	for k := range q {
		if slices.Contains(tracking, k) || strings.HasPrefix(k, "utm_") {
			q.Del(k)
		}
	}
	canonical = host + port + strings.TrimSuffix(u.EscapedPath(), "/")
	if len(q) > 0 {
		canonical += "?" + q.Encode()
	}
	return canonical, host, true
}

// CanonicalPhone is the number's digits with the country's code, "" for what
// is no number.
func CanonicalPhone(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	if strings.HasPrefix(digits, "0") {
		digits = "84" + digits[1:]
	}
	if len(digits) < 10 || len(digits) > 13 {
		return ""
	}
	return digits
}

// Defang makes an address readable and not clickable: hxxps://vidu[.]example.
func Defang(s string) string {
	s = strings.NewReplacer("http://", "hxxp://", "https://", "hxxps://").Replace(s)
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		scheme, rest = "", s
	}
	host, path, slash := strings.Cut(rest, "/")
	host = strings.ReplaceAll(host, ".", "[.]")
	if found {
		scheme += "://"
	}
	if slash {
		path = "/" + path
	}
	return scheme + host + path
}
