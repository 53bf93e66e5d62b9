// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"errors"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"lachan/internal/bundle"
)

var errAddress = errors.New("crawl: no address of the web")

// session are names of sessions, and values that look like one.
var (
	sessionName  = regexp.MustCompile(`^(?i:phpsessid|jsessionid|aspsessionid[a-z]*|asp\.net_sessionid|sid|sessionid|session_id|cfid|cftoken|zenid|oscsid)$`)
	sessionValue = regexp.MustCompile(`^[0-9A-Za-z._~-]{8,}$`)
	sessionPath  = regexp.MustCompile(`(?i);jsessionid=[^/;?]*`)
)

// tracking are parameters that tell where a visitor came from.
func tracking(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "fbclid", "gclid", "gclsrc", "dclid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "zarsrc", "mc_cid", "mc_eid", "_ga", "_gl", "spm":
		return true
	}
	return strings.HasPrefix(name, "utm_")
}

// Canon is the one spelling of the address that ref names on the page base,
// which may be nil: scheme and host in small letters, a host of letters as
// A-labels, no default port, no user, no fragment, dots in the path resolved,
// percent-encoding in its normal form (RFC 3986 §6.2), and without parameters
// that name a campaign or a session. Anything but http and https is refused.
func Canon(base *url.URL, ref string) (string, error) {
	ref = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return -1
		}
		return r
	}, strings.TrimSpace(ref))
	u, err := url.Parse(ref)
	if err != nil {
		return "", errAddress
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" || u.Opaque != "" || u.User != nil {
		return "", errAddress
	}
	host, err := canonHost(u)
	if err != nil {
		return "", err
	}
	out := u.Scheme + "://" + host + canonPath(u.EscapedPath())
	if q := canonQuery(u.RawQuery); q != "" {
		out += "?" + q
	}
	return out, nil
}

func canonHost(u *url.URL) (string, error) {
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	port := u.Port()
	if port == "80" && u.Scheme == "http" || port == "443" && u.Scheme == "https" {
		port = ""
	}
	switch {
	case host == "" || len(host) > 300:
		return "", errAddress
	case strings.Contains(host, ":"):
		if strings.ContainsAny(host, "%[]") {
			return "", errAddress
		}
		host = "[" + host + "]"
	case !isPlainHost(host):
		name, err := bundle.ParseName(host)
		if err != nil {
			return "", errAddress
		}
		host = name.String()
	}
	if port != "" {
		host += ":" + port
	}
	return host, nil
}

// isPlainHost reports whether a host needs no translation.
func isPlainHost(host string) bool {
	return strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == "" && !strings.Contains(host, "..")
}

func canonPath(escaped string) string {
	escaped = sessionPath.ReplaceAllString(escaped, "")
	text := normal(escaped, "/:@!$&'()*+,;=")
	if text == "" {
		return "/"
	}
	// path.Clean would join double slashes, which some servers tell apart.
	parts := strings.Split(text, "/")
	out := parts[:0:0]
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case p == "." && !last:
		case p == ".":
			out = append(out, "")
		case p == "..":
			if len(out) > 1 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, p)
		}
	}
	joined := strings.Join(out, "/")
	if !strings.HasPrefix(joined, "/") {
		joined = "/" + joined
	}
	return joined
}

func canonQuery(raw string) string {
	var kept []string
	for _, pair := range strings.Split(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		if pair == "" || tracking(plain) || sessionName.MatchString(plain) && sessionValue.MatchString(value) {
			continue
		}
		kept = append(kept, normal(pair, "/:@!$'()*+,;=?"))
	}
	return strings.Join(kept, "&")
}

// normal writes percent-encoding in its one form: what needs none is bare, the
// rest in large letters. keep are the delimiters that may stand bare.
func normal(s, keep string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		escaped := c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2])
		if escaped {
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		case !escaped && strings.IndexByte(keep, c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c >= 'a':
		return c - 'a' + 10
	case c >= 'A':
		return c - 'A' + 10
	}
	return c - '0'
}

// key is what makes two addresses the same one: the order of parameters does
// not tell them apart, nor a default document.
func key(canonical string) string {
	head, query, ok := strings.Cut(canonical, "?")
	switch base := path.Base(head); base {
	case "index.html", "index.htm", "index.php", "default.aspx", "default.asp":
		head = strings.TrimSuffix(head, base)
	}
	if !ok {
		return head
	}
	pairs := strings.Split(query, "&")
	slices.Sort(pairs)
	return head + "?" + strings.Join(pairs, "&")
}

// pattern is an address with what counts up taken out: the unit in which a site
// repeats itself.
func pattern(canonical string) string {
	u, err := url.Parse(canonical)
	if err != nil {
		return ""
	}
	parts := strings.Split(u.EscapedPath(), "/")
	for i, p := range parts {
		parts[i] = varying.ReplaceAllString(p, "0")
		if long.MatchString(p) {
			parts[i] = "x"
		}
	}
	var names []string
	for _, pair := range strings.Split(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, varying.ReplaceAllString(name, "0"))
	}
	slices.Sort(names)
	return u.Host + strings.Join(parts, "/") + "?" + strings.Join(slices.Compact(names), "&")
}

var (
	varying = regexp.MustCompile(`[0-9]+`)
	long    = regexp.MustCompile(`^[0-9a-fA-F-]{16,}$`)
)

// circles reports whether a path goes round: a part that stands four times, or
// more parts than any library has.
func circles(canonical string) bool {
	u, err := url.Parse(canonical)
	if err != nil {
		return true
	}
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	if len(parts) > 20 {
		return true
	}
	count := map[string]int{}
	for _, p := range parts {
		if count[p]++; count[p] > 3 && p != "" {
			return true
		}
	}
	return false
}
