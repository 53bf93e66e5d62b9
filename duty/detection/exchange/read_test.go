// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/internal/problem"
)

// Hashes of the words "sample one" and so on; nothing else stands behind them.
const (
	md5One    = "0c7a6b1d2e3f4a5b6c7d8e9f00112233"
	sha1One   = "0c7a6b1d2e3f4a5b6c7d8e9f0011223344556677"
	sha256One = "0c7a6b1d2e3f4a5b6c7d8e9f00112233445566778899aabbccddeeff00112233"
	pdqOne    = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
)

// collect reads a list whole.
func collect(t testing.TB, f Format, o Options, text string) ([]Item, Report, error) {
	t.Helper()
	var items []Item
	r, err := Read(context.Background(), strings.NewReader(text), f, o, func(it Item) error {
		items = append(items, it)
		return nil
	})
	if r.Entries != r.Taken+r.Withdrawn+r.Skipped || len(items) != r.Taken+r.Withdrawn {
		t.Errorf("the report does not add up: %+v for %d items", r, len(items))
	}
	return items, r, err
}

func reasons(r Report) map[Skip][]int {
	m := map[Skip][]int{}
	for _, s := range r.Reasons {
		m[s.Code] = s.Lines
	}
	return m
}

func sameReasons(t *testing.T, r Report, want map[Skip][]int) {
	t.Helper()
	got := reasons(r)
	for code, lines := range want {
		if !slices.Equal(got[code], lines) {
			t.Errorf("%s: lines %v, want %v", code, got[code], lines)
		}
		delete(got, code)
	}
	if len(got) > 0 {
		t.Errorf("also passed over: %v", got)
	}
}

func TestCSVWithColumnsOfOthers(t *testing.T) {
	text := "\ufeffHash;Kind;Grade;Until;Standing\r\n" +
		strings.ToUpper(md5One) + ";MD5;A;2027-01-31;active\r\n" +
		";;;;\r\n" +
		"not a hash;MD5;A;;\r\n" +
		pdqOne + ";HASH_PDQ;B;31/01/2027;\r\n" +
		strings.Repeat("0", 64) + ";pdq;B;;\r\n" +
		sha1One + ";SHA-1;A;soon;\r\n" +
		sha1One + ";SHA-1;A;;asleep\r\n" +
		"x;PhotoDNA;A;;\r\n" +
		"https://USER:pw@Xấu.example:443/a?b=c#d;url;A;;\r\n" +
		"Xấu.Example.;domain;A;;withdrawn\r\n" +
		"\"" + sha256One + "\";sha256;A;;\r\n"
	items, r, err := collect(t, CSV, Options{Source: "sample list", Columns: map[string]string{
		"signal_value": "hash", "signal_type": "KIND", "category": "Grade", "expires_at": "Until", "status": "Standing",
	}}, text)
	if err != nil {
		t.Fatal(err)
	}
	sameReasons(t, r, map[Skip][]int{SkipValue: {4}, SkipZero: {6}, SkipTime: {7}, SkipStatus: {8}, SkipType: {9}})
	end := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	want := []Item{
		{Line: 2, Type: MD5, Value: md5One, Quality: -1, Status: Active, Category: "A", Source: "sample list", Expires: end},
		{Line: 5, Type: PDQ, Value: pdqOne, Quality: -1, Status: Active, Category: "B", Source: "sample list", Expires: end},
		{Line: 10, Type: URL, Value: "https://xn--xu-r5s.example/a?b=c", Quality: -1, Status: Active, Category: "A", Source: "sample list"},
		{Line: 11, Type: Domain, Value: "xn--xu-r5s.example", Quality: -1, Status: Withdrawn, Category: "A", Source: "sample list"},
		{Line: 12, Type: SHA256, Value: sha256One, Quality: -1, Status: Active, Category: "A", Source: "sample list"},
	}
	sameItems(t, items, want)
}

func sameItems(t *testing.T, got, want []Item) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing: %+v", want[i])
		case i >= len(want):
			t.Errorf("too many: %+v", got[i])
		case !equal(got[i], want[i]):
			t.Errorf("item %d\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func equal(x, y Item) bool {
	tags := slices.Equal(x.Tags, y.Tags)
	added, expires := x.Added.Equal(y.Added), x.Expires.Equal(y.Expires)
	x.Tags, y.Tags = nil, nil
	x.Added, y.Added, x.Expires, y.Expires = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return tags && added && expires && x.Line == y.Line && x.Type == y.Type && x.Value == y.Value && x.Quality == y.Quality && x.ID == y.ID &&
		x.Status == y.Status && x.Category == y.Category && x.Severity == y.Severity && x.Source == y.Source && x.Note == y.Note
}

