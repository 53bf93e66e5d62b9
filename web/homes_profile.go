// SPDX-License-Identifier: Apache-2.0

package web

import (
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"strings"

	"lachan/duty/schools"
	"lachan/web/page"
)

// homeProfile writes a device profile for iPhone, iPad and Mac: a property list
// with one payload, com.apple.dnsSettings.managed, and nothing else. It is not
// signed: the device says so, and the page says it beforehand. Its identifiers
// follow from host and band, so that a second download replaces the first.
func (s *Server) homeProfile(c *visit, h schools.HomeProfile, p page.HomeSetup) error {
	id := "vn.lachan.dns." + s.Homes.Host + "." + h.Word
	name := c.p.T("public.homes.profile.name", "band", p.Name)
	var b strings.Builder
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n")
	b.WriteString(`<plist version="1.0"><dict>` + "\n")
	head := func(kind, id string) {
		plistText(&b, "PayloadType", kind)
		plistText(&b, "PayloadIdentifier", id)
		plistText(&b, "PayloadUUID", uuidFrom(id))
		plistText(&b, "PayloadDisplayName", name)
		b.WriteString("<key>PayloadVersion</key><integer>1</integer>\n")
	}
	head("Configuration", id)
	plistText(&b, "PayloadDescription", c.p.T("public.homes.profile.about"))
	plistText(&b, "PayloadOrganization", s.Place)
	b.WriteString("<key>PayloadRemovalDisallowed</key><false/>\n<key>PayloadContent</key><array><dict>\n")
	head("com.apple.dnsSettings.managed", id+".settings")
	b.WriteString("<key>DNSSettings</key><dict>\n")
	plistText(&b, "DNSProtocol", "HTTPS")
	plistText(&b, "ServerURL", p.HTTPS)
	if len(p.Addresses) > 0 {
		b.WriteString("<key>ServerAddresses</key><array>\n")
		for _, a := range p.Addresses {
			b.WriteString("<string>" + escaped(a) + "</string>\n")
		}
		b.WriteString("</array>\n")
	}
	b.WriteString("</dict>\n</dict></array>\n</dict></plist>\n")
	c.attach("lachan-"+h.Word+profileEnding, "application/x-apple-aspen-config")
	_, err := c.w.Write([]byte(b.String()))
	return err
}

func plistText(b *strings.Builder, key, value string) {
	b.WriteString("<key>" + escaped(key) + "</key><string>" + escaped(value) + "</string>\n")
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// uuidFrom makes a UUID of version 8 (RFC 9562 §5.8) that follows from text.
func uuidFrom(text string) string {
	sum := sha256.Sum256([]byte(text))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]))
}
