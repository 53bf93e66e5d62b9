// SPDX-License-Identifier: Apache-2.0

package look

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pairs lists every text and edge that meets a ground on a page, with the
// ratio it must hold. A new pair is added here before it is used in a page.
var pairs = []struct {
	front, ground string
	min           float64
}{
	{"ink", "page", 7},
	{"ink", "surface", 7},
	{"ink", "sunk", 7},
	{"ink", "raised", 7},
	{"ink", "brand-soft", 7},
	{"ink", "sun-soft", 7},
	{"ink", "coral-soft", 7},
	{"ink", "indigo-soft", 7},
	{"ink", "late-soft", 7},
	{"ink", "danger-soft", 7},
	{"ink", "ok-soft", 7},
	{"ink", "wait-soft", 7},
	{"ink-2", "page", 4.5},
	{"ink-2", "surface", 4.5},
	{"ink-2", "sunk", 4.5},
	{"ink-2", "raised", 4.5},
	{"ink-2", "brand-soft", 4.5},
	{"ink-2", "sun-soft", 4.5},
	{"ink-2", "coral-soft", 4.5},
	{"ink-2", "indigo-soft", 4.5},
	{"ink-2", "late-soft", 4.5},
	{"ink-2", "ok-soft", 4.5},
	{"ink-2", "wait-soft", 4.5},
	{"ink-2", "danger-soft", 4.5},
	{"ink-3", "page", 4.5},
	{"ink-3", "surface", 4.5},
	{"ink-3", "sunk", 4.5},
	{"brand", "page", 4.5},
	{"brand", "surface", 4.5},
	{"brand", "sunk", 4.5},
	{"brand", "brand-soft", 4.5},
	{"brand", "sun-soft", 4.5},
	{"brand", "late-soft", 4.5},
	{"brand", "wait-soft", 4.5},
	{"brand", "ok-soft", 4.5},
	{"brand", "indigo-soft", 4.5},
	{"brand", "coral-soft", 4.5},
	{"on-brand", "brand", 4.5},
	{"on-brand", "brand-strong", 4.5},
	{"on-sun", "sun", 4.5},
	{"on-sun", "sun-strong", 4.5},
	{"sun-ink", "sun-soft", 4.5},
	{"page", "sun-ink", 4.5},
	{"danger", "danger-soft", 4.5},
	{"danger", "page", 4.5},
	{"danger", "surface", 4.5},
	{"late", "late-soft", 4.5},
	{"late", "page", 4.5},
	{"late", "surface", 4.5},
	{"late", "brand-soft", 4.5},
	{"ok", "ok-soft", 4.5},
	{"ok", "page", 4.5},
	{"ok", "surface", 4.5},
	{"ok", "sunk", 4.5},
	{"wait", "wait-soft", 4.5},
	{"wait", "page", 4.5},
	{"indigo", "indigo-soft", 4.5},
	{"coral-ink", "coral-soft", 4.5},
	{"page", "ink", 7},
	{"page", "ink-2", 4.5},
	{"on-t0", "t0", 4.5},
	{"on-t1", "t1", 4.5},
	{"on-t2", "t2", 4.5},
	{"on-t3", "t3", 4.5},
	{"on-t4", "t4", 4.5},
	{"line-strong", "page", 3},
	{"line-strong", "surface", 3},
	{"line-strong", "sunk", 3},
	{"focus", "page", 3},
	{"focus", "surface", 3},
	{"focus", "sunk", 3},
	{"focus", "brand-soft", 3},
	{"focus", "sun-soft", 3},
	{"c1", "page", 3},
	{"c2", "page", 2.9},
	{"c3", "page", 3},
	{"c4", "page", 3},
	{"late", "surface", 3},
}

func TestContrastOfTokenPairs(t *testing.T) {
	css, err := Files.ReadFile("tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	light := section(t, string(css), ":root {")
	media := section(t, string(css), `:root:not([data-theme="light"]) {`)
	dark := section(t, string(css), `:root[data-theme="dark"] {`)
	for name, value := range dark {
		if media[name] != value {
			t.Errorf("--%s differs between the chosen dark theme (%s) and the system's (%s)", name, value, media[name])
		}
	}
	for theme, set := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, p := range pairs {
			front, ground := set[p.front], set[p.ground]
			if front == "" || ground == "" {
				t.Errorf("%s: token --%s or --%s has no colour", theme, p.front, p.ground)
				continue
			}
			if got := ratio(t, front, ground); got < p.min {
				t.Errorf("%s: --%s on --%s is %.2f, needs %.1f", theme, p.front, p.ground, got, p.min)
			}
		}
	}
}

var token = regexp.MustCompile(`--([a-z0-9-]+):\s*(#[0-9A-Fa-f]{6});`)

func section(t *testing.T, css, start string) map[string]string {
	t.Helper()
	at := strings.Index(css, start)
	if at < 0 {
		t.Fatalf("tokens.css has no %q", start)
	}
	body := css[at:]
	body = body[:strings.Index(body, "}")]
	set := map[string]string{}
	for _, m := range token.FindAllStringSubmatch(body, -1) {
		set[m[1]] = m[2]
	}
	return set
}

// ratio is the contrast ratio of WCAG 2.2, 1.4.3.
func ratio(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	if la < lb {
		la, lb = lb, la
	}
	return (la + 0.05) / (lb + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatalf("colour %s: %v", hex, err)
	}
	lin := func(v uint64) float64 {
		c := float64(v&255) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*lin(n>>16) + 0.7152*lin(n>>8) + 0.0722*lin(n)
}

func TestDrawingsLoad(t *testing.T) {
	d, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(d.IconNames()); n < 50 {
		t.Errorf("only %d icons parsed from the sprite", n)
	}
	for _, item := range HelpBar("") {
		if _, err := d.Icon(item.Icon); err != nil {
			t.Error(err)
		}
	}
	for _, name := range []string{"hero", "leaf", "mark", "sprout", "seedling", "sapling", "tree", "hills", "house", "weave"} {
		if _, err := d.Art(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := d.Icon("no-such-icon"); err == nil {
		t.Error("an unknown icon is not an error")
	}
}
