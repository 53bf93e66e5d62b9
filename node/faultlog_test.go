// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/sha256"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
	"lachan/node/blockpage"
)

const logWord = "abcdefghkm"

// sideWithLog publishes a side file of the school with a fault log; no end is
// no log.
func (w *world) sideWithLog(number uint64, until time.Time) {
	w.t.Helper()
	s := bundle.Side{School: "s1", Number: number, Default: bundle.Primary}
	if !until.IsZero() {
		s.Log = bundle.FaultLog{Until: until.UnixMicro(), Word: sha256.Sum256([]byte(logWord))}
	}
	sealed, err := s.Seal(w.signer)
	w.must(err)
	w.mu.Lock()
	w.sides["s1"] = sealed
	w.mu.Unlock()
	w.must(w.bus.PublishSide("s1", sealed))
}

// readLog asks for the page of the fault log on the node's own address.
func (w *world) readLog(n *Node, word, part string) (int, string) {
	w.t.Helper()
	res, err := http.PostForm("http://"+n.PageAddr()+blockpage.LogPath, url.Values{"word": {word}, "part": {part}})
	w.must(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	w.must(err)
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Set-Cookie") != "" || strings.Contains(string(body), "<script") || strings.Contains(string(body), "⟨") {
		w.t.Errorf("%v\n%s", res.Header, body)
	}
	return res.StatusCode, string(body)
}

// askAs asks over UDP from an address of the client's own.
func (w *world) askAs(n *Node, client, name string) {
	w.t.Helper()
	d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.ParseIP(client)}}
	conn, err := d.DialContext(w.t.Context(), "udp", n.DNSAddr())
	w.must(err)
	defer conn.Close()
	q := append([]byte{1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, w.name(name).Wire()...)
	_, err = conn.Write(append(q, 0, byte(dnswire.TypeA), 0, 1))
	w.must(err)
	w.must(conn.SetDeadline(time.Now().Add(5 * time.Second)))
	_, err = conn.Read(make([]byte, 4096))
	w.must(err)
}

func TestASchoolLooksForAFault(t *testing.T) {
	w := newWorld(t)
	w.publish(1, 0)
	w.sideWithLog(1, time.Time{})
	state := t.TempDir()
	n, stop := w.node(state)
	w.ready(n, 1)
	school := func(n *Node, on bool) func() bool {
		return func() bool {
			all := n.keeper.View().Schools()
			return len(all) == 1 && (all[0].Log.Until != 0) == on
		}
	}
	w.until("school", school(n, false))
	const client = "127.0.0.77"
	w.askAs(n, client, "fresh.example")
	if status, page := w.readLog(n, logWord, ""); status != 200 || !strings.Contains(page, "Nhật ký đang tắt") || strings.Contains(page, "fresh.example") {
		t.Errorf("off by default: %d\n%s", status, page)
	}
	w.sideWithLog(2, time.Now().Add(time.Hour))
	w.until("log", school(n, true))
	for _, name := range []string{"fresh.example", "www.bet.example", "cloak.example", "none.example", "www.lesson.example", "lesson.example", "7.0.0.10.in-addr.arpa", "may-cua-an.local"} {
		w.askAs(n, client, name)
		w.askAs(n, client, name) // from the cache
	}
	status, page := w.readLog(n, logWord, "")
	for _, want := range []string{"fresh.example", "Đã trả lời.", "www.bet.example", "Bị che.", "Trang này có cờ bạc.", "cloak.example", "none.example", "Không có tên này.", "8 dòng", "Tiểu học"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for what, not := range map[string]string{"the client": client, "a never-block name": "lesson.example", "a reverse name": "in-addr", "a device's name": "may-cua-an"} {
		if strings.Contains(page, not) {
			t.Errorf("%s stands in the log: %s", what, not)
		}
	}
	if status != 200 || strings.Index(page, "none.example") > strings.Index(page, "fresh.example") {
		t.Errorf("%d, or not the newest first\n%s", status, page)
	}
	if _, page := w.readLog(n, logWord, "BET"); !strings.Contains(page, "www.bet.example") || strings.Contains(page, "fresh.example") {
		t.Errorf("not by a part of the name\n%s", page)
	}
	if status, page := w.readLog(n, "wrong", ""); status != 403 || strings.Contains(page, "bet.example") {
		t.Errorf("a wrong word: %d\n%s", status, page)
	}
	stop()
	n, _ = w.run(state)
	w.until("the log of the disk", school(n, true))
	if status, page := w.readLog(n, logWord, ""); status != 200 || !strings.Contains(page, "0 dòng") || strings.Contains(page, "bet.example") {
		t.Errorf("after a restart: %d\n%s", status, page)
	}
	w.askAs(n, client, "fresh.example")
	w.sideWithLog(3, time.Time{})
	w.until("stop", school(n, false))
	if _, page := w.readLog(n, logWord, ""); !strings.Contains(page, "Nhật ký đang tắt") || strings.Contains(page, "fresh.example") {
		t.Errorf("after a stop\n%s", page)
	}
}
