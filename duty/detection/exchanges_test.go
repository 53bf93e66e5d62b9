// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lachan/duty/detection"
	"lachan/duty/detection/exchange"
	"lachan/internal/authz"
	"lachan/internal/fetch"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// puller is the job at night.
func puller() authz.Actor { return authz.System("detection.exchange_pull") }

// exchangeWorld is a world that may ask servers of the test.
func exchangeWorld(t testing.TB) *world {
	w := newWorld(t, func(d *detection.Deps) { d.Lists = fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true}) })
	w.ok(w.AddBank(w.ctx, w.an(), detection.Bank{Name: "OTHERS", Label: detection.OtherLabel, Severity: 3, Permille: 1000}))
	return w
}

func (w *world) exchange(e detection.Exchange) {
	w.t.Helper()
	e.Bank = "OTHERS"
	w.ok(w.AddExchange(w.ctx, w.an(), e))
}

// pull asks as the job does and gives what the pull says.
func (w *world) pull(name string) detection.Pull {
	w.t.Helper()
	w.ok(w.PullExchange(w.ctx, puller(), name))
	return w.lastPull(name)
}

func (w *world) lastPull(name string) detection.Pull {
	w.t.Helper()
	all, err := w.Pulls(w.ctx, w.an(), name, 1)
	w.ok(err)
	if len(all) != 1 {
		w.t.Fatalf("%d pulls", len(all))
	}
	return all[0]
}

func (w *world) finds(kind exchange.Type, value string) []detection.Match {
	w.t.Helper()
	found, err := w.Match(w.ctx, w.an(), detection.MatchCommand{Signal: detection.Signal{Type: kind, Value: value}, Whole: true})
	w.ok(err)
	return found
}

func (w *world) contents() int {
	w.t.Helper()
	banks, err := w.Banks(w.ctx, w.an())
	w.ok(err)
	for _, b := range banks {
		if b.Name == "OTHERS" {
			return b.Contents
		}
	}
	return -1
}

// source plays a server; each answer is taken once, in order, but for faults.
type source struct {
	*httptest.Server
	asked []*http.Request
	plays func(w http.ResponseWriter, r *http.Request)
}

