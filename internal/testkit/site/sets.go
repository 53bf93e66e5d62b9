// SPDX-License-Identifier: Apache-2.0

package site

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Charsets are the pages /bang-ma/NAME, each with the mark of its name.
func Charsets() []string {
	return []string{"utf-8", "bom", "utf-16", "1258", "1258-khong-khai", "sai", "tcvn3", "vni", "latin1-tcvn3"}
}

// They are that text of everyday words with its spelling in TCVN3 and VNI, made
// with the tables of those standards and not with the reader's.
const (
	legacyTCVN = "C\xb8c em h\xe4c sinh \xae\xd5n tr\xad\xeang b\xbbng xe \xae\xb9p. \xa4ng b\xb5 k\xd3 chuy\xd6n v\xd2 nh\xf7ng c\xb8nh \xae\xe5ng l\xf3a \xeb qu\xaa nh\xb5, m\xd1 n\xcau c\xacm chi\xd2u."
	legacyVNI  = "Ca\xf9c em ho\xefc sinh \xf1e\xe1n tr\xf6\xf4\xf8ng ba\xe8ng xe \xf1a\xefp. O\xe2ng ba\xf8 ke\xe5 chuye\xe4n ve\xe0 nh\xf6\xf5ng ca\xf9nh \xf1o\xe0ng lu\xf9a \xf4\xfb que\xe2 nha\xf8, me\xef na\xe1u c\xf4m chie\xe0u."
)

// LegacyText is what the pages in old encodings say.
func LegacyText() string { return wordLine(1) }

func (s *Site) sets(mux *http.ServeMux) {
	const head = "<!doctype html><html><head><title>Bang ma</title></head><body><p>"
	mux.HandleFunc("GET /bang-ma/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		text := head + LegacyText() + "<p>" + Mark(name)
		switch name {
		case "utf-8":
			w.Header().Set("Content-Type", "text/html; charset=UTF-8")
			fmt.Fprint(w, text)
		case "bom":
			w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
			fmt.Fprint(w, "\uFEFF"+text)
		case "utf-16":
			w.Header().Set("Content-Type", "text/html")
			b := []byte{0xFF, 0xFE}
			for _, u := range utf16.Encode([]rune(text)) {
				b = append(b, byte(u), byte(u>>8))
			}
			w.Write(b) //nolint:errcheck // the asker may go
		case "1258":
			w.Header().Set("Content-Type", "text/html; charset=windows-1258")
			fmt.Fprint(w, to1258(text))
		case "1258-khong-khai":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, to1258(text))
		case "sai": // says one thing and is another
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, to1258(text))
		case "tcvn3", "vni", "latin1-tcvn3":
			w.Header().Set("Content-Type", "text/html")
			old := legacyTCVN
			if name == "vni" {
				old = legacyVNI
			}
			if name == "latin1-tcvn3" { // turned into UTF-8 letter by letter
				var b strings.Builder
				for i := range len(old) {
					b.WriteRune(rune(old[i]))
				}
				old = b.String()
			}
			fmt.Fprint(w, head+old+"<p>"+Mark(name))
		}
	})
	var picture bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	img.Set(3, 3, color.White)
	png.Encode(&picture, img) //nolint:errcheck // memory
	mux.HandleFunc("GET /anh/{name}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Write(picture.Bytes()) //nolint:errcheck // the asker may go
	})
	mux.HandleFunc("GET /kenh", func(w http.ResponseWriter, _ *http.Request) {
		page(w, "Kenh", Text(9, 60), `<img src="/anh/1.png" alt="mot"><img src="/anh/2.png" alt="hai"><video poster="/anh/3.png" src="/phim.mp4"></video><img src="/cam/anh.png">`, link("/tin/1"))
	})
	mux.HandleFunc("GET /feed.xml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprint(w, `<?xml version="1.0"?><rss version="2.0"><channel><title>Tin</title>`)
		for i := range 30 {
			fmt.Fprintf(w, `<item><title>Tin so %d</title><link>/tin/%d</link><pubDate>Mon, 23 Nov 2026 %02d:00:00 +0700</pubDate></item>`, i, i, i%24)
		}
		fmt.Fprint(w, `<item><title>Loi nhan</title><description>&lt;p&gt;`+Mark("loi nhan")+`&lt;/p&gt;</description></item><item><title>hai</title><description>Khac</description></item></channel></rss>`)
	})
	mux.HandleFunc("GET /sitemap.xml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		fmt.Fprint(w, `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
		for i := range 50_000 {
			fmt.Fprintf(w, "<url><loc>%s/tin/%d</loc><lastmod>2026-11-%02d</lastmod></url>", s.Main.URL, i, 1+i%28)
		}
		fmt.Fprint(w, "</urlset>")
	})
	mux.HandleFunc("GET /sitemap-muc-luc.xml", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><sitemap><loc>%s/sitemap.xml</loc></sitemap><sitemap><loc>%s/sitemap.xml</loc></sitemap></sitemapindex>`, s.Main.URL, s.Other.URL)
	})
}

// to1258 spells a text of legacyText's letters in windows-1258: base letters and
// marks after them.
func to1258(s string) string {
	marks := map[rune]string{}
	for _, one := range strings.Fields(wordLine(2)) {
		letter, size := utf8.DecodeRuneInString(one)
		bytes, _ := hex.DecodeString(one[size:]) //nolint:errcheck // a fault shows in the page
		marks[letter] = string(bytes)
	}
	var b strings.Builder
	for _, r := range s {
		if m, ok := marks[r]; ok {
			b.WriteString(m)
		} else if r < 0x80 {
			b.WriteByte(byte(r))
		} else {
			panic(fmt.Sprintf("no spelling of %q in windows-1258 here", r))
		}
	}
	return b.String()
}
