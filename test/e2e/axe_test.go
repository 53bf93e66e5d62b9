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
	"lachan/test/kit"
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

// unfilled is a place in a text that was given nothing.
var unfilled = regexp.MustCompile(`\{[a-z]+\}`)

// TestAxeOnEveryPageOfTheDemo visits everything that can be reached by links
// from the front door, and from the console of people with different roles.
func TestAxeOnEveryPageOfTheDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("every page in both themes and widths is for make test")
	}
	d := start(t)
	ctx := chromium(t)
	still(t, ctx)
	seen := map[string]int{}
	v := &visitor{t: t, ctx: ctx, base: d.URL(), seen: seen}
	v.crawl("/", "/report", "/status", "/login", "/blocks", "/exit-is-not-a-page")
	for _, a := range d.Accounts() {
		logIn(t, ctx, d.URL(), a)
		v.follow(a.Login, "/work")
		v.crawl("/work")
		// What only a head does, and only to cases that no link filters for.
		if a.Login == "lanhdao" {
			v.act("/casework?state=handling", "/suspend")
			v.act("/casework?state=closed", "/reopen")
		}
		if a.Login == "tinhoc" { // the school that has classes, after others that have none
			do(t, ctx, chromedp.Navigate(d.URL()+"/work"))
			ready := run(t, ctx, chromedp.Evaluate[string](`document.querySelector('a[href$="/online/ready"]').pathname`))
			v.look("/work")
			do(t, ctx, chromedp.Navigate(d.URL()+ready))
			v.look(ready)
			do(t, ctx, chromedp.Navigate(d.URL()+strings.TrimSuffix(ready, "ready")+"register"))
			v.look(strings.TrimSuffix(ready, "ready") + "register")
			v.crawl(run(t, ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll('a[href*="/online/check"],a[href$="/incident"]')].map(a => a.getAttribute("href"))`))...)
		}
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
	for _, must := range []string{"/", "/report", "/work", "/casework", "/casework/cases/{id}", "/casework/cases/{id}/assign", "/casework/cases/{id}/tracks", "/casework/cases/{id}/clocks", "/casework/cases/{id}/clocks/{id}", "/casework/cases/{id}/contact", "/casework/cases/{id}/merge", "/casework/cases/{id}/suspend", "/casework/cases/{id}/reopen", "/schools", "/schools/lists", "/schools/lists/{id}", "/schools/lists/subscribe", "/schools/lists/out", "/parents/filter", "/parents/filter/tieu-hoc", "/schools/nodes", "/schools/ready", "/schools/{id}/online/ready", "/schools/{id}/online/register", "/schools/{id}/online/check", "/schools/{id}/online/incident", "/schools/guidance", "/schools/guidance/lessons", "/schools/models", "/schools/models/{id}", "/mission", "/reporting/totals", "/reporting/report", "/ledger", "/org", "/help/components"} {
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

// follow asks for what the pages of this person link to, some of each kind,
// and wants an answer to all of it: a link that the reader may not follow is a
// fault of the page that shows it.
func (v *visitor) follow(who, from string) {
	do(v.t, v.ctx, chromedp.Navigate(v.base+from))
	dead := run(v.t, v.ctx, chromedp.Evaluate[[]string](`(async () => {
		const queue = [[location.pathname, "the start"]], asked = new Set(), kinds = {}, dead = [];
		while (queue.length) {
			const [at, on] = queue.shift(), url = new URL(at, location.origin);
			const kind = url.pathname.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "{id}");
			if (asked.has(at) || (kinds[kind] || 0) >= 3 || url.pathname === "/exit") continue;
			asked.add(at);
			kinds[kind] = (kinds[kind] || 0) + 1;
			const r = await fetch(at);
			if (r.status >= 400) dead.push(r.status + " " + at + " on " + on);
			if (!(r.headers.get("content-type") || "").startsWith("text/html")) continue;
			for (const a of new DOMParser().parseFromString(await r.text(), "text/html").querySelectorAll("a[href]")) {
				const to = new URL(a.getAttribute("href"), url);
				if (to.origin === location.origin) queue.push([to.pathname + to.search, at]);
			}
		}
		return dead;
	})()`, chromedp.EvalAwaitPromise))
	for _, link := range dead {
		v.t.Errorf("%s meets a dead link: %s", who, link)
	}
}

// unfold examines the other acts of a case while they are in sight, and wants
// them on the screen.
func (v *visitor) unfold(at string, width int64, theme string) {
	const open = `(on => { const d = document.querySelector(".others"); if (d) d.open = on; return !!d })`
	if !run(v.t, v.ctx, chromedp.Evaluate[bool](open+`(true)`)) {
		return
	}
	if found := examinePart(v.t, v.ctx, `document.querySelector(".decide")`); len(found) > 0 {
		v.t.Errorf("the other acts of %s at %d px, %s:\n%s", at, width, theme, describe(found))
	}
	if !run(v.t, v.ctx, chromedp.Evaluate[bool](`(r => r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight && r.height > 40)(document.querySelector(".others ul").getBoundingClientRect())`)) {
		v.t.Errorf("the other acts of %s at %d px leave the screen", at, width)
	}
	run(v.t, v.ctx, chromedp.Evaluate[bool](open+`(false)`))
}

// act visits the form of an act of the first case of a list, from the case's
// own page.
func (v *visitor) act(list, act string) {
	v.t.Helper()
	do(v.t, v.ctx, chromedp.Navigate(v.base+list))
	at := run(v.t, v.ctx, chromedp.Evaluate[string](`document.querySelector(".case .t a").pathname`))
	do(v.t, v.ctx, chromedp.Navigate(v.base+at))
	if !run(v.t, v.ctx, chromedp.Evaluate[bool](`!!document.querySelector('.decide a[href="`+at+act+`"]')`)) {
		v.t.Errorf("a case of %s does not offer %s", list, act)
		return
	}
	v.look(at)
	do(v.t, v.ctx, chromedp.Navigate(v.base+at+act))
	v.look(at + act)
	v.seen[ids.ReplaceAllString(at+act, "{id}")]++
}

// download reports addresses that give a file.
func download(u *url.URL) bool {
	for _, end := range []string{".csv", ".docx", ".xlsx", ".tar", ".txt", ".svg", ".mobileconfig", "/export", "/proof", "/capture"} {
		if strings.HasSuffix(u.Path, end) {
			return true
		}
	}
	return strings.HasPrefix(u.Path, "/static/") || u.Query().Get("format") != ""
}

// look examines a page in both themes at both widths, and on a case the acts
// that unfold over it.
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
			v.unfold(at, width, theme)
		}
	}
	if words := text(v.t, v.ctx); strings.Contains(words, "⟨") || unfilled.MatchString(words) {
		v.t.Errorf("%s lacks a text, or what belongs into one:\n%s", at, words)
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
	// The code of the half minute that runs was used when the account was made.
	logInAt(t, ctx, base, kit.Person{Login: a.Login, Password: a.Password, Secret: a.Secret, Passphrase: a.Passphrase}, time.Now().Add(30*time.Second))
}

// logInAt enters the console with the code of an instant of the hub's clock.
func logInAt(t *testing.T, ctx context.Context, base string, a kit.Person, now time.Time) {
	t.Helper()
	do(t, ctx, chromedp.EmulateViewport(1440, 900))
	do(t, ctx, chromedp.Navigate(base+"/login"))
	fill(t, ctx, `main [name=name]`, a.Login)
	fill(t, ctx, `main [name=password]`, a.Password)
	press(t, ctx, `main form[action="/login"] button`)
	code, err := identity.Code(a.Secret, now)
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
	if at := where(ctx); strings.HasPrefix(at, "/login") || at == "/unlock" {
		t.Fatalf("%s could not enter: at %s\n%s", a.Login, at, text(t, ctx))
	}
}