func newSource(t testing.TB, plays func(w http.ResponseWriter, r *http.Request)) *source {
	s := &source{plays: plays}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r)
		s.plays(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func md5Of(n int) string { return fmt.Sprintf("%032x", n+1) }

func pdqOf(n int) string {
	return fmt.Sprintf("%064x", n+1)[32:] + strings.Repeat(fmt.Sprintf("%08x", uint32(n+7)*2654435761), 4)
}

// stopPage is a page of FetchHashes.
func stopPage(next string, mark int, records ...string) string {
	return fmt.Sprintf(`{"count":%d,"nextPageToken":%q,"nextSetTimestamp":%d,"hasMoreRecords":%t,"hashRecords":[%s]}`,
		len(records), next, mark, next != "", strings.Join(records, ","))
}

func stopRecord(value, status string) string {
	return fmt.Sprintf(`{"lastModtimestamp":1700000000,"signalType":"ImagePDQ","hashValue":%q,"hashStatus":%q,"caseNumbers":{},"CSPFeedbacks":[{"source":"A","feedbackValue":"Blocked","tags":["t"]}]}`, value, status)
}

func TestStopNCIIPageByPage(t *testing.T) {
	w := exchangeWorld(t)
	broken := true
	src := newSource(t, func(out http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-functions-key") != "fk" || r.Header.Get("Ocp-Apim-Subscription-Key") != "sk" {
			t.Errorf("keys %v", r.Header)
		}
		since, token := r.URL.Query().Get("startTimestamp"), r.URL.Query().Get("nextPageToken")
		switch {
		case since == "0" && token == "":
			fmt.Fprint(out, stopPage("two", 0, stopRecord(pdqOf(0), "Active"), stopRecord(pdqOf(1), "Active")))
		case since == "0" && token == "two" && broken:
			http.Error(out, "no", http.StatusInternalServerError)
		case since == "0" && token == "two": // one comes again
			fmt.Fprint(out, stopPage("three", 0, stopRecord(pdqOf(1), "Active"), stopRecord(pdqOf(2), "Active")))
		case since == "0" && token == "three":
			fmt.Fprint(out, stopPage("", 1700000500, stopRecord(pdqOf(3), "Active"), stopRecord(pdqOf(0), "Withdrawn"), stopRecord("banana", "Active")))
		case since == "1700000500":
			fmt.Fprint(out, stopPage("", 1700000900, stopRecord(pdqOf(3), "Deleted")))
		default:
			t.Errorf("asked for %s", r.URL.RawQuery)
		}
	})
	w.exchange(detection.Exchange{Name: "STOP", Format: exchange.StopNCII, Pulls: true, Every: 60, Address: src.URL + "/v1"})
	w.ok(w.SetAccess(w.ctx, w.an(), "STOP", exchange.StopNCII, map[string]string{"function_key": "fk", "subscription_key": "sk"}))
	p := w.pull("STOP")
	if p.State != detection.PullFailed || p.Fault == nil || p.Fault.Code != "fetch/status" || p.Pages != 1 || p.Counts.Fresh != 2 {
		t.Fatalf("%+v %v", p, p.Fault)
	}
	e, err := w.Exchange(w.ctx, w.an(), "STOP")
	w.ok(err)
	if wait := e.Next.Sub(w.clock.Now()); e.Failures != 1 || e.Fault == nil || wait < 15*time.Minute || wait > 17*time.Minute {
		t.Errorf("%+v", e)
	}
	broken = false
	if p = w.pull("STOP"); p.State != detection.PullDone || p.Pages != 2 || p.Counts.Fresh != 2 || p.Counts.Same != 1 || p.Counts.Withdrawn != 1 || p.Counts.Skipped != 1 {
		t.Errorf("%+v", p)
	}
	if len(p.Rejects) != 1 || p.Rejects[0].Code != exchange.SkipValue || len(p.Rejects[0].Lines) != 1 {
		t.Errorf("%+v", p.Rejects)
	}
	if e, err = w.Exchange(w.ctx, w.an(), "STOP"); err != nil || e.Failures != 0 || e.Fault != nil || e.Next.Sub(w.clock.Now()) < time.Hour || e.Next.Sub(w.clock.Now()) > 66*time.Minute {
		t.Errorf("%+v %v", e, err)
	}
	if len(w.finds(exchange.PDQ, pdqOf(0))) != 0 || len(w.finds(exchange.PDQ, pdqOf(3))) != 1 || w.contents() != 3 {
		t.Errorf("%d contents", w.contents())
	}
	if p = w.pull("STOP"); p.Counts.Withdrawn != 1 || len(w.finds(exchange.PDQ, pdqOf(3))) != 0 {
		t.Errorf("%+v", p)
	}
	if len(src.asked) != 5 {
		t.Errorf("asked %d times", len(src.asked))
	}
	for _, entry := range w.kinds.all {
		if data, err := json.Marshal(entry.Details); err != nil || strings.Contains(string(data), "fk") || strings.Contains(string(data), pdqOf(0)) {
			t.Errorf("%s %v", data, err)
		}
	}
	if w.kinds.count("detection.exchange_pulled") != 3 || w.kinds.count("detection.exchange_access") != 1 {
		t.Error("ledger")
	}
}

func ncmecPage(next string, entries ...string) string {
	if next != "" {
		next = "<paging><next>" + strings.ReplaceAll(next, "&", "&amp;") + "</next></paging>"
	}
	return `<?xml version="1.0"?><queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="1" maxTimestamp="2026-11-20T00:00:00Z">` +
		strings.Join(entries, "") + "</images>" + next + "</queryResult>"
}

func ncmecImage(id int, prints string) string {
	return fmt.Sprintf(`<image><member id="7">Member</member><timestamp>2026-11-01T00:00:00Z</timestamp><id>img%d</id><classification>A1</classification><fingerprints>%s</fingerprints></image>`, id, prints)
}

