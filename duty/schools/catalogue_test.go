// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"strings"
	"testing"

	"lachan/internal/bundle"
)

func mustName(t *testing.T, s string) bundle.Name {
	t.Helper()
	n, err := bundle.ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestCatalogueIsWhole(t *testing.T) {
	c, err := LoadCatalogue(Extra{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, k := range c.Categories {
		if seen[k.Code] || k.Tone == "" {
			t.Errorf("category %q: twice, or without a tone", k.Code)
		}
		seen[k.Code] = true
	}
	owner := map[string]string{}
	for _, s := range c.Services {
		if seen[s.Code] {
			t.Errorf("service %q: twice", s.Code)
		}
		seen[s.Code] = true
		for _, d := range s.Domains {
			if n := mustName(t, d); c.never.covers(n) || n.Labels() < 2 || c.protected.has(n) || len(c.protected.below(n)) > 0 || owner[d] != "" {
				t.Errorf("service %s has %s; %q has it too", s.Code, d, owner[d])
			}
			owner[d] = s.Code
		}
	}
	if len(c.Services) < 43 {
		t.Errorf("%d services", len(c.Services))
	}
	for _, band := range bundle.AllBands() {
		p, ok := c.PolicyOf(band.String())
		if !ok {
			t.Errorf("%s has no policy", band)
		}
		for _, code := range append(p.Blocked, p.Allowed...) {
			if !seen[code] {
				t.Errorf("%s: unknown %q", band, code)
			}
		}
		for _, k := range c.Categories {
			refused := false
			for _, code := range p.Blocked {
				refused = refused || code == k.Code
			}
			if k.Security && !refused {
				t.Errorf("%s answers %s", band, k.Code)
			}
		}
	}
	if len(c.popular.names) < 200 || len(c.shared.names) < 50 || c.Protected() < 70 {
		t.Errorf("%d popular, %d shared, %d protected", len(c.popular.names), len(c.shared.names), c.Protected())
	}
}

func TestExtraNames(t *testing.T) {
	c, err := LoadCatalogue(Extra{Protected: strings.NewReader("so-mau.example # sở\n"), NeverBlock: []string{"bao-tin.example"}, Popular: strings.NewReader("1,rat-dong.example\n2,dong.example\n")})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Concern{"so-mau.example": ConcernProtected, "www.rat-dong.example": ConcernPopular} {
		if a := c.assess(mustName(t, name)); len(a.Concerns) != 1 || a.Concerns[0] != want {
			t.Errorf("%s: %v", name, a.Concerns)
		}
	}
	if !c.assess(mustName(t, "bao-tin.example")).NeverBlock {
		t.Error("a host of the installation may be blocked")
	}
	if _, err := LoadCatalogue(Extra{Protected: strings.NewReader("not..name")}); err == nil {
		t.Error("a faulty name was taken")
	}
}

func TestGuardHoldsProtectedNames(t *testing.T) {
	c, err := LoadCatalogue(Extra{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Skip{
		"vietcombank.com.vn": SkipProtected, // itself
		"google.com":         SkipProtected, // above docs.google.com
		"xa-mau.gov.vn":      SkipProtected, // in a protected zone
		"ncmec.org":          SkipProtected, // above a never-block name
		"www.tongdai111.vn":  SkipProtected, // under one
		"ads.apple.com":      "",            // under a protected name that is no zone
		"trang-mau.example":  "",
	} {
		if got := c.guard("adult")(mustName(t, name)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if got := c.IsProtected(name); got != (want == SkipProtected) {
			t.Errorf("%s is protected: %v", name, got)
		}
	}
	if c.IsProtected("facebook.com") || c.IsProtected("không phải tên") {
		t.Error("a popular name, or what is none, is protected")
	}
	for category, want := range map[string]Skip{"malware": SkipPopular, "social": ""} {
		if got := c.guard(category)(mustName(t, "facebook.com")); got != want {
			t.Errorf("facebook.com on a list of %s: %q", category, got)
		}
	}
}
