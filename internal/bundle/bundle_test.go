// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lachan/internal/problem"
)

const day = int64(24 * 3600 * 1e6)

func testSigner() (Signer, Trust) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	s := NewSigner(key)
	return s, NewTrust(s.Public())
}

func mustName(t testing.TB, s string) Name {
	t.Helper()
	n, err := ParseName(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sample is a bundle with one of everything.
func sample(t testing.TB) *Builder {
	t.Helper()
	b, err := NewBuilder([]Category{{"gambling", KindCategory}, {"adult", KindCategory}, {"video", KindCategory}, {"vidbox", KindService}, {"chatbox", KindService}})
	if err != nil {
		t.Fatal(err)
	}
	add := func(name string, codes ...string) {
		if err := b.Add(mustName(t, name), codes...); err != nil {
			t.Fatal(err)
		}
	}
	add("bet.example", "gambling")
	add("casino.bet.example", "gambling") // covered by its parent
	add("odd.bet.example", "adult")       // not covered
	add("help.bet.example", "gambling")
	add("vidbox.example", "video", "vidbox")
	add("chatbox.example", "chatbox")
	add("chatbox.example", "adult") // joined
	for _, p := range []Policy{
		{Band: Primary, Blocked: []string{"gambling", "adult", "video", "vidbox", "chatbox"}},
		{Band: UpperSecondary, Blocked: []string{"gambling", "adult", "video"}, Allowed: []string{"vidbox"}},
		{Band: Staff, Blocked: []string{"adult"}},
	} {
		if err := b.Policy(p); err != nil {
			t.Fatal(err)
		}
	}
	b.NeverBlock(mustName(t, "help.bet.example"))
	b.NeverBlock(mustName(t, "tongdai111.example"))
	b.Protect(mustName(t, "moet.gov.example"))
	return b
}

func build(t testing.TB, b *Builder, head Head) []byte {
	t.Helper()
	s, _ := testSigner()
	var out bytes.Buffer
	if _, err := b.Build(&out, head, s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func view(t testing.TB, p Parts) *View {
	t.Helper()
	v, err := NewView(p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func parsed(t testing.TB, data []byte) *Bundle {
	t.Helper()
	_, trust := testSigner()
	b, err := Parse(data, trust)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decide(t testing.TB, v *View, name string, school *School, band Band, now int64) Decision {
	t.Helper()
	var k Key
	if !v.Read(&k, mustName(t, name).Wire()) {
		t.Fatalf("%s is no name", name)
	}
	return v.Decide(&k, Client{School: school, Band: band}, now)
}

func TestBuildOpenAndDecide(t *testing.T) {
	b := sample(t)
	path := filepath.Join(t.TempDir(), "b.lcb")
	s, trust := testSigner()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	stats, err := b.Build(f, Head{Number: 3, Created: 5, Folded: 9}, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if stats.Added != 6 || stats.Folded != 2 || stats.Names != 4 {
		t.Errorf("stats %+v", stats)
	}
	opened, err := Open(path, trust)
	if err != nil {
		t.Fatal(err)
	}
	if opened.Number() != 3 || opened.Folded() != 9 || opened.Names() != 4 || opened.Size() != stats.Bytes {
		t.Errorf("head: %d %d %d %d", opened.Number(), opened.Folded(), opened.Names(), opened.Size())
	}
	v := view(t, Parts{Bundle: opened})
	for _, c := range []struct {
		name    string
		band    Band
		blocked bool
		rule    RuleKind
		code    string
		labels  int
	}{
		{"bet.example", Primary, true, ByCategory, "gambling", 2},
		{"www.Casino.BET.example", Primary, true, ByCategory, "gambling", 2},
		{"cdn3.www.odd.bet.example", Staff, true, ByCategory, "adult", 3},
		{"bet.example", Staff, false, NoRule, "", 0},
		{"help.bet.example", Primary, false, NeverBlock, "", 3},
		{"a.help.bet.example", Primary, false, NeverBlock, "", 3},
		{"vidbox.example", Primary, true, ServiceBlock, "vidbox", 2},
		{"m.vidbox.example", UpperSecondary, false, ServiceAllow, "", 2},
		{"chatbox.example", Staff, true, ByCategory, "adult", 2},
		{"alphabet.example", Primary, false, NoRule, "", 0},
		{"example", Primary, false, NoRule, "", 0},
		{"bet.example", Preschool, false, NoRule, "", 0}, // no policy
	} {
		d := decide(t, v, c.name, nil, c.band, 0)
		if d.Blocked != c.blocked || d.Rule != c.rule || v.Code(d) != c.code || d.Labels != c.labels {
			t.Errorf("%s for %v: %+v %q", c.name, c.band, d, v.Code(d))
		}
	}
}

func TestOrderOfDecision(t *testing.T) {
	data := build(t, sample(t), Head{Number: 1})
	name := mustName(t, "bet.example")
	entry := func(source string, block bool) Entry {
		return Entry{Domain: name, Block: block, Source: source, Bands: EveryBand, Reason: "r"}
	}
	rule := func(allow bool) Rule { return Rule{Domain: name, Allow: allow, Bands: EveryBand} }
	deltas := func(es ...Entry) []Delta {
		var ds []Delta
		for i, e := range es {
			e.Number = uint64(i + 1)
			ds = append(ds, Delta{Number: uint64(i + 1), Entries: []Entry{e}})
		}
		return ds
	}
	for _, c := range []struct {
		what   string
		deltas []Delta
		rules  []Rule
		want   RuleKind
	}{
		{"category", nil, nil, ByCategory},
		{"school deny over category", nil, []Rule{rule(false)}, SchoolDeny},
		{"school allow over deny", nil, []Rule{rule(false), rule(true)}, SchoolAllow},
		{"legal over school allow", deltas(entry(Legal, true)), []Rule{rule(true)}, ByLegal},
		{"emergency over legal", deltas(entry(Legal, true), entry(Emergency, true)), nil, ByEmergency},
		{"emergency taken back leaves legal", deltas(entry(Legal, true), entry(Emergency, true), entry(Emergency, false)), nil, ByLegal},
		{"category taken back", deltas(entry("gambling", false)), nil, NoRule},
		{"and set again", deltas(entry("gambling", false), entry("gambling", true)), nil, ByCategory},
		{"unknown category says nothing", deltas(entry("unheard-of", true)), nil, ByCategory},
	} {
		side := Side{School: "s1", Number: 1, Default: Primary, Rules: c.rules}
		v := view(t, Parts{Bundle: parsed(t, data), Deltas: c.deltas, Sides: []Side{side}})
		c1 := v.Client(netip.MustParseAddr("10.0.0.1"), 1)
		for _, asked := range []string{"bet.example", "www.bet.example"} {
			if d := decide(t, v, asked, c1.School, c1.Band, 1); d.Rule != c.want {
				t.Errorf("%s: %s: %v, want %v", c.what, asked, d.Rule, c.want)
			}
		}
		if d := decide(t, v, "help.bet.example", c1.School, c1.Band, 1); d.Rule != NeverBlock {
			t.Errorf("%s: never-block name: %v", c.what, d.Rule)
		}
	}
}

func TestEntriesLapseAndStandOverEachOther(t *testing.T) {
	name := mustName(t, "x.example")
	block := func(n uint64, until int64, bands Bands) Delta {
		return Delta{Number: n, Entries: []Entry{{Number: n, Domain: name, Block: true, Source: Emergency, Bands: bands, Until: until}}}
	}
	v := view(t, Parts{Deltas: []Delta{block(1, 0, BandsOf(Primary)), {Number: 2, Entries: []Entry{{Number: 2, Domain: name, Source: Emergency, Bands: EveryBand, Until: 3 * day}}}}})
	for _, c := range []struct {
		now  int64
		band Band
		want bool
	}{{day, Primary, false}, {3*day - 1, Primary, false}, {3 * day, Primary, true}, {3 * day, Staff, false}} {
		if d := decide(t, v, "x.example", nil, c.band, c.now); d.Blocked != c.want {
			t.Errorf("at %d for %v: %v", c.now, c.band, d.Blocked)
		}
	}
	// The longer name counts within one source.
	v = view(t, Parts{Deltas: []Delta{
		{Number: 1, Entries: []Entry{{Number: 1, Domain: name, Block: true, Source: Legal, Bands: EveryBand}}},
		{Number: 2, Entries: []Entry{{Number: 2, Domain: mustName(t, "good.x.example"), Source: Legal, Bands: EveryBand}}},
	}})
	if !decide(t, v, "bad.x.example", nil, Staff, 0).Blocked || decide(t, v, "a.good.x.example", nil, Staff, 0).Blocked {
		t.Error("the longer name does not count")
	}
}

func TestTakenBackCategoryCoversListedChildren(t *testing.T) {
	v := view(t, Parts{Bundle: parsed(t, build(t, sample(t), Head{Number: 1})), Deltas: []Delta{
		{Number: 1, Entries: []Entry{{Number: 1, Domain: mustName(t, "bet.example"), Source: "adult", Bands: EveryBand}}},
	}})
	if d := decide(t, v, "odd.bet.example", nil, Staff, 0); d.Blocked {
		t.Error("the child on the list came back")
	}
	if d := decide(t, v, "odd.bet.example", nil, Primary, 0); d.Rule != ByCategory || v.Code(d) != "gambling" {
		t.Errorf("the parent's other category was lost: %+v", d)
	}
}

func TestDeltasMustHaveNoGap(t *testing.T) {
	b := parsed(t, build(t, sample(t), Head{Number: 1, Folded: 4}))
	if _, err := NewView(Parts{Bundle: b, Deltas: []Delta{{Number: 6}}}); !problem.Is(err, "bundle/gap") {
		t.Errorf("gap: %v", err)
	}
	v := view(t, Parts{Bundle: b, Deltas: []Delta{{Number: 3}, {Number: 4}, {Number: 5}}})
	if v.LastDelta() != 5 {
		t.Errorf("last delta %d", v.LastDelta())
	}
}

func TestRunningEntriesTravelInTheBundle(t *testing.T) {
	b := sample(t)
	if err := b.Run(Entry{Number: 4, Domain: mustName(t, "soon.example"), Block: true, Source: Emergency, Bands: EveryBand, Until: day}); err != nil {
		t.Fatal(err)
	}
	v := view(t, Parts{Bundle: parsed(t, build(t, b, Head{Number: 2, Folded: 4}))})
	if d := decide(t, v, "soon.example", nil, Staff, 0); d.Rule != ByEmergency || d.Delta != 4 {
		t.Errorf("%+v", d)
	}
	if decide(t, v, "soon.example", nil, Staff, day).Blocked {
		t.Error("it did not lapse")
	}
}

func TestClientsByLongestPrefix(t *testing.T) {
	net := func(p string, b Band) Network { return Network{netip.MustParsePrefix(p), b, b} }
	v := view(t, Parts{Sides: []Side{
		{School: "a", Number: 1, Default: LowerSecondary, Networks: []Network{net("10.1.0.0/16", Primary), net("10.1.9.0/24", Staff), net("fd00:1::/32", Primary)}},
		{School: "b", Number: 1, Default: UpperSecondary, Networks: []Network{net("10.2.0.0/16", UpperSecondary)}},
	}})
	for addr, want := range map[string]string{"10.1.2.3": "a primary", "10.1.9.3": "a staff", "::ffff:10.2.0.1": "b upper_secondary", "192.168.1.1": "a lower_secondary", "fd00:1::5": "a primary", "fd00:2::5": "a lower_secondary"} {
		c := v.Client(netip.MustParseAddr(addr), 0)
		if got := c.School.Side.School + " " + c.Band.String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	if c := view(t, Parts{StandIn: Primary}).Client(netip.MustParseAddr("10.0.0.1"), 0); c.School != nil || c.Band != Primary {
		t.Errorf("no school: %+v", c)
	}
}

func TestTamperedAndForeignFilesAreRefused(t *testing.T) {
	data := build(t, sample(t), Head{Number: 1})
	_, trust := testSigner()
	for _, at := range []int{0, 17, headerSize + 8, headerSize + 400, len(data) - trailerSize - 1, len(data) - 1} {
		bad := bytes.Clone(data)
		bad[at] ^= 1
		if _, err := Parse(bad, trust); err == nil {
			t.Errorf("byte %d changed and accepted", at)
		}
	}
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))
	if _, err := Parse(data, NewTrust(NewSigner(other).Public())); !problem.Is(err, "bundle/unknown-key") {
		t.Errorf("foreign key: %v", err)
	}
	s, _ := testSigner()
	d, err := Delta{Number: 1}.Seal(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSide(d, trust); !problem.Is(err, "bundle/bad-signature") {
		t.Errorf("a delta's signature passed for a side file's: %v", err)
	}
}

// Hints spare the table questions about names that nobody listed, and hide none
// that is listed; a file without them says the same.
func TestHintsSpareAndHideNothing(t *testing.T) {
	const n = 20_000
	b := parsed(t, many(t, 1, n, n, nil))
	if len(b.names.hints) != int(b.names.buckets)*hintSize {
		t.Fatalf("%d bytes of hints for %d buckets", len(b.names.hints), b.names.buckets)
	}
	plain := *b
	plain.names.hints = nil
	with, without := view(t, Parts{Bundle: b}), view(t, Parts{Bundle: &plain})
	var k Key
	passed := 0
	for i := range n {
		listed, other := fmt.Sprintf("n%d.list.example", i), fmt.Sprintf("o%d.list.example", i)
		if blocked := decide(t, with, listed, nil, Primary, 0).Blocked; blocked != (i%2 == 0) {
			t.Fatalf("%s: refused %v", listed, blocked)
		}
		for _, name := range []string{listed, other} {
			if x, y := decide(t, with, name, nil, Primary, 0), decide(t, without, name, nil, Primary, 0); x != y {
				t.Fatalf("%s: %+v with hints, %+v without", name, x, y)
			}
		}
		with.Read(&k, mustName(t, other).Wire())
		h := k.hash[k.n-1]
		if hint := hintOf(h); binary.LittleEndian.Uint64(b.names.hints[b.names.home(h)*hintSize:])&hint == hint {
			passed++
		}
	}
	if passed*100 > n*5 {
		t.Errorf("%d of %d names that nobody listed go on to the table, want at most 5 in 100", passed, n)
	}

	// The section under a kind that nobody knows, as an older hub would not have
	// written it; and cut short by a bucket.
	data := many(t, 1, n, n, nil)
	le := binary.LittleEndian
	at := headerSize
	for le.Uint32(data[at:]) != sectionHints {
		at += sectionSize
	}
	le.PutUint64(data[at+16:], le.Uint64(data[at+16:])-hintSize)
	if _, err := parse(data); !problem.Is(err, "bundle/damaged") {
		t.Errorf("hints that are too short: %v", err)
	}
	le.PutUint32(data[at:], 1000)
	older, err := parse(data)
	if err != nil || older.names.hints != nil {
		t.Fatalf("a file without hints: %v", err)
	}
	if !decide(t, view(t, Parts{Bundle: older}), "n0.list.example", nil, Primary, 0).Blocked {
		t.Error("a file without hints refuses nothing")
	}
}

func TestChanceHitIsSeen(t *testing.T) {
	b := sample(t)
	if err := b.merge(); err != nil {
		t.Fatal(err)
	}
	s := newSeed(1)
	names, _ := b.fill(newTable(len(b.refs)), s, b.refs)
	never, _ := b.neverTable(s)
	if b.hitsByChance(s, names, never) {
		t.Fatal("a hit where there is none")
	}
	// Put the protected name's own fingerprint in, as chance would.
	var k Key
	k.read(s, mustName(t, "moet.gov.example").Wire())
	names.put(k.hash[k.n-1], 1)
	if !b.hitsByChance(s, names, never) {
		t.Fatal("the chance hit was not seen")
	}
}

func TestNamesThatCannotBeToldApartAreSeen(t *testing.T) {
	b := sample(t)
	if err := b.merge(); err != nil {
		t.Fatal(err)
	}
	if _, ok := b.fill(newTable(len(b.refs)), newSeed(1), b.refs); !ok {
		t.Fatal("different names are taken for one")
	}
	// Two names of one fingerprint look like one name put twice.
	if _, ok := b.fill(newTable(len(b.refs)), newSeed(1), append([]ref{b.refs[0]}, b.refs...)); ok {
		t.Fatal("accepted")
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"Example.COM.": "example.com", " a.b ": "a.b", "xn--lchn-5na6986b.vn": "xn--lchn-5na6986b.vn",
		"láchắn.vn": "xn--lchn-5na6986b.vn", "la\u0301cha\u0306\u0301n.vn": "xn--lchn-5na6986b.vn", "_dmarc.example.vn": "_dmarc.example.vn",
	} {
		if n, err := ParseName(in); err != nil || n.String() != want {
			t.Errorf("%q: %q %v, want %q", in, n, err, want)
		}
	}
	if got := mustName(t, "xn--lchn-5na6986b.vn").Unicode(); got != "láchắn.vn" {
		t.Errorf("unicode %q", got)
	}
	for in, code := range map[string]string{
		"": "bundle/name-empty", "10.0.0.1": "bundle/name-is-address", "[::1]": "bundle/name-is-address", "a..b": "bundle/name-faulty",
		"a b.c": "bundle/name-faulty", strings.Repeat("a", 64) + ".vn": "bundle/name-faulty", strings.Repeat("a.", 130) + "vn": "bundle/name-too-long", "http://a.vn/x": "bundle/name-faulty",
	} {
		if _, err := ParseName(in); !problem.Is(err, code) {
			t.Errorf("%q: %v, want %s", in, err, code)
		}
	}
	if n := mustName(t, "a.b.example.com"); n.Suffix(2).String() != "example.com" || n.Suffix(9) != n || n.Labels() != 4 {
		t.Error("suffix or labels")
	}
}

func TestKeyIgnoresCaseAndPlaceInPacket(t *testing.T) {
	s := newSeed(42)
	var a, b Key
	for _, name := range []string{"a.vn", "exactly8.vn", "www.a-label-longer-than-eight.example", "x123456.y1234567.zz"} {
		wire := mustName(t, name).Wire()
		upper := bytes.ToUpper(wire)
		copy(upper, wire[:1])
		for i := 0; i < len(wire) && wire[i] != 0; i += int(wire[i]) + 1 {
			upper[i] = wire[i]
		}
		long := append(bytes.Clone(upper), 0, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff)
		if !a.read(s, wire) || !b.read(s, long) || a.n != b.n {
			t.Fatal(name)
		}
		for i := range a.n {
			if a.hash[i] != b.hash[i] {
				t.Errorf("%s: level %d differs", name, i)
			}
		}
	}
	for _, bad := range [][]byte{nil, {1}, {64, 'a', 0}, {0xc0, 12}, bytes.Repeat([]byte{1, 'a'}, 200)} {
		if a.read(s, bad) {
			t.Errorf("%v taken for a name", bad)
		}
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	v := view(t, Parts{
		Bundle: parsed(t, build(t, sample(t), Head{Number: 1})),
		Deltas: []Delta{{Number: 1, Entries: []Entry{{Number: 1, Domain: mustName(t, "x.example"), Block: true, Source: Legal, Bands: EveryBand}}}},
		Sides:  []Side{{School: "s", Number: 1, Default: Primary, Networks: []Network{{netip.MustParsePrefix("10.0.0.0/8"), Primary, Primary}}, Timetable: Timetable{Slots: []Slot{{Days: 0x7f, To: 1440, Period: Lesson}}}, Rules: []Rule{{Domain: mustName(t, "y.example"), Bands: EveryBand}}}},
	})
	var k Key
	names := [][]byte{mustName(t, "cdn3.www.casino.bet.example").Wire(), mustName(t, "a.x.example").Wire(), mustName(t, "y.example").Wire(), mustName(t, "other.example").Wire()}
	addr := netip.MustParseAddr("10.1.1.1")
	if n := testing.AllocsPerRun(100, func() {
		c := v.Client(addr, 5)
		for _, w := range names {
			v.Read(&k, w)
			if d := v.Decide(&k, c, 5); d.Blocked && v.Code(d) == "" {
				t.Error("no code")
			}
			v.Rewrite(&k, c)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestExplain(t *testing.T) {
	v := view(t, Parts{
		Bundle: parsed(t, build(t, sample(t), Head{Number: 1})),
		Deltas: []Delta{{Number: 1, Entries: []Entry{{Number: 1, Domain: mustName(t, "bet.example"), Block: true, Source: Emergency, Bands: EveryBand, Until: day, Reason: "scam"}}}},
	})
	x := v.Explain(mustName(t, "www.odd.bet.example"), Client{Band: Primary}, 2*day)
	if !x.Blocked || x.Rule != ByCategory || x.Code != "gambling" || len(x.Matches) != 3 {
		t.Fatalf("%+v", x)
	}
	if m := x.Matches[1]; m.Rule != ByEmergency || !m.Lapsed || m.Delta != 1 || m.Reason != "scam" {
		t.Errorf("%+v", m)
	}
	if x.Matched.String() != "odd.bet.example" {
		t.Errorf("matched %s", x.Matched)
	}
}
