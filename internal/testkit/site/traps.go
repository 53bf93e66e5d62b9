// SPDX-License-Identifier: Apache-2.0

package site

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Traps are the addresses behind which a crawler may be caught, linked from the
// front page. Relative ones are of the main server.
func (s *Site) Traps() []string {
	all := []string{
		"/vong/a", "/vong/minh", "/vong/dai?n=0", "/ra-ngoai", "/tep", "/noi-bo", "/sieu-du-lieu", "/cookie",
		"/lich/2026/1", "/sau/", "/nho-giot", "/bom", "/dau-to", "/lon", "/dut", "/khong-co", "/ban",
		"/cam/mot", "/cam/cho-phep", "/a.rieng", "/tim?q=x", "javascript:alert(1)", "mailto:ai@mau.example", "ftp://mau.example/x", "//", "http://", "http://[::1", "%zz",
		s.Inner.URL + "/", "http://169.254.169.254/latest/", "http://10.0.0.1/", "file:///etc/passwd", s.Other.URL + "/",
		strings.Repeat("/rat-dai", 300),
	}
	for _, c := range Charsets() {
		all = append(all, "/bang-ma/"+c)
	}
	return all
}

func (s *Site) traps(mux *http.ServeMux) {
	to := func(path, target string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target, http.StatusFound) })
	}
	to("/vong/a", "/vong/b")
	to("/vong/b", "/vong/a")
	to("/vong/minh", "/vong/minh")
	to("/tep", "file:///etc/passwd")
	to("/sieu-du-lieu", "http://169.254.169.254/latest/meta-data/")
	mux.HandleFunc("GET /vong/dai", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/vong/dai?n="+r.URL.Query().Get("n")+"0", http.StatusFound)
	})
	mux.HandleFunc("GET /ra-ngoai", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, s.Other.URL+"/x", http.StatusFound) })
	mux.HandleFunc("GET /noi-bo", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, s.Inner.URL+"/x", http.StatusFound) })
	mux.HandleFunc("GET /cookie", func(w http.ResponseWriter, r *http.Request) { // who keeps no cookie never comes in
		if _, err := r.Cookie("dong-y"); err != nil {
			http.SetCookie(w, &http.Cookie{Name: "dong-y", Value: "1"})
			http.Redirect(w, r, "/cookie", http.StatusFound)
		}
	})
	mux.HandleFunc("GET /lich/{y}/{m}", func(w http.ResponseWriter, r *http.Request) {
		var y, m int
		fmt.Sscan(r.PathValue("y")+" "+r.PathValue("m"), &y, &m) //nolint:errcheck // zero then
		if m++; m > 12 {
			y, m = y+1, 1
		}
		page(w, "Lich thang", fmt.Sprintf("Thang %s nam %s: khong co su kien nao.", r.PathValue("m"), r.PathValue("y")), link(fmt.Sprintf("/lich/%d/%d", y, m)))
	})
	mux.HandleFunc("GET /sau/", func(w http.ResponseWriter, r *http.Request) {
		page(w, "Sau", Text(uint64(len(r.URL.Path)), 50), link("sau/"))
	})
	mux.HandleFunc("GET /nho-giot", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "<p>tung giot")
		for range 300 {
			fmt.Fprint(w, " .")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	packed := bomb()
	mux.HandleFunc("GET /bom", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed) //nolint:errcheck // the asker may go
	})
	mux.HandleFunc("GET /dau-to", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-To", strings.Repeat("x", 500<<10)) })
	mux.HandleFunc("GET /lon", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.CopyN(w, same('b'), 100<<20) //nolint:errcheck // the asker goes
	})
	mux.HandleFunc("GET /dut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5000")
		fmt.Fprint(w, "<p>nua chung")
	})
	mux.HandleFunc("GET /ban", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		s.busy++
		first := s.busy == 1
		s.mu.Unlock()
		if first {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		page(w, "Ranh roi", Mark("ranh"))
	})
	mux.HandleFunc("GET /cam/", func(w http.ResponseWriter, r *http.Request) {
		page(w, "Cam", Mark(strings.TrimPrefix(r.URL.Path, "/cam/")))
	})
}

// same is an endless row of one letter.
type same byte

// Read implements io.Reader.
func (s same) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	p[0] = byte(s)
	for n := 1; n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

// bomb is a small file that unpacks to 32 MiB.
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.CopyN(z, same('a'), 32<<20) //nolint:errcheck // memory
	z.Close()
	return b.Bytes()
})
