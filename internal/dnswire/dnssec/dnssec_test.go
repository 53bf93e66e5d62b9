// SPDX-License-Identifier: Apache-2.0

package dnssec

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"lachan/internal/dnswire"
	"lachan/internal/dnswire/dnssec/signed"
)

// tree is a root with three kinds of zones below it: with NSEC, with NSEC3, and
// with NSEC3 that opts out.
func tree(t testing.TB) *signed.Tree {
	t.Helper()
	tr := signed.New()
	const records = `
@ 300 IN A 192.0.2.1
www 300 IN A 192.0.2.2
www 300 IN TXT "two" "words"
alias 300 IN CNAME www
away 300 IN CNAME www.open.vn.
gone 300 IN CNAME nothing.signed.vn.
*.wild 300 IN A 192.0.2.3
deep.empty 300 IN A 192.0.2.4
old 300 IN DNAME new
www.new 300 IN A 192.0.2.5
`
	past := time.Now().Add(-48 * time.Hour)
	for _, z := range []struct {
		name    string
		records string
		o       signed.Options
	}{
		{".", "", signed.Options{}},
		{"vn.", "", signed.Options{Algorithm: dns.ED25519}},
		{"edu.", "", signed.Options{NSEC3: true, OptOut: true, Iterations: 1}},
		{"signed.vn.", records, signed.Options{Algorithm: dns.RSASHA256}},
		{"hashed.vn.", records, signed.Options{NSEC3: true, Iterations: 5}},
		{"out.edu.", records, signed.Options{NSEC3: true, OptOut: true}},
		{"dear.vn.", records, signed.Options{NSEC3: true, Iterations: 51}},
		{"open.vn.", records, signed.Options{Unsigned: true}},
		{"open.edu.", records, signed.Options{Unsigned: true}},
		{"old.vn.", records, signed.Options{Begin: past, End: past.Add(time.Hour)}},
		{"early.vn.", records, signed.Options{Begin: time.Now().Add(time.Hour), End: time.Now().Add(2 * time.Hour)}},
		{"broken.vn.", records, signed.Options{}},
	} {
		if err := tr.Add(z.name, z.records, z.o); err != nil {
			t.Fatal(err)
		}
	}
	if err := tr.Replace("broken.vn."); err != nil {
		t.Fatal(err)
	}
	return tr
}

func question(name []byte, qtype uint16) (*dns.Msg, error) {
	text, _, err := dns.UnpackDomainName(name, 0)
	if err != nil {
		return nil, err
	}
	q := new(dns.Msg).SetQuestion(text, qtype)
	q.CheckingDisabled = true
	return q.SetEdns0(1232, true), nil
}

func asking(tr *signed.Tree) Ask {
	return func(_ context.Context, name []byte, qtype uint16) ([]byte, error) {
		q, err := question(name, qtype)
		if err != nil {
			return nil, err
		}
		return tr.Answer(q).Pack()
	}
}

