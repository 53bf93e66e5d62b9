// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lachan/internal/bundle"
	"lachan/internal/problem"
)

// read reads a list from text and checks that nothing on it was lost.
func read(t testing.TB, format Format, text string) (*Reading, []string) {
	t.Helper()
	r, err := ReadList(strings.NewReader(text), ReadOptions{Format: format})
	if err != nil {
		t.Fatal(err)
	}
	accounted(t, r)
	return r, slices.Collect(r.names.all())
}

// accounted is the invariant of every report.
func accounted(t testing.TB, r *Reading) {
	t.Helper()
	p := r.Report
	sum := 0
	for _, s := range p.Reasons {
		sum += s.Count
	}
	if sum != p.Skipped || p.Lines != p.Notes+p.Bearing || p.Entries < p.Bearing ||
		p.Entries != p.Taken+p.Duplicates+p.Exceptions+p.Skipped || p.Taken != len(r.names.rows) || p.Kept != len(r.exceptions) {
		t.Fatalf("%s: %d skipped with a reason; %+v", p.Format, sum, p)
	}
}

func counts(r Report) map[Skip]int {
	m := map[Skip]int{}
	for _, s := range r.Reasons {
		m[s.Code] = s.Count
	}
	return m
}

// sample is what a format makes of a text.
type sample struct {
	name   string
	format Format
	text   string
	taken  []string
	kept   []string // exceptions
	skips  map[Skip]int
	notes  int
	dupes  int
	wide   int
}

func (c sample) check(t *testing.T) {
	t.Helper()
	r, taken := read(t, c.format, c.text)
	slices.Sort(c.taken)
	if d := cmp.Diff(c.taken, taken); d != "" {
		t.Error("taken:", d)
	}
	if d := cmp.Diff(c.kept, r.exceptions); d != "" {
		t.Error("exceptions:", d)
	}
	if c.skips == nil {
		c.skips = map[Skip]int{}
	}
	if d := cmp.Diff(c.skips, counts(r.Report)); d != "" {
		t.Error("skipped:", d)
	}
	if r.Report.Notes != c.notes || r.Report.Duplicates != c.dupes || r.Report.Widened != c.wide {
		t.Errorf("notes %d, duplicates %d, widened %d", r.Report.Notes, r.Report.Duplicates, r.Report.Widened)
	}
}

