// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lachan/internal/testkit/site"
)

func FuzzRobots(f *testing.F) {
	f.Add(site.Robots, "/cam/mot")
	f.Add("User-agent: *\nDisallow: /a*b$\nAllow: /%61\nCrawl-delay: 1e300\n", "/ab")
	f.Fuzz(func(t *testing.T, text, path string) {
		r := ParseRobots(text, "lachan")
		first := r.Allows(path)
		if again := ParseRobots(text, "lachan").Allows(path); first != again || r.Delay < 0 {
			t.Error("two readings differ")
		}
		if !r.Allows("/robots.txt") {
			t.Error("robots.txt itself")
		}
	})
}

func FuzzCanon(f *testing.F) {
	for _, s := range []string{"http://Mau.example:80/%7e/../a?b=1&utm_x=2#y", "//x", "?q", "http://[::1]/", "https://trường.example/á", "/a;jsessionid=x;jsessionid=y", "http://a.example/a/..//./b/.", "http://%41.example/", "http:\\\\x"} {
		f.Add(s)
	}
	base := mustURL(f, "https://mau.example/a/b?c")
	f.Fuzz(func(t *testing.T, ref string) {
		once, err := Canon(base, ref)
		if err != nil {
			return
		}
		if twice, err := Canon(nil, once); err != nil || twice != once {
			t.Fatalf("%q: %q, again %q, %v", ref, once, twice, err)
		}
		if strings.ContainsAny(once, "# \n\t\x00") || !strings.HasPrefix(once, "http") {
			t.Fatalf("%q", once)
		}
		pattern(once)
		circles(once)
		key(once)
	})
}

func FuzzFeed(f *testing.F) {
	f.Add("<rss><channel><item><title>a</title><link>/a</link></item></channel></rss>")
	f.Add(`{"version":"https://jsonfeed.org/version/1","items":[{"url":"/a"}]}`)
	f.Add("<feed><entry><link href='/x'/><content>&lt;p&gt;</content></entry></feed>")
	base := mustURL(f, "https://mau.example/")
	f.Fuzz(func(t *testing.T, text string) {
		all, _ := ParseFeed(text, base, 5) //nolint:errcheck // what was read is looked at
		for _, e := range all {
			if _, err := Canon(nil, e.URL); e.URL != "" && err != nil || len(e.Title) > maxTitle || len(e.Text) > maxText {
				t.Fatalf("%+v", e)
			}
		}
		if len(all) > 5 {
			t.Fatal(len(all))
		}
	})
}

func FuzzSitemap(f *testing.F) {
	f.Add([]byte("<urlset><url><loc>https://mau.example/a</loc><lastmod>2026-11-28</lastmod></url></urlset>"))
	f.Add([]byte("https://mau.example/a\nhttps://mau.example/b\n"))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	base := mustURL(f, "https://mau.example/")
	f.Fuzz(func(t *testing.T, file []byte) {
		text, _ := Decode(gunzip(file, 1<<16), "")
		places, _, _ := ParseSitemap(text, base, 5) //nolint:errcheck // what was read is looked at
		for _, p := range places {
			if _, err := Canon(nil, p.URL); err != nil {
				t.Fatal(p.URL, err)
			}
		}
	})
}

func FuzzCharset(f *testing.F) {
	f.Add([]byte("\xff\xfea\x00"), "text/html; charset=windows-1258")
	f.Add([]byte("<meta charset=utf-7>+ADw-"), "")
	f.Add([]byte("C\xb8c em h\xe4c sinh \xae\xd5n tr\xad\xeang"), "text/html; charset=iso-2022-jp")
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		text, name := Decode(body, header)
		if name == "" || !utf8.ValidString(text) {
			t.Fatalf("%s: %q", name, text)
		}
	})
}

func FuzzExtract(f *testing.F) {
	f.Add("<title>a<body><p>b<a href=x><img srcset='a 1x,b'><video><source src=y>")
	f.Add("<svg><math><table><tr><p><template><noscript><base href=//x><meta http-equiv=refresh content='0;url=/'>")
	f.Add(`<script type=application/ld+json>{"@graph":[{"interactionStatistic":{"interactionType":["ViewAction"],"userInteractionCount":"1,2"}}]}</script>`)
	f.Add("<meta itemprop=interactionCount content=UserPlays:1><meta itemprop=userInteractionCount content=1e9><span class=tgme_widget_message_views>1.2K</span><p>1,2 Tr lượt xem · 5")
	base := mustURL(f, "https://mau.example/")
	f.Fuzz(func(t *testing.T, text string) {
		c := Extract(text, base, 10)
		if c.Reach < -1 || c.Reach > maxReach {
			t.Fatal("reach", c.Reach)
		}
		if len(c.Links) > 10 || len(c.Pictures) > maxPictures || len(c.Text) > maxText || len(c.Title) > maxTitle {
			t.Fatal("beyond its limits")
		}
		Near(c.Visible)
	})
}

func BenchmarkExtract(b *testing.B) {
	page := `<html lang=vi><head><title>Tin</title></head><body><nav>` + strings.Repeat(`<a href="/muc">Mục</a>`, 60) + `</nav><article>`
	for i := range 30 {
		page += fmt.Sprintf(`<p>%s <a href="/tin/%d">xem</a></p><img src="/anh/%d.png" alt="ảnh">`, site.Text(uint64(i), 60), i, i)
	}
	page += `</article></body></html>`
	base := mustURL(b, "https://mau.example/tin/1")
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	began := time.Now()
	for b.Loop() {
		c := Extract(page, base, 500)
		Near(c.Visible)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "pages/s")
}
