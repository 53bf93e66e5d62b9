// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"lachan/internal/fetch"
)

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// item makes an item of a page that came, keeps its capture and hands it over.
func (r *run) item(ctx context.Context, w waiting, hops []hop, known Known) error {
	last := hops[len(hops)-1]
	f := Found{
		URL: w.URL, FinalURL: last.URL.String(), Fetched: last.at, Status: last.Status, ETag: last.Header("ETag"), Modified: last.Header("Last-Modified"),
		Short: last.Short, PayloadSHA256: hexSum(last.Payload), Reach: -1,
	}
	switch kind := mediaType(last.Header("Content-Type")); {
	case kind == "text/html", kind == "application/xhtml+xml", kind == "text/plain", kind == "" && looksLikeHTML(last.Body):
		f.Kind = ItemPage
		r.read(&f, last.Visited, kind == "text/plain")
	case strings.HasPrefix(kind, "image/"):
		f.Kind = ItemPicture
		f.Pictures = []Picture{{URL: f.FinalURL, Body: last.Body, SHA256: hexSum(last.Body), Type: kind}}
	default:
		r.s.Report.count(Other, w.URL)
		return nil
	}
	if f.Kind == ItemPage {
		r.s.note(w.URL, f.NearDigest, r.limits.Alike)
		if w.Depth < r.plan.Depth {
			for _, l := range f.Links {
				r.take(waiting{URL: l, Depth: w.Depth + 1, Via: w.URL})
			}
		}
	}
	if known.SHA256 != "" && known.SHA256 == f.PayloadSHA256 && !known.Gone {
		r.s.Report.count(Unchanged, w.URL)
		return nil
	}
	if err := r.keep(ctx, w, hops, &f); err != nil {
		return err
	}
	r.s.Report.count(cutReason(last.Visited), w.URL)
	if err := r.deps.Found(ctx, f, r.rest); err != nil {
		return fmt.Errorf("crawl: hand over an item: %w", err)
	}
	return nil
}

func mediaType(header string) string {
	kind, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

func looksLikeHTML(b []byte) bool {
	head := strings.ToLower(string(b[:min(len(b), 1024)]))
	return strings.Contains(head, "<html") || strings.Contains(head, "<!doctype html") || strings.Contains(head, "<body")
}

// read fills in what a page says.
func (r *run) read(f *Found, v *fetch.Visited, bare bool) {
	text, name := Decode(v.Body, v.Header("Content-Type"))
	f.Charset = name
	if bare {
		if read, legacy := Legacy(text); legacy != "" {
			text, f.Charset = read, legacy
		}
		f.Text = cut(squeeze(text), maxText)
		f.Visible = f.Text
	} else {
		c := Extract(text, v.URL, r.limits.PageLinks)
		f.Title, f.Text, f.Visible, f.Lang, f.Published = c.Title, c.Text, c.Visible, c.Lang, c.Published
		f.Pictures, f.Videos, f.Links, f.Reach = c.Pictures, c.Videos, c.Links, c.Reach
	}
	f.NearDigest = Near(f.Visible)
}

// keep writes the capture: the hops, and the pictures as they are fetched.
func (r *run) keep(ctx context.Context, w waiting, hops []hop, f *Found) (err error) {
	c := &capture{}
	if r.deps.Capture != nil {
		out, err := r.deps.Capture(ctx, w.URL)
		if err != nil {
			return fmt.Errorf("crawl: open a capture: %w", err)
		}
		defer func() {
			if closing := out.Close(); closing != nil && err == nil {
				err = fmt.Errorf("crawl: close a capture: %w", closing)
			}
		}()
		if c, err = newCapture(out, r.deps.Clock.Now(), r.deps.Software); err != nil {
			return err
		}
	}
	for _, h := range hops {
		if err := c.exchange(h); err != nil {
			return err
		}
	}
	if f.Kind == ItemPage && (r.plan.Pictures || r.plan.Kind == Channel) {
		if err := r.pictures(ctx, f, c); err != nil {
			return err
		}
	}
	return c.about(hops[len(hops)-1], w, f)
}

// pictures fetches the first pictures of a page. Only an error of the capture or
// of the context ends it.
func (r *run) pictures(ctx context.Context, f *Found, c *capture) error {
	left := r.limits.ItemBytes
	asked := 0
	for i := range f.Pictures {
		if asked >= r.limits.Pictures || left <= 0 || r.s.Report.Bytes >= r.limits.TotalBytes {
			return nil
		}
		p := &f.Pictures[i]
		if len(p.URL) > r.limits.URLBytes {
			continue
		}
		asked++
		hops, err := r.picture(ctx, p.URL, min(left, r.limits.PictureBytes))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, h := range hops {
			left -= int64(len(h.Got))
			if err := c.exchange(h); err != nil {
				return err
			}
		}
		if err != nil || len(hops) == 0 {
			continue
		}
		last := hops[len(hops)-1]
		if last.Status != 200 || last.Short || len(last.Body) == 0 {
			continue
		}
		p.Body, p.SHA256, p.Type = last.Body, hexSum(last.Body), mediaType(last.Header("Content-Type"))
		r.s.Report.Pictures++
	}
	return nil
}

// picture asks for a picture and follows it through its redirects.
func (r *run) picture(ctx context.Context, address string, most int64) ([]hop, error) {
	var hops []hop
	for range maxHops {
		at := r.deps.Clock.Now()
		v, err := r.visit(ctx, fetch.Visit{URL: address, Accept: "image/*, */*;q=0.5", MaxBytes: most, Timeout: r.limits.PageTime})
		if err != nil {
			return hops, err
		}
		hops = append(hops, hop{v, at})
		to, err := v.Location()
		if err != nil || to == nil {
			return hops, err
		}
		if v.URL.Scheme == "https" && to.Scheme != "https" {
			return hops, errDowngrade
		}
		address = to.String()
	}
	return hops, errHops
}