func TestReadListFormats(t *testing.T) {
	for _, c := range []sample{
		{
			name: "plain with everything that is found in the wild", format: Plain,
			text: "\ufeff# title\r\n\r\nExample.COM\r\nexample.com.\r\n*.wild.example\r\n.dot.example\r\n" +
				"thủđô.vn\r\nthu\u0309đo\u0302.vn\r\n192.0.2.7\r\n2001:db8::1\r\n192.0.2.0/24\r\nvn\r\ncom.vn\r\nblogspot.com\r\n" +
				"https://a.example/x\r\ntwo words\r\na..b\r\nlast.example # why\r\n! note\r\n*.ads-*.example",
			taken: []string{"example.com", "wild.example", "dot.example", "xn--th-9ja9i637n.vn", "last.example"},
			skips: map[Skip]int{SkipAddress: 3, SkipTLD: 1, SkipSuffix: 1, SkipSharedSuffix: 1, SkipURL: 1, SkipSyntax: 1, SkipName: 1, SkipPattern: 1},
			notes: 3, dupes: 2, wide: 2,
		},
		{
			name: "hosts", format: Hosts,
			text: "# hosts\n127.0.0.1 localhost\n::1 ip6-localhost ip6-loopback\n255.255.255.255 broadcasthost\nfe80::1%lo0 localhost\n" +
				"0.0.0.0 a.example b.example # two\n:: c.example\n127.0.0.1\td.example\n192.0.2.1 real.example\nno-address.example\n0.0.0.0\n0.0.0.0 0.0.0.0\n",
			taken: []string{"a.example", "b.example", "c.example", "d.example"},
			skips: map[Skip]int{SkipLocal: 5, SkipRedirect: 1, SkipSyntax: 2, SkipAddress: 1}, notes: 1, wide: 4,
		},
		{
			name: "dnsmasq", format: Dnsmasq,
			text: "# x\naddress=/a.example/#\naddress=/b.example/c.example/0.0.0.0\naddress=/d.example/::\naddress=/e.example/\naddress=/f.example/192.0.2.1\n" +
				"server=/g.example/\nserver=/h.example/192.0.2.53\nserver=/i.g.example/#\nlocal=/j.example/\nserver=192.0.2.53\nipset=/k.example/x\naddress=/#/0.0.0.0\naddress=/com.vn/#\nlocal=/*.l.example/\naddress=/m*.example/#\n",
			taken: []string{"a.example", "b.example", "c.example", "d.example", "e.example", "g.example", "j.example", "l.example"},
			kept:  []string{"i.g.example"},
			skips: map[Skip]int{SkipRedirect: 2, SkipOther: 2, SkipTLD: 1, SkipSuffix: 1, SkipPattern: 1}, notes: 1, wide: 1,
		},
		{
			name: "unbound", format: Unbound,
			text: "server:\nlocal-zone: \"a.example.\" always_null\nlocal-zone: b.example static # remark\nlocal-zone: \"ok.b.example\" transparent\n" +
				"local-zone: \"c.example\" redirect\nlocal-data: \"c.example A 0.0.0.0\"\nlocal-data: \"d.example. 60 IN AAAA ::\"\nlocal-data: 'e.example A 192.0.2.1'\n" +
				"local-data: \"localhost A 127.0.0.1\"\nlocal-zone: f.example always_null extra\ninclude: other.conf\nlocal-zone: g.example nodefault\n",
			taken: []string{"a.example", "b.example", "c.example", "d.example"},
			kept:  []string{"ok.b.example"},
			skips: map[Skip]int{SkipRedirect: 1, SkipLocal: 1, SkipSyntax: 1, SkipOther: 2}, notes: 2, wide: 1,
		},
		{
			name: "response policy zone", format: RPZ,
			text: "$TTL 2h\n$ORIGIN rpz.example.\n@ SOA ns.example. x.example. ( 1 12h\n 15m 3w 2h )\n  NS ns.example.\n; remark\n" +
				"a.example CNAME .\n*.a.example CNAME .\nok.a.example 300 IN CNAME rpz-passthru. ; open\nb.example CNAME *.\nc.example CNAME rpz-drop.\nd.example CNAME rpz-tcp-only.\n" +
				"e.example CNAME walled.example.\nf.example A 192.0.2.1\n  AAAA 2001:db8::1\n  TXT \"local ; data\"\ng.example A 0.0.0.0\n*.h.example CNAME .\nI.Example.rpz.example. CNAME .\nj.example. CNAME .\n" +
				"24.0.2.0.192.rpz-client-ip CNAME .\nns.k.example.rpz-nsdname CNAME .\n32.1.2.0.192.rpz-ip CNAME .\n32.1.2.0.192.rpz-nsip CNAME .\n$INCLUDE other\n",
			taken: []string{"a.example", "b.example", "c.example", "g.example", "h.example", "i.example"},
			kept:  []string{"ok.a.example"},
			skips: map[Skip]int{SkipOther: 2, SkipRedirect: 4, SkipSyntax: 1, SkipTrigger: 4}, notes: 6, dupes: 1, wide: 5,
		},
		{
			name: "dnscrypt", format: DNSCrypt,
			text:  "# x\na.example\n=b.example\n*.c.example\nads.*\n*word*\nd.example @work\n*.ads-*.e.example\n",
			taken: []string{"a.example", "b.example", "c.example"},
			skips: map[Skip]int{SkipPattern: 3, SkipModifier: 1}, notes: 1, wide: 2,
		},
		{
			name: "v2fly", format: V2fly,
			text:  "# x\na.example\ndomain:b.example @ads\nfull:c.example @!cn # why\nkeyword:word\nregexp:^d\\.example$\ninclude:other @-x\ne.example f.example\nodd:g.example\n",
			taken: []string{"a.example", "b.example", "c.example"},
			skips: map[Skip]int{SkipKeyword: 1, SkipRegex: 1, SkipInclude: 1, SkipSyntax: 2}, notes: 1, wide: 1,
		},
		{
			name: "clash", format: Clash,
			text: "payload: # x\n  - '+.a.example'\n  - \".b.example\"\n  - c.example\n  - '*.d.example'\n  - '+.ads*.e.example'\n  - DOMAIN-SUFFIX,f.example\n  - DOMAIN-KEYWORD,word\n" +
				"  - IP-CIDR,192.0.2.0/24\n  - DOMAIN,ok.a.example,DIRECT\n  - 192.0.2.9\n  - 192.0.2.0/24\nproxies:\n  - name: x\nodd\n",
			taken: []string{"a.example", "b.example", "c.example", "d.example", "f.example"},
			kept:  []string{"ok.a.example"},
			skips: map[Skip]int{SkipPattern: 1, SkipKeyword: 1, SkipAddress: 3, SkipOther: 2}, notes: 2, wide: 3,
		},
		{
			name: "surge with sections", format: Surge,
			text: "# x\n[General]\ndns-server = 192.0.2.53\n[Rule]\nDOMAIN-SUFFIX,a.example,REJECT\nDOMAIN,b.example,REJECT-TINYGIF // why\nDOMAIN-SUFFIX,ok.a.example,DIRECT\n" +
				"DOMAIN-SUFFIX,c.example,Proxy\nDOMAIN-SUFFIX,d*.example,REJECT\nDOMAIN-KEYWORD,word,REJECT\nURL-REGEX,^http,REJECT\nRULE-SET,https://e.example/x,REJECT\nGEOIP,VN,DIRECT\nUSER-AGENT,X*,REJECT\nFINAL,DIRECT\nDOMAIN\n[URL Rewrite]\n^http://f.example - reject\n",
			taken: []string{"a.example", "b.example"},
			kept:  []string{"ok.a.example"},
			skips: map[Skip]int{SkipOther: 4, SkipRedirect: 1, SkipPattern: 1, SkipKeyword: 1, SkipRegex: 1, SkipInclude: 1, SkipAddress: 1, SkipSyntax: 1}, notes: 4, wide: 1,
		},
		{
			name: "quantumult", format: Quantumult,
			text:  "HOST-SUFFIX,a.example,REJECT\nhost,b.example,reject\nHOST-KEYWORD,word,REJECT\nIP-CIDR,192.0.2.0/24,REJECT,no-resolve\n",
			taken: []string{"a.example", "b.example"},
			skips: map[Skip]int{SkipKeyword: 1, SkipAddress: 1}, wide: 1,
		},
		{
			name: "privoxy", format: Privoxy,
			text:  "\ufeff{+block{bad}}\n# x\n.a.example\nb.example\n.c.example/page\n.d.example/\n/regex/\n.ads*.example\n.e.\n.top\nf.example:8080\n{-block}\nok.a.example\n{+redirect{x}}\n.g.example\n{{alias}}\nx=y\n",
			taken: []string{"a.example", "b.example", "d.example"},
			kept:  []string{"ok.a.example"},
			skips: map[Skip]int{SkipURL: 2, SkipPattern: 2, SkipTLD: 1, SkipOther: 3}, notes: 5, wide: 1,
		},
		{
			name: "tracking protection list", format: TPL,
			text:  "\ufeffmsFilterList\n: expires = 1 day\n# x\n-d a.example\n-d b.example path\n-d steam*\n-d odd.\n-d top$doc,domain=\n+d ok.a.example\n- /ads/\nc.example\n-d\n",
			taken: []string{"a.example"},
			kept:  []string{"ok.a.example"},
			skips: map[Skip]int{SkipURL: 1, SkipPattern: 4, SkipSyntax: 2}, notes: 3,
		},
		{
			name: "ublacklist", format: UBlacklist,
			text:  "# x\n*://*.a.example/*\n*://b.example/*\nhttps://*.c.example/*\n*://*.d.example/page\n*://*.ads*.example/*\n/regex/\n@*://ok.a.example/*\n@1*://*.e.example/*\ntitle/x/\n",
			taken: []string{"a.example", "b.example", "c.example"},
			kept:  []string{"ok.a.example"},
			skips: map[Skip]int{SkipURL: 1, SkipPattern: 1, SkipRegex: 1, SkipOther: 2}, notes: 1, wide: 2,
		},
		{
			name: "sing-box", format: SingBox,
			text: "\ufeff{\n \"version\": 3,\n \"rules\": [\n  {\"domain_suffix\": [\"a.example\", \".b.example\",\n   \"com.vn\"], \"domain\": \"c.example\", \"domain_keyword\": [\"word\"], \"domain_regex\": \"^x$\", \"ip_cidr\": [\"192.0.2.0/24\"]},\n" +
				"  {\"domain_suffix\": [\"d.example\"], \"port\": 80},\n  {\"domain\": [\"e.example\"], \"invert\": true},\n  {\"domain\": [\"f.example\"], \"invert\": false},\n" +
				"  {\"type\": \"logical\", \"mode\": \"and\", \"rules\": [{\"domain\": [\"g.example\"]}]}\n ]\n}\n",
			taken: []string{"a.example", "b.example", "c.example", "f.example"},
			skips: map[Skip]int{SkipSuffix: 1, SkipKeyword: 1, SkipRegex: 1, SkipAddress: 1, SkipModifier: 3, SkipOther: 4}, notes: 5, wide: 3,
		},
		{
			name: "JSON with an array alone", format: SingBox,
			text: "[\"a.example\",\n\"b.example\"]", taken: []string{"a.example", "b.example"},
		},
		{
			name: "JSON that breaks off", format: SingBox,
			text: "[\"a.example\",\n\"b.exa", taken: []string{"a.example"}, skips: map[Skip]int{SkipSyntax: 1},
		},
		{
			name: "UT1 urls and expressions hold no names", format: URLs,
			text: "a.example/games\n192.0.2.1/x\nb.example/~c/\n", skips: map[Skip]int{SkipURL: 3},
		},
		{
			name: "addresses hold no names", format: Addresses,
			text: "# x\n192.0.2.1\n192.0.2.0/31\n2001:db8::/32\n", skips: map[Skip]int{SkipAddress: 3}, notes: 1,
		},
	} {
		t.Run(c.name, c.check)
	}
}

