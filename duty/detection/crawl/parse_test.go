// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

func mustURL(t testing.TB, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOneSpellingOfAnAddress(t *testing.T) {
	base := mustURL(t, "http://mau.example/a/b?x=1")
	for ref, want := range map[string]string{
		"": "http://mau.example/a/b?x=1", "HTTP://Mau.Example:80": "http://mau.example/", "https://mau.example.:443/x#y": "https://mau.example/x", "https://mau.example:8443/": "https://mau.example:8443/",
		"c": "http://mau.example/a/c", "../../c": "http://mau.example/c", "/./a/../%7euser/%c3%a1": "http://mau.example/~user/%C3%A1", "/á b": "http://mau.example/%C3%A1%20b", "/a%2fb": "http://mau.example/a%2Fb",
		"?utm_source=a&b=2&fbclid=x": "http://mau.example/a/b?b=2", "?PHPSESSID=0123456789abcdef": "http://mau.example/a/b", "/x;jsessionid=ABC?y=1": "http://mau.example/x?y=1",
		"//Trường.example/": "http://xn--trng-2ya47h.example/", "http://[2606:4700::1111]/": "http://[2606:4700::1111]/", " \n/a\tb ": "http://mau.example/ab",
	} {
		got, err := Canon(base, ref)
		if ref == "//Trường.example/" {
			if err != nil || !strings.HasPrefix(got, "http://xn--") {
				t.Errorf("%q: %q %v", ref, got, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", ref, got, err, want)
		}
	}
	for _, bad := range []string{"javascript:alert(1)", "mailto:a@mau.example", "file:///etc/passwd", "ftp://mau.example/", "http://", "http://u:p@mau.example/", "data:text/html,x", "http://a b/", "%zz", "http://..../"} {
		if got, err := Canon(base, bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
	if key("http://a.example/?b=1&a=2") != key("http://a.example/index.html?a=2&b=1") {
		t.Error("the order of parameters tells addresses apart")
	}
	if pattern("http://a.example/2026/11/tin-5?p=3") != pattern("http://a.example/1999/1/tin-77?p=9") {
		t.Error("what counts up tells patterns apart")
	}
}

func TestFeeds(t *testing.T) {
	base := mustURL(t, "https://mau.example/feed")
	for name, text := range map[string]string{
		"rss":  `<?xml version="1.0" encoding="ISO-8859-1"?><rss version="2.0"><channel><link>https://mau.example/</link><item><title>Một &amp; hai</title><link> /a?utm_source=rss </link><pubDate>Sat, 28 Nov 2026 08:00:00 +0700</pubDate><description>&lt;p&gt;Xin &lt;b&gt;chào&lt;/b&gt;&lt;/p&gt;</description></item></channel></rss>`,
		"guid": `<rss version="2.0"><channel><item><title>Một &amp; hai</title><guid>https://mau.example/a</guid><dc:date xmlns:dc="http://purl.org/dc/elements/1.1/">2026-11-28T08:00:00+07:00</dc:date><description>Xin chào</description></item></channel></rss>`,
		"rdf":  `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><item><title>Một &amp; hai</title><link>https://mau.example/a</link><date>2026-11-28T08:00+07:00</date><description>Xin chào</description></item></rdf:RDF>`,
		"atom": `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Một &amp; hai</title><link rel="self" href="/self"/><link rel="alternate" href="/a"/><published>2026-11-28T01:00:00Z</published><content type="html">&lt;p&gt;Xin chào</content></entry></feed>`,
		"json": `{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","url":"/a","title":"Một & hai","content_html":"<p>Xin chào","date_published":"2026-11-28T08:00:00+07:00"}]}`,
	} {
		all, err := ParseFeed(text, base, 10)
		if err != nil || len(all) != 1 {
			t.Errorf("%s: %v %v", name, all, err)
			continue
		}
		e := all[0]
		if e.URL != "https://mau.example/a" || e.Title != "Một & hai" || e.Text != "Xin chào" || !e.Published.Equal(time.Date(2026, 11, 28, 1, 0, 0, 0, time.UTC)) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	for _, bad := range []string{"", "<html><item></item></html>", "{}", "[1]", "<rss"} {
		if all, err := ParseFeed(bad, base, 10); err == nil && len(all) > 0 {
			t.Errorf("%q: %v", bad, all)
		}
	}
	if all, err := ParseFeed(`<rss><channel><item><title>a</title></item><item><title>b</tit`, base, 10); err != nil || len(all) != 1 {
		t.Error("broken off:", all, err)
	}
}

func TestExtraction(t *testing.T) {
	c := Extract(`<!doctype html><html lang="vi"><head><title>Trang – Báo Mẫu</title><meta property="og:title" content="Trang"><meta property="article:published_time" content="2026-11-28T08:00:00+07:00">
<meta property="og:image" content="/og.png"><base href="/goc/"><style>p{}</style></head><body><nav><a href="/menu">Menu</a></nav><article><h1>Trang</h1><p>`+strings.Repeat("Học sinh trồng cây trong vườn trường vào buổi sáng. ", 20)+`</p>
<img src="a.png" srcset="b.png 1x, c.png 2x" alt=" Một  vườn "><video poster="p.jpg"><source src="v.mp4"></video><noscript><img src="n.png"></noscript></article><div hidden>ẩn</div><script>var x = "mã"</script>
<section class="comments"><p>Lời bàn ở dưới.</p></section><a href="x#y">một</a><a href="x">hai</a><a href="javascript:0">ba</a></body></html>`, mustURL(t, "https://mau.example/t/1"), 100)
	if c.Title != "Trang" || c.Lang != "vi" || c.Published.UTC().Hour() != 1 {
		t.Errorf("%q %q %v", c.Title, c.Lang, c.Published)
	}
	if !strings.Contains(c.Text, "trồng cây") || strings.Contains(c.Text, "Menu") || !strings.Contains(c.Visible, "Menu") || !strings.Contains(c.Visible, "Lời bàn") || strings.Contains(c.Visible, "ẩn") || strings.Contains(c.Visible, "mã") {
		t.Errorf("%q\n%q", c.Text, c.Visible)
	}
	if got := strings.Join(c.Links, " "); got != "https://mau.example/menu https://mau.example/goc/x" {
		t.Error(got)
	}
	var pictures []string
	for _, p := range c.Pictures {
		pictures = append(pictures, strings.TrimPrefix(p.URL, "https://mau.example"))
	}
	if got := strings.Join(pictures, " "); got != "/og.png /goc/a.png /goc/c.png /goc/p.jpg /goc/n.png" || c.Pictures[1].Alt != "Một vườn" {
		t.Error(got)
	}
	if len(c.Videos) != 1 || c.Videos[0].URL != "https://mau.example/goc/v.mp4" || c.Videos[0].Poster != "https://mau.example/goc/p.jpg" {
		t.Errorf("%+v", c.Videos)
	}
	deep := Extract(strings.Repeat("<div>", 5000)+"sâu", mustURL(t, "https://mau.example/"), 100)
	if !strings.Contains(deep.Visible, "sâu") {
		t.Errorf("a page nested deep has no text: %q", deep.Visible)
	}
}

func TestTextsThatAreNotInOldEncodingsStay(t *testing.T) {
	for _, text := range []string{
		"Les élèves à l'école ont été très heureux; la fête a commencé à midi, après le déjeuner, où tous étaient déjà là, près de la forêt, côte à côte.",
		"Die Schüler können heute früh schön über die Straße gehen, während Mütter für Väter Käse, Brötchen, Möhren und süße Äpfel kaufen; später grüßen Hände.",
		"Các em học sinh đến trường bằng xe đạp, ông bà kể chuyện về những cánh đồng lúa ở quê nhà.",
		"Os alunos são felizes; então vão à praça, não há lição amanhã, avó e avô estão lá com pão, maçã, limões, corações e canções.",
		"plain words only",
	} {
		if got, name := Legacy(text); name != "" || got != text {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestNearDigests(t *testing.T) {
	a := "Lịch tháng 5 năm 2031: không có sự kiện nào, mời bạn xem tháng sau."
	if Near(a) != Near(strings.NewReplacer("5", "6", "2031", "2032").Replace(a)) {
		t.Error("a number makes another text")
	}
	if Alike(Near(a), Near("Câu lạc bộ cờ vua mời bạn tham gia giải mùa thu tại văn phòng đội.")) || Near("") != 0 {
		t.Error("two texts are one")
	}
}
