// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"lachan/hub/demo"
	"lachan/internal/identity"
)

// The pages are looked at on a cheap phone and on a desk, in both themes.
var (
	widths = [...]int64{360, 1440}
	themes = [...]string{"light", "dark"}
)

// examples is how many pages of one kind (same address but for ids) are
// visited.
const examples = 2

var ids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// TestAxeOnEveryPageOfTheDemo visits everything that can be reached by links
// from the front door, and from the console of people with different roles.
func TestAxeOnEveryPageOfTheDemo(t *testing.T) {
	d := start(t)
	ctx := chromium(t)
	still(t, ctx)
	seen := map[string]int{}
	v := &visitor{t: t, ctx: ctx, base: d.URL(), seen: seen}
	v.crawl("/", "/report", "/status", "/login", "/blocks", "/exit-is-not-a-page")
	for _, a := range d.Accounts() {
		logIn(t, ctx, d.URL(), a)
		v.crawl("/work")
		if a.Login == "tonghop" { // what only somebody who keeps lists is shown, on pages that others were shown before
			v.crawl("/schools/lists/subscribe")
			do(t, ctx, chromedp.Navigate(d.URL()+"/schools/lists"))
			at := run(t, ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('tr:has(.light.soon) a')].map(a => a.getAttribute("href")).join()`))
			do(t, ctx, chromedp.Navigate(d.URL()+at))
			if !run(t, ctx, chromedp.Evaluate[bool](`!!document.querySelector('form[action$="/apply"]')`)) {
				t.Errorf("%s offers no decision", at)
			}
			v.look(at)
		}
		do(t, ctx, chromedp.Navigate(d.URL()+"/work"))
		do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector('form[action="/logout"]').submit()`))
		time.Sleep(200 * time.Millisecond)
	}
	t.Logf("%d kinds of pages: %s", len(seen), strings.Join(slices.Sorted(maps.Keys(seen)), " "))
	for _, must := range []string{"/", "/report", "/work", "/casework", "/casework/cases/{id}", "/schools", "/schools/lists", "/schools/lists/{id}", "/schools/lists/subscribe", "/schools/nodes", "/mission", "/reporting/totals", "/reporting/report", "/ledger", "/org", "/help/components"} {
		if seen[must] == 0 {
			t.Errorf("%s was never reached by a link", must)
		}
	}
}

// still asks for no motion, so that axe never measures a colour on its way
// from one theme to the other.
func still(t *testing.T, ctx context.Context) {
	t.Helper()
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

type visitor struct {
	t    *testing.T
	ctx  context.Context
	base string
	seen map[string]int
}

func (v *visitor) crawl(from ...string) {
	queue := slices.Clone(from)
	asked := map[string]bool{}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		kind := ids.ReplaceAllString(strings.SplitN(at, "?", 2)[0], "{id}")
		if asked[at] || v.seen[kind] >= examples {
			continue
		}
		asked[at] = true
		do(v.t, v.ctx, chromedp.Navigate(v.base+at))
		if run(v.t, v.ctx, chromedp.Evaluate[string](`document.contentType`)) != "text/html" {
			continue
		}
		v.seen[kind]++
		v.look(at)
		for _, href := range run(v.t, v.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("a[href]")].map(a => a.href)`)) {
			u, err := url.Parse(href)
			if err != nil || !strings.HasPrefix(href, v.base+"/") || u.Path == "/exit" || download(u) {
				continue
			}
			queue = append(queue, u.RequestURI())
		}
	}
}

// download reports addresses that give a file.
func download(u *url.URL) bool {
	for _, end := range []string{".csv", ".docx", ".xlsx", ".tar", ".txt", ".svg", "/export", "/proof"} {
		if strings.HasSuffix(u.Path, end) {
			return true
		}
	}
	return strings.HasPrefix(u.Path, "/static/") || u.Query().Get("format") != ""
}

// look examines a page in both themes at both widths.
func (v *visitor) look(at string) {
	for _, width := range widths {
		do(v.t, v.ctx, chromedp.EmulateViewport(width, 900))
		if wide := run(v.t, v.ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`)); int64(wide) > width {
			v.t.Errorf("%s at %d px is %d px wide", at, width, wide)
		}
		for _, theme := range themes {
			do(v.t, v.ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.documentElement.dataset.theme = %s`, quote(theme))))
			if found := examine(v.t, v.ctx); len(found) > 0 {
				v.t.Errorf("%s at %d px, %s:\n%s", at, width, theme, describe(found))
			}
			v.shoot(at, width, theme)
		}
	}
	if words := text(v.t, v.ctx); strings.Contains(words, "⟨") {
		v.t.Errorf("%s lacks a text:\n%s", at, words)
	}
}

// shoot keeps a picture of each page where LACHAN_SHOTS names a folder.
func (v *visitor) shoot(at string, width int64, theme string) {
	dir := os.Getenv("LACHAN_SHOTS")
	if dir == "" {
		return
	}
	name := strings.Trim(strings.NewReplacer("/", "-", "?", "-", "=", "-", "&", "-").Replace(ids.ReplaceAllString(at, "id")), "-")
	if name == "" {
		name = "home"
	}
	png := run(v.t, v.ctx, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", name, width, theme)), png, 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// TestTheFirstLoad: what the front door loads on a first visit is at most
// 300 KB and comes from this site alone.
func TestTheFirstLoad(t *testing.T) {
	d := start(t)
	for _, path := range []string{"/", "/report"} {
		ctx := chromium(t)
		w := watch(t, ctx)
		do(t, ctx, chromedp.Navigate(d.URL()+path))
		time.Sleep(time.Second) // fonts
		w.mu.Lock()
		kb, hosts := w.bytes/1024, slices.Sorted(maps.Keys(w.hosts))
		w.mu.Unlock()
		t.Logf("%s: %.0f KB from %v", path, kb, hosts)
		if kb > 300 || kb < 10 {
			t.Errorf("%s loads %.0f KB", path, kb)
		}
		if len(hosts) != 1 || !strings.HasSuffix(d.URL(), hosts[0]) {
			t.Errorf("%s asks %v", path, hosts)
		}
	}
}

func logIn(t *testing.T, ctx context.Context, base string, a demo.Account) {
	t.Helper()
	do(t, ctx, chromedp.EmulateViewport(1440, 900))
	do(t, ctx, chromedp.Navigate(base+"/login"))
	fill(t, ctx, `main [name=name]`, a.Login)
	fill(t, ctx, `main [name=password]`, a.Password)
	press(t, ctx, `main form[action="/login"] button`)
	code, err := identity.Code(a.Secret, time.Now().Add(30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	fill(t, ctx, `main [name=code]`, code)
	press(t, ctx, `main form[action="/login/code"] button`)
	if a.Passphrase != "" {
		do(t, ctx, chromedp.Navigate(base+"/unlock?next=/work"))
		fill(t, ctx, `main [name=passphrase]`, a.Passphrase)
		press(t, ctx, `main form[action="/unlock"] button`)
	}
	if at := where(ctx); strings.HasPrefix(at, "/login") || strings.HasPrefix(at, "/unlock") {
		t.Fatalf("%s could not enter: at %s\n%s", a.Login, at, text(t, ctx))
	}
}
