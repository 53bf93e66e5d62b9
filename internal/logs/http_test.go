// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRequestsAnswersAPanic(t *testing.T) {
	for _, c := range []struct {
		name   string
		do     http.HandlerFunc
		status int // 0: the connection is cut
		says   []string
	}{
		{"written without a status", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }, 200, []string{"status=200", "level=INFO"}},
		{"before the answer", func(http.ResponseWriter, *http.Request) { panic("0912 345 678") }, 500, []string{"status=500", "level=ERROR", "panic of type string"}},
		{"in the middle of it", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, strings.Repeat("x", 1<<16))
			panic("0912 345 678")
		}, 0, []string{"status=500", "level=ERROR", "panic of type string"}},
		{"cut on purpose", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, []string{"level=INFO"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			fail := func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusInternalServerError) }
			server := httptest.NewServer(Requests(New(&out, "info", false), "request", fail, c.do))
			status := 0
			res, err := http.Get(server.URL + "/x?phone=0912345678")
			if err == nil {
				if _, err = io.Copy(io.Discard, res.Body); err == nil {
					status = res.StatusCode
				}
				res.Body.Close()
			}
			server.Close() // waits for the handler, so for its event
			if status != c.status {
				t.Errorf("the caller saw %d, %v", status, err)
			}
			for _, want := range c.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in %s", want, &out)
				}
			}
			if strings.Contains(out.String(), "345") {
				t.Errorf("the log says what was sent: %s", &out)
			}
		})
	}
}