func validator(t testing.TB, tr *signed.Tree, o Options) *Validator {
	t.Helper()
	o.Ask, o.Anchors = asking(tr), tr.Anchor()
	if o.Now == nil {
		o.Now = time.Now
	}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wire(t testing.TB, name string) []byte {
	t.Helper()
	buf := make([]byte, 255)
	n, err := dns.PackDomainName(name, buf, 0, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

// prove asks the tree and proves what it says: "secure", "insecure", or the
// extended error.
func prove(t testing.TB, v *Validator, name string, qtype uint16) (string, *dns.Msg) {
	t.Helper()
	msg, err := v.ask(t.Context(), wire(t, name), qtype)
	if err != nil {
		t.Fatal(err)
	}
	return proveMsg(t, v, msg, name, qtype)
}

func proveMsg(t testing.TB, v *Validator, msg []byte, name string, qtype uint16) (string, *dns.Msg) {
	t.Helper()
	out, err := v.Prove(t.Context(), msg, wire(t, name), qtype, true)
	var b *Bogus
	if errors.As(err, &b) {
		return map[uint16]string{
			dnswire.EDEBogus: "bogus", dnswire.EDESignatureExpired: "expired", dnswire.EDESignatureEarly: "early",
			dnswire.EDENoKey: "no key", dnswire.EDENoSignature: "no signature", dnswire.EDENoDenial: "no denial",
		}[b.EDE], nil
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	m := new(dns.Msg)
	if err := m.Unpack(out); err != nil {
		t.Fatal(err)
	}
	return map[bool]string{true: "secure", false: "insecure"}[m.AuthenticatedData], m
}

func TestWhatAHonestTreeProves(t *testing.T) {
	tr := tree(t)
	v := validator(t, tr, Options{Except: []string{"except.vn."}})
	const a, txt, mx, ds = dns.TypeA, dns.TypeTXT, dns.TypeMX, dns.TypeDS
	for _, c := range []struct {
		name  string
		qtype uint16
		want  string
		rcode int
	}{
		{"signed.vn.", a, "secure", 0},
		{"www.signed.vn.", a, "secure", 0},
		{"WWW.Signed.VN.", a, "secure", 0},
		{"www.signed.vn.", txt, "secure", 0},
		{"alias.signed.vn.", a, "secure", 0},
		{"away.signed.vn.", a, "insecure", 0}, // leads to a zone that nobody signs
		{"gone.signed.vn.", a, "secure", dns.RcodeNameError},
		{"x.wild.signed.vn.", a, "secure", 0},
		{"x.y.wild.signed.vn.", a, "secure", 0},
		{"x.wild.signed.vn.", mx, "secure", 0},
		{"www.signed.vn.", mx, "secure", 0},
		{"empty.signed.vn.", a, "secure", 0},
		{"nothing.signed.vn.", a, "secure", dns.RcodeNameError},
		{"a.b.c.signed.vn.", a, "secure", dns.RcodeNameError},
		{"www.old.signed.vn.", a, "secure", 0}, // by a DNAME
		{"signed.vn.", ds, "secure", 0},
		{"signed.vn.", dns.TypeDNSKEY, "secure", 0},
		{"www.hashed.vn.", a, "secure", 0},
		{"x.wild.hashed.vn.", a, "secure", 0},
		{"x.wild.hashed.vn.", mx, "secure", 0},
		{"www.hashed.vn.", mx, "secure", 0},
		{"empty.hashed.vn.", a, "secure", 0},
		{"nothing.hashed.vn.", a, "secure", dns.RcodeNameError},
		{"a.b.hashed.vn.", a, "secure", dns.RcodeNameError},
		{"www.out.edu.", a, "secure", 0},
		{"nothing.out.edu.", a, "insecure", dns.RcodeNameError}, // a gap that may hold unsigned zones proves little
		{"open.vn.", ds, "secure", 0},
		{"www.open.vn.", a, "insecure", 0},
		{"nothing.open.vn.", a, "insecure", dns.RcodeNameError},
		{"www.open.edu.", a, "insecure", 0}, // opted out of
		{"open.edu.", ds, "insecure", 0},
		{"nothing.vn.", a, "secure", dns.RcodeNameError},
		{"nothing.", a, "secure", dns.RcodeNameError},
		{".", dns.TypeNS, "secure", 0},
		{".", ds, "secure", 0},
		{"www.dear.vn.", a, "secure", 0},
		{"nothing.dear.vn.", a, "insecure", dns.RcodeNameError}, // RFC 9276 §3.2
		{"www.old.vn.", a, "expired", 0},
		{"www.early.vn.", a, "early", 0},
		{"www.broken.vn.", a, "no key", 0},
		{"nothing.broken.vn.", a, "no key", 0},
	} {
		for range 2 { // the chain anew, then from memory
			got, m := prove(t, v, c.name, c.qtype)
			if got != c.want || m != nil && m.Rcode != c.rcode {
				t.Errorf("%s %s: %s, want %s\n%v", c.name, dns.TypeToString[c.qtype], got, c.want, m)
			}
		}
	}
}

// What somebody on the way may do to an answer, and what becomes of it.
func TestWhatIsTwistedIsFound(t *testing.T) {
	drop := func(types ...uint16) func(*dns.Msg) {
		return func(m *dns.Msg) {
			for _, section := range []*[]dns.RR{&m.Answer, &m.Ns} {
				*section = slices.DeleteFunc(*section, func(rr dns.RR) bool { return slices.Contains(types, rr.Header().Rrtype) })
			}
		}
	}
	forge := func(m *dns.Msg) {
		for _, rr := range m.Answer {
			if a, ok := rr.(*dns.A); ok {
				a.A = []byte{198, 51, 100, 66}
			}
		}
	}
	tr := tree(t)
	for what, c := range map[string]struct {
		name  string
		qtype uint16
		twist func(*dns.Msg)
		want  string
	}{
		"another address":                  {"www.signed.vn.", dns.TypeA, forge, "bogus"},
		"another address, hashed":          {"www.hashed.vn.", dns.TypeA, forge, "bogus"},
		"signatures taken away":            {"www.signed.vn.", dns.TypeA, drop(dns.TypeRRSIG), "no signature"},
		"an address in an unsigned zone":   {"www.open.vn.", dns.TypeA, forge, "insecure"}, // nobody can tell
		"a denial taken away":              {"nothing.signed.vn.", dns.TypeA, drop(dns.TypeNSEC), "no denial"},
		"a hashed denial taken away":       {"nothing.hashed.vn.", dns.TypeA, drop(dns.TypeNSEC3), "no denial"},
		"all of a denial taken away":       {"nothing.signed.vn.", dns.TypeA, drop(dns.TypeNSEC, dns.TypeRRSIG, dns.TypeSOA), "no denial"},
		"a wildcard without its denial":    {"x.wild.signed.vn.", dns.TypeA, drop(dns.TypeNSEC), "no denial"},
		"a hashed wildcard without denial": {"x.wild.hashed.vn.", dns.TypeA, drop(dns.TypeNSEC3), "no denial"},
		"a name that is there, said to be not": {"www.signed.vn.", dns.TypeA, func(m *dns.Msg) {
			m.Answer, m.Rcode = nil, dns.RcodeNameError
		}, "no denial"},
		"an alias to elsewhere": {"alias.signed.vn.", dns.TypeA, func(m *dns.Msg) {
			for _, rr := range m.Answer {
				if c, ok := rr.(*dns.CNAME); ok {
					c.Target = "www.hashed.vn."
				}
			}
		}, "bogus"},
		"an alias that no DNAME makes": {"www.old.signed.vn.", dns.TypeA, func(m *dns.Msg) {
			for _, rr := range m.Answer {
				if c, ok := rr.(*dns.CNAME); ok {
					c.Target = "www.hashed.vn."
				}
			}
		}, "bogus"},
		"an answer said to be none": {"www.signed.vn.", dns.TypeA, func(m *dns.Msg) { m.Rcode = dns.RcodeNameError }, "bogus"},
		"a denial said to be empty": {"gone.signed.vn.", dns.TypeA, func(m *dns.Msg) { m.Ns = nil }, "no denial"},
		"a denial of another name": {"www.signed.vn.", dns.TypeA, func(m *dns.Msg) {
			m.Answer, m.Rcode = nil, dns.RcodeNameError
			m.Ns = tr.Answer(new(dns.Msg).SetQuestion("nothing.signed.vn.", dns.TypeA)).Ns
		}, "no denial"},
		"the upper side of a cut against a name below": {"www.signed.vn.", dns.TypeA, func(m *dns.Msg) {
			m.Answer, m.Rcode = nil, dns.RcodeNameError
			m.Ns = tr.Answer(new(dns.Msg).SetQuestion("open.vn.", dns.TypeDS)).Ns
		}, "no denial"},
		"empty": {"www.signed.vn.", dns.TypeA, func(m *dns.Msg) { m.Answer = nil }, "no denial"},
	} {
		v := validator(t, tr, Options{})
		msg, err := v.ask(t.Context(), wire(t, c.name), c.qtype)
		if err != nil {
			t.Fatal(err)
		}
		var m dns.Msg
		if err := m.Unpack(msg); err != nil {
			t.Fatal(err)
		}
		c.twist(&m)
		if msg, err = m.Pack(); err != nil {
			t.Fatal(err)
		}
		if got, _ := proveMsg(t, v, msg, c.name, c.qtype); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
	}
}

// To pass a signed zone off as unsigned somebody must deny its DS, and cannot.
func TestASignedZoneCannotBePassedOffAsUnsigned(t *testing.T) {
	for what, twist := range map[string]func(*dns.Msg){
		"DS left out": func(m *dns.Msg) {
			if m.Question[0].Qtype == dns.TypeDS {
				m.Answer, m.Ns = nil, nil
			}
		},
		"DS denied with the NSEC of another": func(m *dns.Msg) {
			if m.Question[0].Qtype == dns.TypeDS && m.Question[0].Name == "signed.vn." {
				m.Answer = nil
			}
		},
		"another DS": func(m *dns.Msg) {
			for _, rr := range m.Answer {
				if ds, ok := rr.(*dns.DS); ok {
					ds.Digest = strings.Repeat("00", 32)
				}
			}
		},
	} {
		tr := tree(t)
		tr.Twist = func(m *dns.Msg) {
			twist(m)
			if m.Question[0].Name == "www.signed.vn." { // and the answer without signatures
				m.Answer = slices.DeleteFunc(m.Answer, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeRRSIG })
			}
		}
		if got, _ := prove(t, validator(t, tr, Options{}), "www.signed.vn.", dns.TypeA); got == "secure" || got == "insecure" {
			t.Errorf("%s: %s", what, got)
		}
	}
}

func TestWhatIsProvenStandsAlone(t *testing.T) {
	tr := tree(t)
	v := validator(t, tr, Options{})
	tr.Twist = func(m *dns.Msg) {
		if m.Question[0].Name == "www.signed.vn." {
			stray := &dns.A{Hdr: dns.RR_Header{Name: "bank.vn.", Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 300}, A: []byte{198, 51, 100, 66}}
			m.Answer, m.Ns, m.Extra = append(m.Answer, stray), append(m.Ns, stray), append(m.Extra, stray)
			m.Answer[0].Header().Ttl = 86400 // longer than what was signed
		}
	}
	got, m := prove(t, v, "www.signed.vn.", dns.TypeA)
	if got != "secure" || len(m.Answer) != 2 || len(m.Ns) != 0 || len(m.Extra) != 0 || m.Answer[0].Header().Ttl > 300 {
		t.Errorf("%s: %v", got, m)
	}
	msg, err := v.ask(t.Context(), wire(t, "www.signed.vn."), dns.TypeA)
	if err != nil {
		t.Fatal(err)
	}
	out, err := v.Prove(t.Context(), msg, wire(t, "www.signed.vn."), dns.TypeA, false)
	if err != nil || m.Unpack(out) != nil || len(m.Answer) != 1 || !m.AuthenticatedData {
		t.Errorf("without DO: %v %v", err, m)
	}
}

func TestNamesThatAreExcepted(t *testing.T) {
	tr := tree(t)
	v := validator(t, tr, Options{Except: []string{"broken.vn"}})
	if got, _ := prove(t, v, "www.broken.vn.", dns.TypeA); got != "insecure" {
		t.Error(got)
	}
	if got, _ := prove(t, v, "www.old.vn.", dns.TypeA); got != "expired" {
		t.Error(got)
	}
}

// The work for one answer is bounded whatever its zone's owner does
// (CVE-2023-50387): many keys with one tag, many signatures that do not hold.
func TestWorkIsBounded(t *testing.T) {
	tr := tree(t)
	v := validator(t, tr, Options{})
	if got, _ := prove(t, v, "www.signed.vn.", dns.TypeA); got != "secure" {
		t.Fatal(got)
	}
	s := &session{Validator: v, ctx: t.Context(), at: time.Now(), questions: maxQuestions, signatures: maxSignatures, hashes: maxHashes}
	msg, err := v.ask(t.Context(), wire(t, "www.signed.vn."), dns.TypeA)
	if err != nil {
		t.Fatal(err)
	}
	var m dns.Msg
	if err := m.Unpack(msg); err != nil {
		t.Fatal(err)
	}
	for _, rr := range slices.Clone(m.Answer) {
		if sig, ok := rr.(*dns.RRSIG); ok {
			m.Answer = nil
			for i := range 500 {
				c := dns.Copy(sig).(*dns.RRSIG)
				c.Signature = "AAAA" + c.Signature[4:]
				c.OrigTtl = uint32(i)
				m.Answer = append(m.Answer, c)
			}
		}
	}
	m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: "www.signed.vn.", Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 300}, A: []byte{192, 0, 2, 2}})
	_, _, err = s.answer(&m, "www.signed.vn.", dns.TypeA)
	var b *Bogus
	if !errors.As(err, &b) || s.signatures != -1 {
		t.Errorf("%v, %d signatures left of %d", err, s.signatures, maxSignatures)
	}
	deep := strings.Repeat("a.", 100) + "signed.vn."
	before := tr.Asked()
	if _, err := (&session{Validator: v, ctx: t.Context(), at: time.Now(), questions: maxQuestions}).zone(deep); !errors.As(err, &b) || tr.Asked()-before > maxQuestions {
		t.Errorf("%v after %d questions", err, tr.Asked()-before)
	}
}