func TestNCMECPageByPage(t *testing.T) {
	w := exchangeWorld(t)
	second := false
	src := newSource(t, func(out http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		q := r.URL.Query()
		if r.URL.Path != "/npo/v2/entries" || user != "u" || password != "p" || q.Get("to") == "" {
			t.Errorf("asked %s as %s", r.URL, user)
		}
		switch {
		case second && q.Get("from") != "2026-11-23T02:37:00Z":
			t.Errorf("from %s", q.Get("from"))
		case second: // another md5, one taken back
			fmt.Fprint(out, ncmecPage("", ncmecImage(1, "<md5>"+md5Of(9)+"</md5><pdq>"+pdqOf(1)+"</pdq>"), `<deletedImage><member id="7">Member</member><timestamp>2026-11-21T00:00:00Z</timestamp><id>img2</id></deletedImage>`))
		case q.Get("start") == "":
			fmt.Fprint(out, ncmecPage("/v2/entries?from=x&to=y&start=1001&size=1000&max=1500", ncmecImage(1, "<md5>"+md5Of(1)+"</md5><pdq>"+pdqOf(1)+"</pdq><pdna>AAAA</pdna>")))
		case q.Get("start") == "1001" && q.Get("max") == "1500":
			fmt.Fprint(out, ncmecPage("", ncmecImage(2, "<sha1>"+strings.Repeat("ab", 20)+"</sha1>")))
		}
	})
	w.exchange(detection.Exchange{Name: "NCMEC_NPO", Format: exchange.NCMEC, Pulls: true, Every: 60, Address: src.URL + "/npo"})
	w.ok(w.SetAccess(w.ctx, w.an(), detection.APIAccess(exchange.NCMEC), exchange.NCMEC, map[string]string{"user": "u", "password": "p"}))
	p := w.pull("NCMEC_NPO")
	if p.State != detection.PullDone || p.Pages != 2 || p.Counts.Fresh != 2 || p.Counts.Skipped != 1 {
		t.Fatalf("%+v %v", p, p.Fault)
	}
	found := w.finds(exchange.MD5, md5Of(1))
	if len(found) != 1 || len(w.finds(exchange.PDQ, pdqOf(1))) != 1 {
		t.Fatalf("%+v", found)
	}
	c, err := w.Content(w.ctx, w.an(), found[0].Content)
	w.ok(err)
	if len(c.Signals) != 2 || c.Category != "A1" || c.Foreign != "img1" || !strings.Contains(c.Meta["opinions"], "Member") {
		t.Errorf("%+v", c)
	}
	second = true
	if p = w.pull("NCMEC_NPO"); p.Counts.Changed != 1 || p.Counts.Withdrawn != 1 || w.contents() != 1 {
		t.Errorf("%+v %v, %d contents", p, p.Fault, w.contents())
	}
	if len(w.finds(exchange.MD5, md5Of(1))) != 0 || len(w.finds(exchange.MD5, md5Of(9))) != 1 || len(w.finds(exchange.PDQ, pdqOf(1))) != 1 {
		t.Error("what is matched is not what the source says now")
	}
}

func TestThreatExchangeAndTechAgainstFollowTheirPages(t *testing.T) {
	w := exchangeWorld(t)
	var src *source
	elsewhere := false
	src = newSource(t, func(out http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/group") && r.URL.Query().Get("access_token") != "tok":
			t.Errorf("no token: %s", r.URL)
		case r.URL.Path == "/group/threat_updates" && elsewhere:
			fmt.Fprint(out, `{"data":[],"paging":{"next":"https://elsewhere.example/?access_token=tok"}}`)
		case r.URL.Path == "/group/threat_updates":
			fmt.Fprintf(out, `{"data":[{"id":"1","indicator":%q,"type":"HASH_MD5","last_updated":1700000000},{"id":"2","indicator":%q,"type":"HASH_MD5","last_updated":1700000000,"status":"NON_MALICIOUS"}],"paging":{"next":"%s/group/more?access_token=tok"}}`, md5Of(1), md5Of(2), src.URL)
		case r.URL.Path == "/group/more":
			fmt.Fprintf(out, `{"data":[{"id":"1","indicator":%q,"type":"HASH_MD5","last_updated":1700000000,"should_delete":true}]}`, md5Of(1))
		case r.URL.Path == "/tat" && r.URL.Query().Get("page") == "":
			fmt.Fprintf(out, `{"count":2,"next":"%s/tat?page=2","checkpoint":"c1","results":[{"id":5,"hash_digest":%q,"algorithm":"MD5","deleted":false,"created_on":"2026-01-01T00:00:00Z"}]}`, src.URL, md5Of(5))
		case r.URL.Path == "/tat":
			if r.Header.Get("Authorization") != "Bearer jwt" {
				t.Error("no bearer")
			}
			fmt.Fprintf(out, `{"count":2,"next":null,"checkpoint":"c2","results":[{"id":6,"hash_digest":%q,"algorithm":"MD5","deleted":false,"created_on":"2026-01-01T00:00:00Z"}]}`, md5Of(6))
		}
	})
	w.exchange(detection.Exchange{Name: "META", Format: exchange.ThreatExchange, Pulls: true, Every: 60, Address: src.URL + "/group/threat_updates"})
	w.ok(w.SetAccess(w.ctx, w.an(), "META", exchange.ThreatExchange, map[string]string{"api_token": "tok"}))
	if p := w.pull("META"); p.State != detection.PullDone || p.Counts.Fresh != 2 || p.Counts.Withdrawn != 1 {
		t.Errorf("%+v %v", p, p.Fault)
	}
	if len(w.finds(exchange.MD5, md5Of(2))) != 0 || w.contents() != 1 {
		t.Error("what the source holds harmless is matched")
	}
	elsewhere = true
	w.pull("META")
	if p := w.lastPull("META"); p.State != detection.PullFailed || p.Fault == nil || p.Fault.Code != "detection/page-elsewhere" {
		t.Errorf("%+v %v", p, p.Fault)
	}
	w.exchange(detection.Exchange{Name: "TAT", Format: exchange.TechAgainst, Pulls: true, Every: 60, Address: src.URL + "/tat"})
	w.ok(w.SetAccess(w.ctx, w.an(), "TAT", exchange.TechAgainst, map[string]string{"token": "jwt"}))
	if p := w.pull("TAT"); p.State != detection.PullDone || p.Pages != 2 || p.Counts.Fresh != 2 {
		t.Errorf("%+v %v", p, p.Fault)
	}
	w.pull("TAT")
	if got := src.asked[len(src.asked)-2].URL.Query().Get("checkpoint"); got != "c2" {
		t.Errorf("checkpoint %q", got)
	}
}

