// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// chromium starts a headless browser that asks nobody but the site.
func chromium(t *testing.T) context.Context {
	t.Helper()
	return launch(t, t.TempDir())
}

// launch starts one with a profile and settings of its own.
func launch(t *testing.T, profile string, settings ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("Chromium is not installed: tools/install.sh")
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true),
		chromedp.Flag("disable-dev-shm-usage", true))
	if os.Geteuid() == 0 {
		opts = append(opts, chromedp.NoSandbox) // Chromium's sandbox refuses root
	}
	opts = append(opts, settings...)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	do(t, ctx, chromedp.Navigate("about:blank"))
	return ctx
}

// patience is how long one step of a page may take.
const patience = 30 * time.Second

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	for _, s := range steps {
		done := make(chan error, 1)
		go func() { done <- chromedp.Do(ctx, s) }()
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%v\nat %s", err, where(ctx))
			}
		case <-time.After(patience):
			t.Fatalf("a step took longer than %v at %s\n%s", patience, where(ctx), text(t, ctx))
		}
	}
}

func run[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatalf("%v\nat %s", err, where(ctx))
	}
	return v
}

func where(ctx context.Context) string {
	at, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	u, err := url.Parse(at)
	if err != nil {
		return "?"
	}
	return u.Path
}

// text is what the page says.
func text(t *testing.T, ctx context.Context) string {
	t.Helper()
	return run(t, ctx, chromedp.Evaluate[string](`document.body.innerText`))
}

// press sends the form of a button that is found by a CSS selector.
func press(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	// A click on the element itself, so that nothing sticky is in the way,
	// then wait until the next page has loaded.
	do(t, ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`window.stale = true; document.querySelector(%s).click()`, quote(selector))))
	deadline := time.Now().Add(patience)
	for {
		fresh, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!window.stale && document.readyState === "complete"`))
		if err == nil && fresh {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s led nowhere at %s:\n%s", selector, where(ctx), text(t, ctx))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// fill types a value into a field.
func fill(t *testing.T, ctx context.Context, selector, value string) {
	t.Helper()
	do(t, ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => { const f = document.querySelector(%s); f.value = %s; f.dispatchEvent(new Event("input", {bubbles: true})); f.dispatchEvent(new Event("change", {bubbles: true})) })()`, quote(selector), quote(value))))
}

// tick chooses a box or a radio button.
func tick(t *testing.T, ctx context.Context, selector string) {
	t.Helper()
	do(t, ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector(%s).checked = true`, quote(selector))))
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always marshals
	}
	return string(b)
}

// finding is one thing that axe holds against a page.
type finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// examine runs axe on the page as it stands.
func examine(t *testing.T, ctx context.Context) []finding {
	t.Helper()
	return examinePart(t, ctx, "document")
}

// examinePart is examine for what a script's expression names.
func examinePart(t *testing.T, ctx context.Context, part string) []finding {
	t.Helper()
	do(t, ctx, chromedp.Evaluate[chromedp.Void](axe+`; undefined`))
	raw := run(t, ctx, chromedp.Evaluate[string](
		`axe.run(`+part+`, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`,
		chromedp.EvalAwaitPromise))
	var found []finding
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// describe says what was found, with the first places.
func describe(all []finding) string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "  %s (%s): %s\n", f.ID, f.Impact, f.Help)
		for i, n := range f.Nodes {
			if i == 3 {
				fmt.Fprintf(&b, "    … %d more\n", len(f.Nodes)-3)
				break
			}
			html := n.HTML
			if len(html) > 200 {
				html = html[:200] + "…"
			}
			fmt.Fprintf(&b, "    %s\n      %s\n", html, strings.ReplaceAll(n.Summary, "\n", " "))
		}
	}
	return b.String()
}

// traffic counts what a browser loads and from where.
type traffic struct {
	mu    sync.Mutex
	bytes float64
	hosts map[string]bool
}

// watch counts from now on.
func watch(t *testing.T, ctx context.Context) *traffic {
	t.Helper()
	w := &traffic{hosts: map[string]bool{}}
	err := chromedp.Listen(ctx, func(ev any) {
		w.mu.Lock()
		defer w.mu.Unlock()
		switch e := ev.(type) {
		case *network.EventRequestWillBeSent:
			if u, err := url.Parse(e.Request.URL); err == nil && u.Host != "" {
				w.hosts[u.Host] = true
			}
		case *network.EventLoadingFinished:
			w.bytes += e.EncodedDataLength
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}
