// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"lachan/duty/detection"
	"lachan/internal/media"
)

// TestClause_5_2_ShippedRulesMeetReachAndAge: two rules that come with the
// program hold of pages that a scan finds, and not of pages beside them.
func TestClause_5_2_ShippedRulesMeetReachAndAge(t *testing.T) {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, scene(5, 400), &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, q *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch q.URL.Path {
		case "/rong":
			fmt.Fprintf(rw, `<html lang=vi><title>Trang mẫu</title><p>%s</p><div>12,5 N người theo dõi</div>`, samples["scam"])
		case "/hep":
			fmt.Fprintf(rw, `<html lang=vi><title>Trang mẫu hai</title><p>%s, nhanh tay lên em</p><div>950 người theo dõi</div>`, samples["scam"])
		case "/anh":
			fmt.Fprint(rw, `<html lang=vi><title>Ảnh</title><p>Vườn rau<img src="/hinh.jpg">`)
		case "/hinh.jpg":
			rw.Header().Set("Content-Type", "image/jpeg")
			_, _ = rw.Write(file.Bytes())
		default:
			http.NotFound(rw, q)
		}
	}))
	defer server.Close()
	examiner, err := media.New(media.Options{Workers: 1, FFmpeg: "-"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := examiner.Close(); err != nil {
			t.Error(err)
		}
	}()
	r := newRegistry(t, map[string]string{"tre.example": "2026-11-20"})
	w := newWorld(t, looks(netip.MustParseAddrPort(server.Listener.Addr().String())), ages(r), func(d *detection.Deps) {
		d.Examiner = examiner
		d.Registrable = func(host string) string { return map[string]string{"127.0.0.1": "tre.example"}[host] }
	})
	a := w.an()
	w.ok(w.AddBank(w.ctx, a, detection.Bank{Name: "SAMPLE", Label: "gambling", Severity: 2, Permille: 1000}))
	_, err = w.AddContent(w.ctx, a, detection.Content{Bank: "SAMPLE", Signals: []detection.Signal{{Type: "pdq", Value: picture(t, 5).Hash.String()}}})
	w.ok(err)
	for _, s := range w.SampleRules() {
		if s.Name == "wide-reach" || s.Name == "bank-hit-young-domain" {
			rule, err := json.Marshal(s.Rule.When)
			w.ok(err)
			then, err := json.Marshal(s.Rule.Then)
			w.ok(err)
			w.applies(s.Name, string(rule), string(then))
		}
	}
	for _, path := range []string{"/rong", "/hep", "/anh"} {
		_, err := w.AddSource(w.ctx, a, detection.SourceCommand{Kind: "channel", Title: "Kênh mẫu " + path, Addresses: server.URL + path})
		w.ok(err)
	}
	w.scan()
	q, err := w.Queue(w.ctx, a)
	if w.ok(err); len(q.Items) != 3 || r.times("tre.example") != 1 {
		t.Fatalf("asked %d times; queue %+v", r.times("tre.example"), q.Items)
	}
	got := map[string]int{}
	for _, i := range q.Items {
		f := w.features(i.ID)
		if f.DomainAge != 3 {
			t.Errorf("%d days: %+v", f.DomainAge, f)
		}
		for _, reason := range i.Reasons {
			if reason.Code == "rule" {
				if got[reason.Ref]++; i.Tier != detection.High || reason.Ref == "wide-reach" && f.Reach != 12_500 {
					t.Errorf("tier %v, %+v", i.Tier, f)
				}
			}
		}
		if f.Reach == 950 {
			got["narrow"]++
			if i.Tier != detection.Normal {
				t.Errorf("a page that few follow has tier %v", i.Tier)
			}
		}
	}
	if got["wide-reach"] != 1 || got["bank-hit-young-domain"] != 1 || got["narrow"] != 1 {
		t.Errorf("rules that held: %v", got)
	}
}