// The expressions of UT1 match "teen", "gay", "mature" between separators: a
// reader that took them for names or tried them on names would refuse help
// pages.
func TestExpressionsRefuseNoHelpPage(t *testing.T) {
	text := `(^|[-\?+=/_])(teen|gay|mature)([-\?+=/_]|$)` + "\n" + "(gay|teen)\\.example$\n"
	for _, format := range []Format{Expressions, Auto} {
		r, taken := read(t, format, text)
		if len(taken) != 0 || r.Report.Count(SkipRegex) != 2 || r.Report.Format != Expressions {
			t.Errorf("%s: %v %+v", format, taken, r.Report)
		}
	}
}

func TestReadListFindsTheFormat(t *testing.T) {
	for _, c := range []struct {
		text, file string
		want       Format
	}{
		{"# x\na.example\nb.example\n", "", Plain},
		{"*.a.example\n*.b.example\n", "", Wildcard},
		{"*.a.example\n=b.example\n*c*.example\n", "", DNSCrypt},
		{"127.0.0.1 localhost\n0.0.0.0 a.example\n", "", Hosts},
		{"! Title\n||a.example^\n", "", Adblock},
		{"[Adblock Plus 2.0]\na.example##.ad\n", "", Adblock},
		{"address=/a.example/#\n", "", Dnsmasq},
		{"server:\nlocal-zone: \"a.example\" always_null\n", "", Unbound},
		{"$TTL 60\na.example CNAME .\n", "", RPZ},
		{"include:x\nfull:a.example\nb.example\n", "", V2fly},
		{"payload:\n  - '+.a.example'\n", "", Clash},
		{"{\n\"version\": 1}", "", SingBox},
		{"DOMAIN-SUFFIX,a.example\n", "", Surge},
		{"HOST-SUFFIX,a.example,REJECT\n", "", Quantumult},
		{"\ufeff{+block}\n.a.example\n", "", Privoxy},
		{"msFilterList\n-d a.example\n", "", TPL},
		{"*://*.a.example/*\n", "", UBlacklist},
		{"a.example/x\nb.example/y\n", "", URLs},
		{"192.0.2.1\n192.0.2.0/30\n", "", Addresses},
		{"\n", "rules.json", SingBox},
		{"", "", Plain},
	} {
		r, _ := read(t, Auto, c.text)
		if got := detect([]byte(c.text), c.file); got != c.want || c.file == "" && (r.Report.Format != c.want || !r.Report.Detected) {
			t.Errorf("%q: %s, want %s", c.text, got, c.want)
		}
	}
}

