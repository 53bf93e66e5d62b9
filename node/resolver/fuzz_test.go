// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"testing"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
)

func newIdle(f *testing.F) *Resolver {
	f.Helper()
	v := bandView(f)
	r, err := New(Config{
		Mode: NXDomain, View: func() *bundle.View { return v }, Clock: clock.System{}, Upstreams: servers("192.0.2.1:53"), Host: nodeHost, OpenToWords: true,
		Text: func(uint16) string { return "che lại" },
	})
	if err != nil {
		f.Fatal(err)
	}
	return r
}

// Any bytes get no answer, a wait, or an answer that another library reads; over
// an encrypted way it is padded.
func FuzzAnyQuestion(f *testing.F) {
	r := newIdle(f)
	for _, name := range []string{"play.example", "video.example", "good.example"} {
		f.Add(packed(f, 7, name, dnswire.TypeA), byte(byUDP), "")
		f.Add(dnswire.AppendOption(packed(f, 0, name, dnswire.TypeHTTPS), dnswire.OptionKeepalive, nil), byte(byTLS), "phong-may-2")
	}
	f.Add(dnswire.AppendOption(packed(f, 3, "play.example", dnswire.TypeA), dnswire.OptionCookie, []byte("eight by")), byte(byUDP), "")
	f.Add(packed(f, 1, "_dns.resolver.arpa", dnswire.TypeSVCB), byte(byHTTPS), "")
	f.Add([]byte{0, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0}, byte(byQUIC), "x")
	f.Fuzz(func(t *testing.T, data []byte, by byte, word string) {
		if len(data) > maxQuestion {
			return
		}
		from := asker{netip.MustParseAddr("10.0.0.1"), word, way(by % (byte(byQUIC) + 1))}
		w := &worker{r: r}
		answer, wait := w.begin(slices.Grow(slices.Clone(data), dnswire.Spare), from)
		if wait || answer == nil {
			return
		}
		if from.by != byUDP {
			answer = w.dress(answer, from.by)
		}
		reply, err := dnswire.ReadReply(answer)
		if err != nil {
			t.Fatalf("%v: %x", err, answer)
		}
		if from.by.encrypted() && w.q.EDNS && (!reply.Padded || len(answer)%paddingBlock != 0) {
			t.Errorf("%d bytes", len(answer))
		}
	})
}

// Any body and any parameter give a status, or a question with room behind it.
func FuzzDoHRequest(f *testing.F) {
	f.Add(packed(f, 0, "good.example", dnswire.TypeA), true)
	f.Add([]byte(base64.RawURLEncoding.EncodeToString(packed(f, 0, "good.example", dnswire.TypeA))), false)
	f.Add([]byte("%%%"), false)
	f.Fuzz(func(t *testing.T, data []byte, post bool) {
		req := httptest.NewRequest(http.MethodGet, dohPath, nil)
		req.URL.RawQuery = "dns=" + url.QueryEscape(string(data))
		if post {
			req = httptest.NewRequest(http.MethodPost, dohPath, bytes.NewReader(data))
			req.Header.Set("Content-Type", dohType)
		}
		msg, status := dohQuestion(httptest.NewRecorder(), req)
		if (status == http.StatusOK) != (msg != nil) && len(data) > 0 {
			t.Errorf("status %d with %d bytes", status, len(msg))
		}
		if len(msg) > maxQuestion || post && status == http.StatusOK && !bytes.Equal(msg, data) {
			t.Errorf("%d bytes of %d", len(msg), len(data))
		}
	})
}

// Any stream is one question, or none.
func FuzzDoQStream(f *testing.F) {
	f.Add(framed(packed(f, 0, "good.example", dnswire.TypeA)))
	f.Add(framed(packed(f, 9, "good.example", dnswire.TypeA)))
	f.Add([]byte{0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		msg, err := readDoQ(bytes.NewReader(data))
		if err == nil && (!bytes.Equal(framed(msg), data) || len(msg) > maxQuestion || msg[0] != 0 || msg[1] != 0) {
			t.Errorf("%x of %x", msg, data)
		}
	})
}
