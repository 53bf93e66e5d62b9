// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"lachan/internal/clock"
	"lachan/internal/fetch"
)

// serve starts a server and a door that leads to it.
func serve(t testing.TB, h http.Handler, p Pace) (*httptest.Server, Deps) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	client := fetch.New(fetch.Options{Agent: "lachan/test", Also: []netip.AddrPort{netip.MustParseAddrPort(s.Listener.Addr().String())}, Resolver: nameless(t)})
	return s, Deps{Manners: NewManners(client, clock.System{}, "lachan", p), Clock: clock.System{}, Software: "lachan/test"}
}

// nameless is a name server that knows no name.
func nameless(t testing.TB) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			end := 12
			for b[end] != 0 {
				end += int(b[end]) + 1
			}
			b[2], b[3] = b[2]|0x80, 0x83 // an answer, NXDOMAIN
			clear(b[6:12])
			conn.WriteTo(b[:min(end+5, n)], from) //nolint:errcheck // the asker asks again
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestFatesOfWhatWasSeen(t *testing.T) {
	const text = "<html><body><p>Thư viện của trường mở cửa từ thứ hai đến thứ sáu, học sinh được mượn mỗi lần hai cuốn sách trong hai tuần. Lượt xem: %d"
	mode := "same"
	s, d := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		switch mode {
		case "parked":
			fmt.Fprintf(w, "<html><body><p>Tên miền này đang được rao bán, xin gọi số %d để hỏi mua tên miền.", time.Now().UnixNano())
			return
		case "moved":
			if r.URL.Path == "/a" {
				http.Redirect(w, r, "/b", http.StatusMovedPermanently)
				return
			}
		case "410":
			w.WriteHeader(http.StatusGone)
			return
		case "500":
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if r.URL.Path != "/a" && r.URL.Path != "/b" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"1"`)
		switch {
		case r.Header.Get("If-None-Match") == `"1"` && mode == "same":
			w.WriteHeader(http.StatusNotModified)
		case mode == "counted":
			fmt.Fprintf(w, text, time.Now().UnixNano())
		case mode == "changed":
			fmt.Fprint(w, "<p>Câu lạc bộ cờ vua mời bạn tham gia giải mùa thu, đăng ký tại văn phòng đội trước ngày ba mươi.")
		default:
			fmt.Fprintf(w, text, 17)
		}
	}), quick())
	first, err := Recheck(context.Background(), d, Limits{}, Known{URL: s.URL + "/a", Gone: true})
	if err != nil || first.Fate != Back || first.SHA256 == "" || first.ETag != `"1"` {
		t.Fatalf("%+v %v", first, err)
	}
	known := Known{URL: s.URL + "/a", ETag: first.ETag, SHA256: first.SHA256, NearDigest: first.NearDigest}
	for _, c := range []struct {
		mode string
		gone bool
		fate Fate
		why  string
	}{
		{"same", false, There, ""},
		{"counted", false, There, ""},
		{"changed", false, Changed, ""},
		{"moved", false, Moved, ""},
		{"410", false, Gone, WhyStatus},
		{"parked", false, Gone, WhySoft},
		{"500", false, Unclear, WhyFailed},
		{"same", true, Back, ""},
		{"parked", true, Gone, WhySoft},
		{"410", true, Gone, WhyStatus},
	} {
		mode = c.mode
		k := known
		k.Gone = c.gone
		got, err := Recheck(context.Background(), d, Limits{}, k)
		if err != nil || got.Fate != c.fate || got.Why != c.why {
			t.Errorf("%s, gone %v: %+v %v", c.mode, c.gone, got, err)
		}
		if c.fate == Moved && got.To != s.URL+"/b" {
			t.Error(got.To)
		}
	}
	got, err := Recheck(context.Background(), d, Limits{}, Known{URL: "http://mau.example/a", SHA256: "x"})
	if err != nil || got.Fate != Gone || got.Why != WhyNoName {
		t.Errorf("%+v %v", got, err)
	}
	if got, err := Recheck(context.Background(), d, Limits{}, Known{URL: "http://127.0.0.1:1/a", SHA256: "x"}); err != nil || got.Fate != Unclear {
		t.Errorf("%+v %v", got, err)
	}
}
