// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"bytes"
	"net/url"
	"strings"
	"time"

	readability "codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
)

// The most that is taken from one page.
const (
	maxText     = 256 << 10 // bytes
	maxTitle    = 500       // bytes
	maxPictures = 200
	maxElements = 20_000  // beyond it no article is looked for
	maxTags     = 100_000 // read as a tree; of what follows, the text alone
	minArticle  = 200     // bytes; a shorter article is no better than the visible text
)

// Content is what a page says and shows.
type Content struct {
	Title     string
	Text      string
	Visible   string
	Lang      string
	Published time.Time
	Pictures  []Picture
	Videos    []Video
	Links     []string
	Reach     int // followers or views that the page states; -1: it states none
}

// Extract reads a page of HTML that has the address base. Pages come from
// strangers: whatever they are, it ends, and what it cannot read is empty.
func Extract(text string, base *url.URL, maxLinks int) Content {
	// Without scripts, as the crawler has none: what stands in noscript is shown.
	tree, more := atTag(text, maxTags)
	doc, err := html.ParseWithOptions(strings.NewReader(tree), html.ParseOptionEnableScripting(false))
	if err != nil { // nested deeper than the parser goes
		plain := cut(squeeze(tokens(text)), maxText)
		return Content{Text: plain, Visible: plain, Reach: statedIn(plain)}
	}
	w := walker{base: base, maxLinks: maxLinks, seen: map[string]bool{}, reach: newReach()}
	w.walk(doc, false)
	c := w.out
	if more != "" && w.visible.Len() < 2*maxText {
		w.visible.WriteString("\n" + tokens(more))
	}
	c.Visible = squeeze(w.visible.String())
	c.Title = cut(firstOf(w.meta["og:title"], squeeze(w.title), c.Title), maxTitle)
	c.Lang = cut(strings.ToLower(firstOf(c.Lang, w.meta["content-language"], strings.ReplaceAll(w.meta["og:locale"], "_", "-"))), 35)
	for _, name := range []string{"article:published_time", "og:published_time", "datepublished", "pubdate", "publishdate", "date", "dc.date", "dc.date.issued", "dcterms.created"} {
		if c.Published = parseTime(w.meta[name]); !c.Published.IsZero() {
			break
		}
	}
	if c.Published.IsZero() {
		c.Published = w.time
	}
	if w.elements <= maxElements {
		article(doc, base, &c)
	}
	if len(c.Text) < minArticle {
		c.Text = c.Visible
	}
	if read, name := Legacy(c.Visible); name != "" {
		c.Visible, c.Text, c.Title = read, relegacy(name, c.Text), relegacy(name, c.Title)
		for i := range c.Pictures {
			c.Pictures[i].Alt = relegacy(name, c.Pictures[i].Alt)
		}
	}
	c.Text, c.Visible = cut(c.Text, maxText), cut(c.Visible, maxText)
	if c.Reach = w.reach.counted; c.Reach < 0 {
		c.Reach = max(w.reach.shown, statedIn(c.Visible))
	}
	return c
}

func relegacy(name, s string) string {
	if name == "tcvn3" {
		return fromTCVN3(s)
	}
	return fromVNI(s)
}

// article looks for the main text. The library is handed pages of strangers,
// and a fault in it must cost one article and not the scan.
func article(doc *html.Node, base *url.URL, c *Content) {
	defer func() {
		if recover() != nil {
			c.Text = ""
		}
	}()
	parser := readability.NewParser()
	parser.MaxElemsToParse = maxElements
	found, err := parser.ParseAndMutate(doc, base)
	if err != nil {
		return
	}
	if t, err := found.PublishedTime(); err == nil && c.Published.IsZero() {
		c.Published = t
	}
	if c.Title == "" {
		c.Title = cut(squeeze(found.Title()), maxTitle)
	}
	if found.Node == nil {
		return
	}
	var b bytes.Buffer
	if found.RenderText(&b) == nil {
		c.Text = squeeze(b.String())
	}
}

// walker goes through a page once.
type walker struct {
	base     *url.URL
	maxLinks int
	out      Content
	seen     map[string]bool
	meta     map[string]string
	title    string
	time     time.Time
	visible  strings.Builder
	elements int
	reach    reach
}

