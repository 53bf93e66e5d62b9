// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"lachan/internal/testkit/site"
)

// Large pages that were made to be slow or large to read are read in time and
// within bounds, whatever their tree would be.
func TestPagesMadeToBeSlowAreReadInTime(t *testing.T) {
	size := 4 << 20
	if testing.Short() || site.Watched {
		size = 512 << 10
	}
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, page := range map[string]string{
		"open formatting": fill("<b><i><p>"), "misnested": fill("<a><table><a>x"), "tables": fill("<table><tr><td>"), "attributes": "<p " + fill("a=b ") + ">", "many attributes": fill("<p a=1 b=2 c=3>"),
		"one attribute": `<p a="` + fill("x") + `">`, "links": fill("<a href=/x>x</a>"), "paragraphs": fill("<p>x, y, z."), "deep": fill("<div>"), "comments": fill("<!--x-->"), "open comment": fill("<!--"),
		"entities": fill("&amp;"), "text": fill("chữ, "), "one word": fill("x"), "breaks": fill("<br>"), "divs with breaks": fill("<div>a<br><br>b</div>"), "lists": fill("<ul><li>x"), "srcset": `<img srcset="` + fill("a 1x,") + `">`,
		"selects": fill("<select><option>"), "svg": fill("<svg><p>"), "spans": fill("<span>x</span>"), "metas": fill("<meta name=a content=b>"), "NULs": fill("\x00"), "titles": fill("<title>x</title>"),
		"nested lists of text": fill("<blockquote>" + strings.Repeat("chữ, ", 40)), "marks": fill("é "), "base": fill("<base href=/a/>"), "scripts": fill("<script>x</script>"), "json": fill(`<script type="application/ld+json">{"a":1}</script>`),
	} {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		text, _ := Decode([]byte(page), "text/html; charset=utf-8")
		c := Extract(text, mustURL(t, "https://mau.example/"), 500)
		Near(c.Visible)
		took := time.Since(began)
		runtime.ReadMemStats(&after)
		allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
		if took > time.Second || allocated > 200 {
			t.Logf("%s: %v, %d MiB allocated", name, took.Round(time.Millisecond), allocated)
		}
		if took > 30*time.Second || allocated > 600 {
			t.Errorf("%s took %v and %d MiB", name, took, allocated)
		}
	}
}