func TestCSVWithQualities(t *testing.T) {
	items, r, err := collect(t, CSV, Options{Type: PDQ}, "signal_value,quality\n"+pdqOne+",50\n"+pdqOne+",49\n"+pdqOne+",good\n"+pdqOne+",\n")
	if err != nil || len(items) != 2 || items[0].Quality != 50 || items[1].Quality != -1 {
		t.Fatalf("%+v, %v", items, err)
	}
	sameReasons(t, r, map[Skip][]int{SkipQuality: {3}, SkipNumber: {4}})
}

// A record of closed hashes alone is passed over once, one of named hashes is not.
func TestVICSWithPhotoDNA(t *testing.T) {
	items, r, err := collect(t, VICS, Options{}, `{"odata.metadata":"x#Media","value":[
{"MediaID":1,"PhotoDNA":"AAAA"},
{"MediaID":2,"PhotoDNA":[{"HashName":"PDQ","HashValue":"`+pdqOne+`"}]},
{"MediaID":3},
{"MediaID":4,"MD5":"`+md5One+`","PhotoDNA":null,"Category":null}]}`)
	if err != nil || len(items) != 2 || items[0].Type != PDQ || items[1].Type != MD5 {
		t.Fatalf("%+v, %v", items, err)
	}
	sameReasons(t, r, map[Skip][]int{SkipType: {2}, SkipEntry: {4}})
}

func TestCSVWithoutHeadingsIsAListOfValues(t *testing.T) {
	items, r, err := collect(t, CSV, Options{}, md5One+"\n"+sha256One+"\n"+sha1One+",remark\n")
	if err != nil || len(items) != 2 || items[0].Type != MD5 || items[1].Type != SHA1 {
		t.Fatalf("%+v, %v", items, err)
	}
	sameReasons(t, r, map[Skip][]int{SkipAmbiguous: {2}})
	if items, _, err = collect(t, CSV, Options{Type: PDQ}, pdqOne+"\n"); err != nil || len(items) != 1 || items[0].Type != PDQ {
		t.Fatalf("with a type: %+v, %v", items, err)
	}
}