// A plain list is fetched once and asked about after.
func TestAPlainListAndItsTag(t *testing.T) {
	w := exchangeWorld(t)
	lists := "# a list\n" + md5Of(1) + "\nmd5 " + md5Of(2) + "\nbanana banana\n" + strings.Repeat("0", 64) + "\n"
	src := newSource(t, func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("ETag", `"one"`)
		if r.Header.Get("If-None-Match") == `"one"` {
			out.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprint(out, lists)
	})
	w.exchange(detection.Exchange{Name: "PLAIN", Format: exchange.Lines, Pulls: true, Every: 15, Address: src.URL + "/list.txt?key=secret"})
	if p := w.pull("PLAIN"); p.Counts.Fresh != 2 || p.Counts.Skipped != 2 || len(p.Rejects) != 2 {
		t.Errorf("%+v %v", p, p.Fault)
	}
	if p := w.pull("PLAIN"); p.State != detection.PullDone || p.Pages != 0 || w.contents() != 2 {
		t.Errorf("%+v", p)
	}
	if e, err := w.Exchange(w.ctx, w.an(), "PLAIN"); err != nil || e.Address != "" || e.Host != "127.0.0.1" {
		t.Errorf("the address comes back: %+v %v", e, err)
	}
}

// A hub that dies between two batches of a page, or between pages, goes on: each
// item is there once.
func TestAPullGoesOnAfterTheHubDied(t *testing.T) {
	w := newWorld(t, func(d *detection.Deps) {
		d.Lists = fetch.New(fetch.Options{Agent: "lachan/test", AllowInside: true})
		d.Settings.Batch = 3
	})
	w.ok(w.AddBank(w.ctx, w.an(), detection.Bank{Name: "OTHERS", Label: detection.OtherLabel, Severity: 3, Permille: 1000}))
	const pages, each = 5, 10
	ctx, cancel := context.WithCancel(w.ctx)
	served := 0
	var asked []string
	src := newSource(t, func(out http.ResponseWriter, r *http.Request) {
		page := 0
		_, _ = fmt.Sscanf(r.URL.Query().Get("nextPageToken"), "p%d", &page)
		asked = append(asked, r.URL.Query().Get("nextPageToken"))
		if served++; served == 3 { // dies while this page comes
			fmt.Fprint(out, strings.TrimSuffix(stopPage(fmt.Sprintf("p%d", page+1), 0, stopRecord(pdqOf(page*each), "Active")), "]}"))
			cancel()
			return
		}
		var records []string
		for i := range each {
			records = append(records, stopRecord(pdqOf(page*each+i), "Active"))
		}
		next := ""
		if page+1 < pages {
			next = fmt.Sprintf("p%d", page+1)
		}
		fmt.Fprint(out, stopPage(next, 17, records...))
	})
	w.exchange(detection.Exchange{Name: "STOP", Format: exchange.StopNCII, Pulls: true, Every: 60, Address: src.URL})
	if err := w.PullExchange(ctx, puller(), "STOP"); err == nil {
		t.Fatal("it did not die")
	}
	if n := w.contents(); n < 2*each || n >= pages*each {
		t.Fatalf("%d contents", n)
	}
	if p := w.lastPull("STOP"); p.State != detection.PullRunning || p.Pages != 2 {
		t.Errorf("%+v", p)
	}
	p := w.pull("STOP")
	if p.State != detection.PullDone || p.Pages != pages || w.contents() != pages*each || p.Counts.Fresh != pages*each {
		t.Errorf("%+v, %d contents", p, w.contents())
	}
	if strings.Join(asked, " ") != " p1 p2 p2 p3 p4" {
		t.Errorf("asked for %q", asked)
	}
}

