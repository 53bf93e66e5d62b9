// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// property reads a value of a property list.
func property(t *testing.T, dec *xml.Decoder, at xml.StartElement) any {
	t.Helper()
	switch at.Name.Local {
	case "dict", "array":
		keys, values := []string{}, []any{}
		for {
			tok, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			if _, ended := tok.(xml.EndElement); ended {
				break
			}
			if next, ok := tok.(xml.StartElement); ok && next.Name.Local == "key" && at.Name.Local == "dict" {
				keys = append(keys, property(t, dec, next).(string))
			} else if ok {
				values = append(values, property(t, dec, next))
			}
		}
		if at.Name.Local == "array" {
			return values
		}
		if len(keys) != len(values) {
			t.Fatalf("%d keys, %d values", len(keys), len(values))
		}
		dict := map[string]any{}
		for i, k := range keys {
			dict[k] = values[i]
		}
		return dict
	case "string", "key", "integer", "true", "false":
		var text string
		if err := dec.DecodeElement(&text, &at); err != nil {
			t.Fatal(err)
		}
		if at.Name.Local == "true" || at.Name.Local == "false" {
			return at.Name.Local == "true"
		}
		return text
	}
	t.Fatalf("a property list has no <%s>", at.Name.Local)
	return nil
}

func plist(t *testing.T, text string) map[string]any {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) || err != nil {
			t.Fatalf("no dict: %v", err)
		}
		if at, ok := tok.(xml.StartElement); ok && at.Name.Local == "dict" {
			return property(t, dec, at).(map[string]any)
		}
	}
}

func TestClause_1_1_HomesAreToldHowToSetTheFilter(t *testing.T) {
	d := newDesk(t)
	b := d.browser()
	has(t, b.page("/parents"), `href="/parents/filter"`)
	has(t, b.page("/parents/filter"), "/parents/filter/tieu-hoc", "/parents/filter/trung-hoc-co-so", "/parents/filter/trung-hoc-pho-thong")
	seen := map[string]bool{}
	for _, word := range []string{"tieu-hoc", "trung-hoc-co-so", "trung-hoc-pho-thong"} {
		body := b.page("/parents/filter/" + word)
		url, name := "https://dns.tinh-mau.example:8443/tre-em/"+word, word+".dns.tinh-mau.example"
		has(t, body, url, name, "192.0.2.53", "/parents/filter/"+word+".mobileconfig", d.texts.Printer("vi").T("public.homes.untried"))
		r := b.ask(http.MethodGet, "/parents/filter/"+word+".mobileconfig", nil)
		if r.status != http.StatusOK || r.header.Get("Content-Type") != "application/x-apple-aspen-config" || !strings.Contains(r.header.Get("Content-Disposition"), word+".mobileconfig") {
			t.Fatalf("%s: %d %v", word, r.status, r.header)
		}
		p := plist(t, r.body)
		inner, ok := p["PayloadContent"].([]any)
		if !ok || len(inner) != 1 || p["PayloadType"] != "Configuration" || p["PayloadVersion"] != "1" || p["PayloadRemovalDisallowed"] != false {
			t.Fatalf("%s: %+v", word, p)
		}
		settings := inner[0].(map[string]any)
		dns := settings["DNSSettings"].(map[string]any)
		if settings["PayloadType"] != "com.apple.dnsSettings.managed" || dns["DNSProtocol"] != "HTTPS" || dns["ServerURL"] != url || !slices.Equal(dns["ServerAddresses"].([]any), []any{"192.0.2.53"}) {
			t.Errorf("%s: %+v", word, settings)
		}
		for _, part := range []map[string]any{p, settings} {
			id := part["PayloadUUID"].(string)
			if len(id) != 36 || id[14] != '8' || seen[id] {
				t.Errorf("%s: UUID %s", word, id)
			}
			seen[id] = true
		}
		if again := b.ask(http.MethodGet, "/parents/filter/"+word+".mobileconfig", nil); again.body != r.body {
			t.Errorf("%s: a second download would not replace the first", word)
		}
	}
	for _, path := range []string{"/parents/filter/giao-vien", "/parents/filter/giao-vien.mobileconfig", "/parents/filter/.mobileconfig"} {
		if r := b.ask(http.MethodGet, path, nil); r.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}

func TestWithoutAFilterForHomesNothingLeadsNowhere(t *testing.T) {
	g := newHouse(t).administrator()
	body := g.see("/parents/filter")
	has(t, body, "The province offers no filter for homes yet")
	if strings.Contains(body, "/parents/filter/") {
		t.Error("a link that leads nowhere")
	}
	for _, path := range []string{"/parents/filter/tieu-hoc", "/parents/filter/tieu-hoc.mobileconfig"} {
		if r := g.get(path); r.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}
