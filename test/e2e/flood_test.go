// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"lachan/hub"
	"lachan/internal/gate"
	"lachan/test/kit"
)

// TestClause_2_AReportGetsThroughAFlood: while more send than the hub takes
// for nothing, a child's report goes through in a browser: with scripts by the
// sum that the page does, without them after the wait that it names.
func TestClause_2_AReportGetsThroughAFlood(t *testing.T) {
	cfg := kit.Config(kit.Folder(t), "")
	cfg.Intake.FreePerMinute = 1
	h := kit.Open(t, cfg, hub.Options{})
	kit.Furnish(t, h)
	kit.Run(t, h)
	if _, err := kit.NewBrowser(h.URL()).Report("", "Chuyện mẫu của người khác"); err != nil {
		t.Fatal(err)
	}
	counts := func() gate.Counts { return h.Web.Gate.Counts(gate.Report) }

	ctx := chromium(t)
	lastStep(t, ctx, h.URL())
	started := time.Now()
	do(t, ctx, chromedp.Evaluate[chromedp.Void](`document.querySelector("button[value=send]").click()`))
	receipt := until(t, ctx, `document.querySelector(".groups") && document.querySelector("input[name=secret]").value`)
	if c := counts(); c.Asked != 1 || c.Solved != 1 || c.Waited != 0 {
		t.Fatalf("%+v", c)
	}
	t.Logf("with scripts: the receipt after %v", time.Since(started).Round(time.Millisecond))
	if st, err := h.Casework.OpenStatus(context.Background(), receipt); err != nil || st.ToldBack.Words != "Chuyện mẫu & thật dài" {
		t.Fatalf("%+v, %v", st.ToldBack, err)
	}

	// A browser without scripts. What the test evaluates runs all the same.
	quiet := chromium(t)
	scripts(t, quiet, false)
	still(t, quiet)
	lastStep(t, quiet, h.URL())
	tick(t, quiet, `[name=danger][value=yes]`) // the page that says most
	sent := time.Now()
	press(t, quiet, `button[value=send]`)
	seconds := run(t, quiet, chromedp.Evaluate[int](`Number(document.querySelector("form[data-seconds]").dataset.seconds)`))
	if seconds < 1 || seconds > 30 {
		t.Fatalf("a wait of %d seconds", seconds)
	}
	named := time.Now()
	scripts(t, quiet, true) // axe waits for promises; the page's own script has missed its turn
	(&visitor{t: t, ctx: quiet, base: h.URL(), seen: map[string]int{}}).look("/report/waiting")
	scripts(t, quiet, false)
	press(t, quiet, `[data-wait]`)
	through := run(t, quiet, chromedp.Evaluate[bool](`!document.querySelector("form[data-seconds]")`))
	early := time.Since(sent) < time.Duration(seconds)*time.Second // not so on a machine that is too slow for it
	if page := text(t, quiet); strings.Contains(page, "⟨") || through && early {
		t.Fatalf("pressed early:\n%s", page)
	}
	if !through {
		time.Sleep(time.Until(named.Add(time.Duration(seconds+1) * time.Second)))
		press(t, quiet, `[data-wait]`)
	}
	until(t, quiet, `document.querySelector(".groups") && document.querySelector("input[name=secret]").value`)
	if c := counts(); c.Waited != 1 {
		t.Fatalf("%+v", c)
	}
}

// scripts switches a page's scripts on or off.
func scripts(t *testing.T, ctx context.Context, on bool) {
	t.Helper()
	if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on}); err != nil {
		t.Fatal(err)
	}
}

// lastStep fills the form in up to its last button.
func lastStep(t *testing.T, ctx context.Context, base string) {
	t.Helper()
	do(t, ctx, chromedp.Navigate(base+"/report"))
	fill(t, ctx, `[name=words]`, "Chuyện mẫu & thật dài")
	press(t, ctx, `button[value=next]`)
	tick(t, ctx, `[name=age][value="11_14"]`)
	press(t, ctx, `button[value=next]`)
	tick(t, ctx, `[name=danger][value=no]`)
}

// until waits for a value that is not empty.
func until(t *testing.T, ctx context.Context, expression string) string {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		v, err := chromedp.Run(ctx, chromedp.Evaluate[string](`String(`+expression+` || "")`))
		if err == nil && v != "" {
			return v
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s stayed empty at %s:\n%s", expression, where(ctx), text(t, ctx))
		}
		time.Sleep(20 * time.Millisecond)
	}
}