func TestAnchorsThatAreNone(t *testing.T) {
	for _, text := range []string{"vn. IN A 192.0.2.1", "vn. IN DS 1", "; nothing"} {
		if _, err := New(Options{Anchors: text}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if _, err := New(Options{}); err != nil {
		t.Error(err)
	}
	island := tree(t)
	v, err := New(Options{Ask: asking(island), Now: time.Now, Anchors: island.Key("signed.vn.").String()})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"www.signed.vn.": "secure", "www.hashed.vn.": "insecure"} {
		if got, _ := prove(t, v, name, dns.TypeA); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// Whatever bytes of an honest answer are changed, it is an error, not proven, or
// says what the honest one said. The keys differ with each process, so what is
// kept are the changes and not the answers.
func FuzzProve(f *testing.F) {
	tr := tree(f)
	v := validator(f, tr, Options{})
	bases := []struct{ name, address string }{
		{"www.signed.vn.", "192.0.2.2"},
		{"www.hashed.vn.", "192.0.2.2"},
		{"x.wild.signed.vn.", "192.0.2.3"},
		{"x.wild.hashed.vn.", "192.0.2.3"},
		{"alias.signed.vn.", "192.0.2.2"},
		{"www.old.signed.vn.", "192.0.2.5"},
		{"nothing.signed.vn.", ""},
		{"nothing.hashed.vn.", ""},
		{"empty.hashed.vn.", ""},
	}
	honest := make([][]byte, len(bases))
	for i, b := range bases {
		var err error
		if honest[i], err = v.ask(f.Context(), wire(f, b.name), dns.TypeA); err != nil {
			f.Fatal(err)
		}
		f.Add(byte(i), []byte{})
		f.Add(byte(i), []byte{0, 3, 3})
		f.Add(byte(i), []byte(";\x7f\x06\xff\xff1"))
	}
	f.Fuzz(func(t *testing.T, which byte, changes []byte) {
		b := bases[int(which)%len(bases)]
		msg := slices.Clone(honest[int(which)%len(bases)])
		for ; len(changes) >= 3; changes = changes[3:] { // where, and to what
			msg[(int(changes[0])<<8|int(changes[1]))%len(msg)] = changes[2]
		}
		out, err := v.Prove(t.Context(), msg, wire(t, b.name), dns.TypeA, true)
		if err != nil {
			return
		}
		records := dnswire.ReadRecords(out) // as the resolver reads it
		for records.Next() {
		}
		if records.Bad {
			t.Fatalf("damaged: %x", out)
		}
		if out[3]&0x20 == 0 {
			return
		}
		var m dns.Msg
		if err := m.Unpack(out); err != nil {
			t.Fatalf("%v: %x", err, out)
		}
		found := ""
		for _, rr := range m.Answer {
			if a, ok := rr.(*dns.A); ok {
				found += a.A.String()
			}
		}
		if found != b.address {
			t.Fatalf("%s: proven: %v", b.name, &m)
		}
	})
}