func TestLinesWithAndWithoutTypes(t *testing.T) {
	items, r, err := collect(t, Lines, Options{}, "# remark\n\n"+md5One+"\x00\r\npdq "+pdqOne+"\nvideo_md5 "+md5One+"\ntlsh T1abc\nxau.example\nhttp://xau.example\nword\n")
	if err != nil {
		t.Fatal(err)
	}
	sameReasons(t, r, map[Skip][]int{SkipType: {6}, SkipValue: {9}})
	var got []string
	for _, it := range items {
		got = append(got, string(it.Type)+" "+it.Value)
	}
	want := []string{"md5 " + md5One, "pdq " + pdqOne, "md5 " + md5One, "domain xau.example", "url http://xau.example/"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAPageOfNCMEC(t *testing.T) {
	text := `<?xml version="1.0" encoding="UTF-8"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
 <images count="2" maxTimestamp="2026-11-20T10:00:00Z">
  <image><member id="42">Sample member</member><timestamp>2026-11-20T09:00:00Z</timestamp><id>image1</id><classification>B2</classification>
   <fingerprints><md5>` + strings.ToUpper(md5One) + `</md5><sha1>` + sha1One + `</sha1><pdna>AAAA</pdna><pdq>` + pdqOne + `</pdq></fingerprints>
   <feedback><affirmativeFeedback type="MD5"/><negativeFeedback type="MD5"><reasons><reason name="Viral" type="MD5"/></reasons></negativeFeedback></feedback></image>
  <deletedImage><member id="43">Other member</member><timestamp>2026-11-20T09:30:00Z</timestamp><id>image2</id></deletedImage>
 </images>
 <paging><next>/v2/entries?from=2026-11-01T00%3A00%3A00Z&amp;start=2001</next></paging>
</queryResult>`
	items, r, err := collect(t, NCMEC, Options{}, text)
	if err != nil {
		t.Fatal(err)
	}
	sameReasons(t, r, map[Skip][]int{SkipType: {4}})
	if r.Next != "/v2/entries?from=2026-11-01T00%3A00%3A00Z&start=2001" || r.Checkpoint != "2026-11-20T10:00:00Z" {
		t.Errorf("next %q, checkpoint %q", r.Next, r.Checkpoint)
	}
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	tags := []string{"affirmed:MD5", "doubted:Viral"}
	one := Item{Line: 4, Quality: -1, ID: "image1", Status: Active, Category: "B2", Source: "Sample member", Tags: tags, Added: at}
	a, b, c := one, one, one
	a.Type, a.Value, b.Type, b.Value, c.Type, c.Value = MD5, md5One, SHA1, sha1One, PDQ, pdqOne
	sameItems(t, items, []Item{a, b, c, {Line: 7, Quality: -1, ID: "image2", Status: Withdrawn, Source: "Other member", Added: at.Add(30 * time.Minute)}})

	cut, _, err := collect(t, NCMEC, Options{}, text[:strings.Index(text, "<deletedImage>")+10])
	var p *problem.Error
	if !errors.As(err, &p) || p.Code != "exchange/damaged" || len(cut) != 3 {
		t.Errorf("cut off: %d items, %v", len(cut), err)
	}
	if _, _, err := collect(t, NCMEC, Options{}, "<html></html>"); !problem.Is(err, "exchange/damaged") {
		t.Errorf("another document: %v", err)
	}
}

func TestPagesInJSON(t *testing.T) {
	stop := `{"count":4,"nextPageToken":"page-2","nextSetTimestamp":1767225600,"hasMoreRecords":true,"hashRecords":[
{"lastModtimestamp":1767225000,"signalType":"ImagePDQ","hashValue":"` + pdqOne + `","hashStatus":"Active","caseNumbers":{},"CSPFeedbacks":[{"source":"x","feedbackValue":"Blocked","tags":["seen"]}]},
{"lastModtimestamp":1767225000,"signalType":"VideoMD5","hashValue":"` + md5One + `","hashStatus":"Withdrawn"},
{"lastModtimestamp":1767225000,"signalType":"VideoTMK","hashValue":"q","hashStatus":"Active"},
"what"]}`
	items, r, err := collect(t, StopNCII, Options{Source: "StopNCII"}, stop)
	if err != nil || r.Next != "page-2" || r.Checkpoint != "1767225600" {
		t.Fatalf("%+v, %v", r, err)
	}
	at := time.Unix(1767225000, 0)
	sameReasons(t, r, map[Skip][]int{SkipType: {4}, SkipEntry: {5}})
	sameItems(t, items, []Item{
		{Line: 2, Type: PDQ, Value: pdqOne, Quality: -1, Status: Active, Source: "StopNCII", Tags: []string{"seen"}, Added: at},
		{Line: 3, Type: MD5, Value: md5One, Quality: -1, Status: Withdrawn, Source: "StopNCII", Added: at},
	})

	meta := `{"data":[
{"id":"1","raw_indicator":"` + md5One + `","type":"HASH_MD5","owner":{"id":"7","name":"Sample owner"},"status":"MALICIOUS","tags":["a","b"],"added_on":"2026-11-20T10:00:00+0000"},
{"id":"2","indicator":"Xau.example","type":"DOMAIN","owner":{"id":"7"},"should_delete":true,"tags":{"data":[{"id":"9","text":"c"}]},"last_updated":1767225000},
{"id":"3","indicator":{"id":"5","indicator":"x"},"raw_indicator":"http://xau.example/a","type":"URI","status":"NON_MALICIOUS","added_on":"2026-11-20T10:00:00+0000"},
{"id":"4","raw_indicator":"x","type":"EMAIL_ADDRESS","status":"MALICIOUS"}
],"paging":{"cursors":{"after":"c2"},"next":"https://graph.example/next"}}`
	items, r, err = collect(t, ThreatExchange, Options{}, meta)
	if err != nil || r.Next != "https://graph.example/next" || r.Checkpoint != "c2" {
		t.Fatalf("%+v, %v", r, err)
	}
	day := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	sameReasons(t, r, map[Skip][]int{SkipType: {5}})
	sameItems(t, items, []Item{
		{Line: 2, Type: MD5, Value: md5One, Quality: -1, ID: "1", Status: Active, Source: "Sample owner", Tags: []string{"a", "b"}, Added: day},
		{Line: 3, Type: Domain, Value: "xau.example", Quality: -1, ID: "2", Status: Withdrawn, Source: "7", Tags: []string{"c"}, Added: at},
		{Line: 4, Type: URL, Value: "http://xau.example/a", Quality: -1, ID: "3", Status: Harmless, Added: day},
	})

	tat := `{"count":2,"next":"https://tat.example/?page=2","previous":null,"checkpoint":"1700","results":[
{"id":11,"hash_digest":"` + sha256One + `","algorithm":"SHA256","ideology":"x","file_type":"mp4","deleted":false,"created_on":"2026-11-20"},
{"id":12,"hash_digest":"` + md5One + `","algorithm":"MD5","deleted":true}]}`
	items, r, err = collect(t, TechAgainst, Options{}, tat)
	if err != nil || r.Next != "https://tat.example/?page=2" || r.Checkpoint != "1700" || r.Taken != 1 || r.Withdrawn != 1 || items[1].ID != "12" {
		t.Fatalf("%+v %+v, %v", items, r, err)
	}
	for _, f := range []Format{StopNCII, ThreatExchange, TechAgainst, STIX, VICS} {
		for _, bad := range []string{"", "[", `{"data":[{]`, `{"hashRecords":3}`, "{} {}", `"text"`} {
			if _, _, err := collect(t, f, Options{}, bad); err == nil && !(f == STIX && bad == `{"hashRecords":3}`) && !(bad == `{"hashRecords":3}` && f != StopNCII) {
				t.Errorf("%s: %q was taken", f, bad)
			}
		}
	}
}

func TestPatternsOfSTIX(t *testing.T) {
	for pattern, want := range map[string][]comparison{
		"[file:hashes.'SHA-256' = '" + sha256One + "']":                               {{"SHA-256", sha256One}},
		"[file:hashes.MD5='" + md5One + "' OR file:hashes.'SHA-1'='" + sha1One + "']": {{"MD5", md5One}, {"SHA-1", sha1One}},
		`[url:value = 'http://xau.example/\'a\\b']`:                                   {{"url", `http://xau.example/'a\b`}},
		"[domain-name:value = 'xau.example'] OR [url:value = 'http://b.example/']":    {{"domain-name", "xau.example"}, {"url", "http://b.example/"}},
		"[domain-name:value = 'a.example' AND url:value = 'http://a.example/']":       nil,
		"[domain-name:value = 'a.example'] FOLLOWEDBY [url:value = 'x']":              nil,
		"[file:name = 'a.exe']":              nil,
		"[domain-name:value LIKE 'a%']":      nil,
		"[domain-name:value != 'a.example']": nil,
		"[domain-name:value = 'a.example":    nil,
		"":                                   nil,
	} {
		got, ok := equalities(pattern)
		if ok != (want != nil) || ok && !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", pattern, got, ok, want)
		}
	}
}

// The public examples, read in place.
func TestSharedExamples(t *testing.T) {
	root := filepath.Join("..", "..", "..", "..", "shared", "data", "exchange")
	if _, err := os.Stat(root); err != nil {
		t.Skip("../shared/data/exchange is absent")
	}
	read := func(f Format, name string) ([]Item, Report) {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		items, r, err := collect(t, f, Options{}, string(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return items, r
	}
	for name, withSHA1 := range map[string]int{"vics/vics12-media-synthetic.json": 7, "vics/vics13-media-synthetic.json": 7, "vics/vics13-cases-synthetic.json": 7, "vics/vics20-media-synthetic.json": 7} {
		items, r := read(VICS, name)
		md5s, sha1s := 0, 0
		for _, it := range items {
			switch it.Type {
			case MD5:
				md5s++
			case SHA1:
				sha1s++
			}
		}
		if md5s != withSHA1 || sha1s != withSHA1 || r.Skipped != 0 || items[0].Value != "b8c89d2572ea9ab551c46adfbbe484af" || items[2].Category != "1" {
			t.Errorf("%s: %d MD5, %d SHA-1, %+v", name, md5s, sha1s, r)
		}
	}
	if items, r := read(STIX, "stix/sco-examples-bundle.json"); r.Taken < 3 || items[0].Type != MD5 {
		t.Errorf("observables: %+v", r)
	}
	if _, r := read(STIX, "stix/examples/indicator-for-c2-ip-address.json"); r.Taken != 0 || reasons(r)[SkipPattern] == nil {
		t.Errorf("a pattern about an address: %+v", r)
	}
	for _, name := range []string{"apt1.json", "poisonivy.json"} {
		if _, r := read(STIX, "stix/examples/threat-reports/"+name); r.Taken == 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func TestReadEndsWhenTheCallerDoes(t *testing.T) {
	enough := errors.New("enough")
	r, err := Read(context.Background(), strings.NewReader(md5One+"\n"+md5One+"\n"), Lines, Options{}, func(Item) error { return enough })
	if err != enough || r.Taken != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, strings.NewReader(md5One), Lines, Options{}, func(Item) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Read(ctx, strings.NewReader(""), "paper", Options{}, nil); !problem.Is(err, "exchange/unknown-format") {
		t.Error(err)
	}
}

// A quote or a bracket that is never closed ends with an error, not with all
// of the file in memory.
func TestAnEntryWithoutAnEnd(t *testing.T) {
	long := strings.Repeat("a", 2*maxEntry)
	for f, text := range map[Format]string{
		CSV: "signal_value\n\"" + long, Lines: long, VICS: `{"value":[{"MD5":"` + long, STIX: `{"objects":["` + long,
		NCMEC: "<queryResult><images><image><id>" + long, StopNCII: `{"hashRecords":[{"a":"` + long,
	} {
		if _, _, err := collect(t, f, Options{}, text); !problem.Is(err, "exchange/damaged") {
			t.Errorf("%s: %v", f, err)
		}
	}
}