func (w *walker) walk(n *html.Node, hidden bool) {
	switch n.Type {
	case html.TextNode:
		if !hidden && w.visible.Len() < 2*maxText {
			w.visible.WriteString(n.Data)
		}
		return
	case html.ElementNode:
		w.elements++
		hidden = w.element(n) || hidden
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.walk(c, hidden)
	}
	if n.Type == html.ElementNode && !hidden {
		if inline(n.Data) {
			return
		}
		w.visible.WriteByte('\n')
	}
}

func inline(tag string) bool {
	switch tag {
	case "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "dfn", "em", "font", "i", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var", "wbr", "img":
		return true
	}
	return false
}

// element takes in what an element carries, and reports whether its text is not
// shown.
func (w *walker) element(n *html.Node) (hidden bool) {
	switch n.Data {
	case "html":
		w.out.Lang = attr(n, "lang")
	case "base":
		if u, err := w.base.Parse(attr(n, "href")); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
			w.base = u
		}
	case "title":
		if w.title == "" && n.FirstChild != nil && n.Parent != nil && n.Parent.Data == "head" {
			w.title = n.FirstChild.Data
		}
		return true
	case "meta":
		w.metaTag(n)
		w.reach.microdata(n)
	case "span":
		w.reach.telegram(n)
	case "a", "area":
		w.link(attr(n, "href"))
	case "iframe", "frame":
		w.link(attr(n, "src"))
		return true
	case "img", "source", "image":
		w.picture(n)
	case "video":
		w.video(n)
	case "time":
		if w.time.IsZero() {
			w.time = parseTime(attr(n, "datetime"))
		}
	case "script":
		w.reach.script(n)
		return true
	case "style", "template", "noembed", "object", "svg", "head":
		return n.Data != "head"
	}
	return has(n, "hidden")
}

func (w *walker) metaTag(n *html.Node) {
	name, content := strings.ToLower(firstOf(attr(n, "property"), attr(n, "name"), attr(n, "itemprop"), attr(n, "http-equiv"))), attr(n, "content")
	if name == "" || content == "" || len(name) > 60 || len(w.meta) > 200 {
		return
	}
	if w.meta == nil {
		w.meta = map[string]string{}
	}
	if w.meta[name] == "" {
		w.meta[name] = cut(squeeze(content), 2000)
	}
	switch name {
	case "og:image", "og:image:url", "twitter:image":
		w.addPicture(content, "")
	case "og:video", "og:video:url":
		w.addVideo(content, "")
	case "refresh": // "5; url=…" leads on as a link does
		if _, to, ok := strings.Cut(strings.ToLower(content), "url="); ok {
			w.link(strings.Trim(content[len(content)-len(to):], `"' `))
		}
	}
}

func (w *walker) link(ref string) {
	if ref == "" || ref[0] == '#' || len(w.out.Links) >= w.maxLinks {
		return
	}
	if u, err := Canon(w.base, ref); err == nil && !w.seen[u] {
		w.seen[u] = true
		w.out.Links = append(w.out.Links, u)
	}
}

func (w *walker) picture(n *html.Node) {
	if n.Data == "source" && n.Parent != nil && (n.Parent.Data == "video" || n.Parent.Data == "audio") {
		return // the video's own
	}
	alt := cut(squeeze(attr(n, "alt")), maxTitle)
	w.addPicture(firstOf(attr(n, "src"), attr(n, "data-src"), attr(n, "data-original")), alt)
	if best := largest(firstOf(attr(n, "srcset"), attr(n, "data-srcset"))); best != "" {
		w.addPicture(best, alt)
	}
}

func (w *walker) addPicture(ref, alt string) {
	u, err := Canon(w.base, ref)
	if ref == "" || err != nil || w.seen["picture "+u] || len(w.out.Pictures) >= maxPictures {
		return
	}
	w.seen["picture "+u] = true
	w.out.Pictures = append(w.out.Pictures, Picture{URL: u, Alt: alt})
}

func (w *walker) video(n *html.Node) {
	poster := attr(n, "poster")
	if poster != "" {
		w.addPicture(poster, "")
	}
	w.addVideo(attr(n, "src"), poster)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && c.Data == "source" {
			w.addVideo(attr(c, "src"), poster)
		}
	}
}

func (w *walker) addVideo(ref, poster string) {
	u, err := Canon(w.base, ref)
	if ref == "" || err != nil || w.seen["video "+u] || len(w.out.Videos) >= maxPictures {
		return
	}
	w.seen["video "+u] = true
	v := Video{URL: u}
	if p, err := Canon(w.base, poster); poster != "" && err == nil {
		v.Poster = p
	}
	w.out.Videos = append(w.out.Videos, v)
}
