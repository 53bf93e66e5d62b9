// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"lachan/internal/problem"
)

// maxWire is the longest name in wire form, RFC 1035 §3.1.
const maxWire = 255

// Name is a domain name in the form in which DNS carries it: labels with a
// length byte each, lower case, ended by an empty label (RFC 1035 §3.1). It is
// comparable and may be a map key. The zero Name is no name.
type Name struct{ wire string }

// lookupProfile turns what people write into what DNS asks for: letters to
// lower case, text to NFC, Unicode labels to A-labels (RFC 5891, UTS #46).
// Length and characters are checked by ParseName itself, because lists hold
// names with "_" that are asked for and must be blocked.
var lookupProfile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule())

// ParseName reads a domain as people and lists write it: "Example.COM.",
// a name in Vietnamese letters (NFC or NFD), "xn--…". It refuses addresses, empty labels and
// what is too long, with a problem of code bundle/name-…: the argument "name"
// is what was typed.
func ParseName(s string) (Name, error) {
	typed := s
	s = strings.TrimSuffix(strings.TrimSpace(s), ".")
	if s == "" {
		return Name{}, problem.New("bundle/name-empty")
	}
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return Name{}, problem.New("bundle/name-is-address", "name", clip(typed))
	}
	if !plainASCII(s) {
		ascii, err := lookupProfile.ToASCII(s)
		if err != nil {
			return Name{}, problem.New("bundle/name-faulty", "name", clip(typed)).Wrap(err)
		}
		s = strings.TrimSuffix(ascii, ".")
	}
	wire := make([]byte, 0, len(s)+2)
	for label := range strings.SplitSeq(s, ".") {
		if len(label) == 0 || len(label) > 63 {
			return Name{}, problem.New("bundle/name-faulty", "name", clip(typed))
		}
		wire = append(wire, byte(len(label)))
		for i := range len(label) {
			c := label[i]
			switch {
			case 'A' <= c && c <= 'Z':
				c += 'a' - 'A'
			case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			default:
				return Name{}, problem.New("bundle/name-faulty", "name", clip(typed))
			}
			wire = append(wire, c)
		}
	}
	wire = append(wire, 0)
	if len(wire) > maxWire {
		return Name{}, problem.New("bundle/name-too-long", "name", clip(typed))
	}
	return Name{string(wire)}, nil
}

// NameFromWire reads the name at the start of wire, uncompressed, and lowers
// its case. ok is false if the bytes are no name.
func NameFromWire(wire []byte) (n Name, ok bool) {
	end := wireEnd(wire)
	if end == 0 {
		return Name{}, false
	}
	lowered := make([]byte, end)
	for i, c := range wire[:end] {
		if 'A' <= c && c <= 'Z' { // length bytes are below 64, so never letters
			c += 'a' - 'A'
		}
		lowered[i] = c
	}
	return Name{string(lowered)}, true
}

// Wire is the wire form, read-only by convention; a copy is the caller's.
func (n Name) Wire() []byte { return []byte(n.wire) }

// IsZero reports whether n is no name at all.
func (n Name) IsZero() bool { return n.wire == "" }

// Labels counts the labels: 2 for example.com.
func (n Name) Labels() int {
	count := 0
	for i := 0; i < len(n.wire) && n.wire[i] != 0; i += int(n.wire[i]) + 1 {
		count++
	}
	return count
}

// Suffix is the name of the last labels labels of n, n itself if it has no
// more than that.
func (n Name) Suffix(labels int) Name {
	wire := n.wire
	for skip := n.Labels() - labels; skip > 0; skip-- {
		wire = wire[int(wire[0])+1:]
	}
	return Name{wire}
}

// String is the presentation form without a final dot, in A-labels.
func (n Name) String() string {
	if n.wire == "" {
		return ""
	}
	return string(n.AppendText(make([]byte, 0, len(n.wire))))
}

// AppendText appends String to b.
func (n Name) AppendText(b []byte) []byte {
	for i := 0; i < len(n.wire) && n.wire[i] != 0; i += int(n.wire[i]) + 1 {
		if i > 0 {
			b = append(b, '.')
		}
		for _, c := range []byte(n.wire[i+1 : i+1+int(n.wire[i])]) {
			if c <= ' ' || c >= 0x7f || c == '.' || c == '\\' { // RFC 1035 §5.1
				b = append(b, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
				continue
			}
			b = append(b, c)
		}
	}
	return b
}

// Unicode is the form to show to staff beside String: U-labels where the
// A-labels decode, the A-form otherwise. Show it to children never as a link.
func (n Name) Unicode() string {
	u, err := idna.ToUnicode(n.String())
	if err != nil {
		return n.String()
	}
	return u
}

// wireEnd is the length of the uncompressed name at the start of wire with its
// closing empty label, 0 if there is none.
func wireEnd(wire []byte) int {
	i := 0
	for i < len(wire) && i < maxWire {
		l := int(wire[i])
		if l == 0 {
			return i + 1
		}
		if l > 63 {
			return 0
		}
		i += l + 1
	}
	return 0
}

func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// clip keeps what was typed short enough for a message.
func clip(s string) string {
	r := []rune(s)
	if len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
