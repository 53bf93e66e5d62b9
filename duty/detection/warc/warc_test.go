// SPDX-License-Identifier: Apache-2.0

package warc

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"lachan/internal/testkit/warccheck"
)

const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 8\r\n\r\nxin chao"

// sample is a file with a record of each kind.
func sample(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewWriter(&b)
	at := time.Date(2026, 11, 28, 15, 0, 0, 123456000, time.UTC)
	if _, err := w.Info(at, "mau.warc.gz", Field{"software", "lachan\r\nX: y"}); err != nil {
		t.Fatal(err)
	}
	write := func(h Head, block string) string {
		t.Helper()
		h.Date, h.URI = at, "https://mau.example/a?b=%C3%A1"
		id, err := w.Write(h, strings.NewReader(block))
		if err != nil {
			t.Fatal(h.Type, err)
		}
		return id
	}
	ip := netip.MustParseAddr("103.1.2.3")
	payload := Digest([]byte("xin chao"))
	got := write(Head{Type: Response, ContentType: TypeResponse, IP: ip, PayloadDigest: payload}, answer)
	write(Head{Type: Request, ContentType: TypeRequest, IP: ip, Concurrent: []string{got}}, "GET /a?b=%C3%A1 HTTP/1.1\r\nHost: mau.example\r\n\r\n")
	write(Head{Type: Response, ContentType: TypeResponse, IP: ip, Truncated: "length"}, "HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\nxin chao")
	write(Head{
		Type: Revisit, ContentType: TypeResponse, IP: ip, PayloadDigest: payload, Profile: ProfileSame, RefersTo: got,
		RefersToURI: "https://mau.example/a?b=%C3%A1", RefersToDate: at,
	}, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
	write(Head{Type: Revisit, ContentType: TypeResponse, IP: ip, Profile: ProfileNotModified, RefersTo: got, RefersToURI: "https://mau.example/a?b=%C3%A1", RefersToDate: at}, "HTTP/1.1 304 Not Modified\r\n\r\n")
	write(Head{Type: Metadata, ContentType: TypeFields, Concurrent: []string{got}}, string(Fields(Field{"via", "https://mau.example/"}, Field{"hopsFromSeed", "L"})))
	write(Head{Type: Resource, ContentType: "image/png", PayloadDigest: Digest([]byte("\x89PNG"))}, "\x89PNG")
	return b.Bytes()
}

func TestIndependentReadersAcceptEachKind(t *testing.T) {
	records, err := warccheck.Check(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, r := range records {
		kinds = append(kinds, r.One("WARC-Type"))
	}
	if got := strings.Join(kinds, " "); got != "warcinfo response request response revisit revisit metadata resource" {
		t.Error(got)
	}
	if got := records[1]; string(got.Block) != answer || got.One("WARC-IP-Address") != "103.1.2.3" || got.One("WARC-Date") != "2026-11-28T15:00:00.123456Z" {
		t.Errorf("%v", got.Fields)
	}
	if strings.Contains(string(records[0].Block), "\nX: y") {
		t.Error("a value broke out of its line")
	}
}

func TestTheCheckSeesFaults(t *testing.T) {
	file := sample(t)
	z, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"a byte of a block": {"xin chao", "xin chaO"}, "a head": {"WARC-Type: response", "WARC-Type: answer"}, "a date": {"T15:00", "T15-00"},
	} {
		var packed bytes.Buffer
		pack(&packed, bytes.Replace(plain, []byte(change[0]), []byte(change[1]), 1))
		if _, err := warccheck.Check(packed.Bytes()); err == nil {
			t.Error("not seen:", what)
		}
	}
	var packed bytes.Buffer
	pack(&packed, plain)
	if _, err := warccheck.Check(packed.Bytes()); err != nil {
		t.Error("unchanged:", err)
	}
}

// pack compresses a file record by record.
func pack(out io.Writer, plain []byte) {
	for _, at := range splits(plain) {
		z := gzip.NewWriter(out)
		z.Write(at) //nolint:errcheck // memory
		z.Close()
	}
}

func splits(plain []byte) (all [][]byte) {
	mark := []byte("\r\n\r\nWARC/1.1\r\n")
	for {
		i := bytes.Index(plain, mark)
		if i < 0 {
			return append(all, plain)
		}
		all, plain = append(all, plain[:i+4]), plain[i+4:]
	}
}

func TestReaderGivesBackWhatWasWritten(t *testing.T) {
	file := sample(t)
	z, _ := gzip.NewReader(bytes.NewReader(file))
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{"compressed": file, "plain": plain} {
		r := NewReader(bytes.NewReader(in))
		var kinds []string
		for {
			h, block, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(name, err)
			}
			text, err := io.ReadAll(block)
			if err != nil || int64(len(text)) != h.Length {
				t.Fatal(name, h.Type, err)
			}
			if kinds = append(kinds, string(h.Type)); len(kinds) == 2 && (string(text) != answer || h.URI != "https://mau.example/a?b=%C3%A1" || h.IP.String() != "103.1.2.3") {
				t.Errorf("%s: %+v %q", name, h, text)
			}
		}
		if len(kinds) != 8 {
			t.Error(name, kinds)
		}
	}
	changed := bytes.Replace(plain, []byte("xin chao"), []byte("xin chaO"), 1)
	r := NewReader(bytes.NewReader(changed))
	r.Next() //nolint:errcheck // the record after it is meant
	_, block, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(block); !errors.Is(err, ErrDigest) {
		t.Error(err)
	}
	for cut := range len(file) {
		r := NewReader(bytes.NewReader(file[:cut]))
		for {
			_, block, err := r.Next()
			if err != nil {
				break // io.EOF between records, ErrForm within one
			}
			io.Copy(io.Discard, block) //nolint:errcheck // Next says it again
		}
	}
}

func TestWriterRefusesWhatBreaksAHead(t *testing.T) {
	w := NewWriter(io.Discard)
	at := time.Unix(1, 0)
	for _, h := range []Head{{}, {Type: Response, Date: at}, {Type: Response, Date: at, URI: "/a"}, {Type: Response, URI: "http://a.example/"}, {Type: Revisit, Date: at, URI: "http://a.example/"}, {Type: Response, Date: at, URI: "http://a.example/ b"}} {
		if _, err := w.Write(h, strings.NewReader("x")); err == nil {
			t.Errorf("%+v", h)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(sample(f))
	f.Add([]byte("WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:0>\r\nWARC-Date: 2026-11-28T15:00:00Z\r\nContent-Length: 2\r\n\r\nok\r\n\r\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r := NewReader(bytes.NewReader(file))
		for {
			_, block, err := r.Next()
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, io.LimitReader(block, 1<<20)); err != nil && !errors.Is(err, ErrDigest) && !errors.Is(err, ErrForm) {
				t.Fatal(err)
			}
		}
	})
}