func TestReadListUnpacks(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, "a.example\nb.example\n") //nolint:errcheck // into memory
	z.Close()
	r, err := ReadList(bytes.NewReader(packed.Bytes()), ReadOptions{})
	if err != nil || r.Report.Taken != 2 {
		t.Fatalf("%+v %v", r, err)
	}
	for _, cut := range []int{4, packed.Len() - 6} {
		if _, err := ReadList(bytes.NewReader(packed.Bytes()[:cut]), ReadOptions{Format: Plain}); err == nil {
			t.Errorf("a file cut off at %d passed for whole", cut)
		}
	}
}

func TestReadListShowsTwentyLinesOfAReason(t *testing.T) {
	r, _ := read(t, Plain, strings.Repeat("vn\n", 50)+"ok.example\n")
	reasons := r.Report.Reasons
	if len(reasons) != 1 || reasons[0].Count != 50 || len(reasons[0].Lines) != 20 || reasons[0].Lines[19].Number != 20 {
		t.Fatalf("%+v", reasons)
	}
}

func TestReadListBoundsALine(t *testing.T) {
	r, taken := read(t, Plain, strings.Repeat("a", 50*MaxLine)+"\nok.example\n"+strings.Repeat("b", MaxLine)+"\nx.example")
	if d := cmp.Diff([]string{"ok.example", "x.example"}, taken); d != "" || r.Report.Count(SkipTooLong) != 2 || r.Report.Lines != 4 {
		t.Fatalf("%s %+v", d, r.Report)
	}
	r, taken = read(t, SingBox, "[\"a.example\",\n\""+strings.Repeat("b", 3*jsonToken)+"\"]\n")
	if len(taken) != 1 || r.Report.Count(SkipSyntax) != 1 || r.Report.Lines != 2 {
		t.Fatalf("%v %+v", taken, r.Report)
	}
	r, _ = read(t, SingBox, strings.Repeat("[", 5000))
	if r.Report.Count(SkipSyntax) != 1 {
		t.Fatalf("%+v", r.Report)
	}
}

func TestReadListReportsFailures(t *testing.T) {
	if _, err := ReadList(strings.NewReader("a.example"), ReadOptions{Format: "pdf"}); !problem.Is(err, "schools/unknown-format") {
		t.Errorf("got %v", err)
	}
	for _, f := range Formats() {
		if _, err := ReadList(io.MultiReader(strings.NewReader("a.example\n"), failing{}), ReadOptions{Format: f}); err == nil {
			t.Errorf("%s: the reader's error was lost", f)
		}
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("connection lost") }

func TestGuardedNamesAreKept(t *testing.T) {
	r, err := ReadList(strings.NewReader("a.example\nb.example\n"), ReadOptions{Format: Plain, Guard: func(n bundle.Name) Skip {
		if n.String() == "b.example" {
			return SkipProtected
		}
		return ""
	}})
	if err != nil || r.Report.Taken != 1 || !slices.Equal(r.Report.Guarded, []string{"b.example"}) || r.Report.Count(SkipProtected) != 1 {
		t.Fatalf("%+v %v", r, err)
	}
}
