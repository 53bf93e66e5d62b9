// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"net/netip"
	"strings"

	"lachan/internal/logs"
	"lachan/internal/problem"
)

// contentPolicy allows our own files and nothing else: no inline script or
// style, no frame around us, no form that leads away.
const contentPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "accelerometer=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), microphone=(), payment=(), usb=()")
		h.Set("X-Robots-Tag", "noarchive")
		if !strings.HasPrefix(r.URL.Path, "/static/") {
			h.Set("Cache-Control", "no-store")
		}
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// crossOrigin refuses a POST that a browser says came from another site.
func (s *Server) crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.guard.Check(r); err != nil {
			s.fail(w, r, problem.New("page/cross-site").Wrap(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// observe writes one event for each request but those for our own files.
func (s *Server) observe(next http.Handler) http.Handler {
	seen := logs.Requests(s.Log, "request", s.fail, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") {
			next.ServeHTTP(w, r)
			return
		}
		seen.ServeHTTP(w, r)
	})
}

// DropClient wraps a handler so that nothing behind it can learn who calls:
// the address of the client is removed, and of what a proxy adds only the
// protocol is read, if the proxy is one of ours.
func DropClient(next http.Handler, proxies []netip.Prefix) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		trusted := false
		if from, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
			for _, p := range proxies {
				trusted = trusted || p.Contains(from.Addr().Unmap())
			}
		}
		proto := r.Header.Get("X-Forwarded-Proto")
		for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "Cf-Connecting-Ip", "True-Client-Ip", "Via"} {
			r.Header.Del(name)
		}
		r.RemoteAddr = ""
		if trusted && proto != "" && proto != "https" {
			http.Redirect(w, r, "https://"+r.Host+r.URL.RequestURI(), http.StatusPermanentRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}