func TestASourceThatGoesInCircles(t *testing.T) {
	w := exchangeWorld(t)
	src := newSource(t, func(out http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(out, stopPage("same", 0, stopRecord(pdqOf(1), "Active")))
	})
	w.exchange(detection.Exchange{Name: "STOP", Format: exchange.StopNCII, Pulls: true, Every: 60, Address: src.URL})
	if p := w.pull("STOP"); p.Fault == nil || p.Fault.Code != "detection/page-again" || len(src.asked) != 2 || w.contents() != 1 {
		t.Errorf("%+v %v, asked %d times", p, p.Fault, len(src.asked))
	}
}

func TestExchangesAreClaimedOnce(t *testing.T) {
	w := exchangeWorld(t)
	claimed := func() (all []string) {
		w.ok(w.ClaimExchanges(w.ctx, func(_ context.Context, _ *sqldb.Tx, name string) error {
			all = append(all, name)
			return nil
		}))
		return all
	}
	w.exchange(detection.Exchange{Name: "A", Format: exchange.Lines, Pulls: true, Every: 15, Address: "https://mau.example/"})
	w.exchange(detection.Exchange{Name: "B", Format: exchange.Lines})
	if got := claimed(); len(got) != 1 || got[0] != "A" || len(claimed()) != 0 {
		t.Errorf("%v", got)
	}
	w.clock.Advance(16 * time.Minute)
	w.ok(w.PauseExchange(w.ctx, w.an(), "A", true))
	if len(claimed()) != 0 {
		t.Error("paused, and asked")
	}
	if err := w.PullSoon(w.ctx, w.an(), "A"); !problem.Is(err, "detection/not-asked") {
		t.Errorf("%v", err)
	}
	w.ok(w.PauseExchange(w.ctx, w.an(), "A", false))
	if len(claimed()) != 1 {
		t.Error("not asked after the pause")
	}
	w.ok(w.PullSoon(w.ctx, w.an(), "A"))
	if len(claimed()) != 1 {
		t.Error("not asked soon")
	}
	w.ok(w.EditExchange(w.ctx, w.an(), detection.Exchange{Name: "A", Every: 60, Type: exchange.MD5}))
	if len(claimed()) != 0 {
		t.Error("another pause is no reason to ask at once")
	}
	w.ok(w.EditExchange(w.ctx, w.an(), detection.Exchange{Name: "A", Every: 60, Address: "https://other.example/"}))
	if e, err := w.Exchange(w.ctx, w.an(), "A"); err != nil || e.Host != "other.example" || e.Every != 60 || len(claimed()) != 1 {
		t.Errorf("%+v %v", e, err)
	}
}

func TestExchangesAreForThoseWhoMay(t *testing.T) {
	w := exchangeWorld(t)
	e := detection.Exchange{Name: "A", Bank: "OTHERS", Format: exchange.Lines}
	for _, who := range []authz.Actor{puller(), {Person: "x", Unit: otherUnit, Roles: []string{authz.Reviewer}}, {Person: "x", Unit: reviewUnit, Roles: []string{authz.Lead}}} {
		if err := w.AddExchange(w.ctx, who, e); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("%v: %v", who, err)
		}
		if _, err := w.Exchanges(w.ctx, who); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("%v: %v", who, err)
		}
	}
	w.exchange(e)
	if err := w.PullExchange(w.ctx, w.an(), "A"); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("%v", err)
	}
	for name, bad := range map[string]detection.Exchange{
		"name": {Name: "a", Bank: "OTHERS", Format: exchange.CSV}, "format": {Name: "B", Bank: "OTHERS", Format: "x"},
		"bank": {Name: "B", Bank: detection.DecidedHarmful, Format: exchange.CSV}, "every": {Name: "B", Bank: "OTHERS", Format: exchange.CSV, Pulls: true, Every: 1, Address: "https://a.example/"},
		"address": {Name: "B", Bank: "OTHERS", Format: exchange.CSV, Pulls: true, Every: 60, Address: "https://u:p@a.example/"},
		"columns": {Name: "B", Bank: "OTHERS", Format: exchange.CSV, Columns: map[string]string{"x": "y"}},
	} {
		p := problem.From(w.AddExchange(w.ctx, w.an(), bad))
		if len(p.Fields) != 1 || p.Fields[0].Name != name {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if err := w.AddExchange(w.ctx, w.an(), e); !problem.Is(err, "detection/exchange-exists") {
		t.Errorf("%v", err)
	}
}
