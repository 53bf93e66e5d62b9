// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"bytes"
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/dnswire"
)

// In a flood in its network's name a client with a cookie goes on; one without
// is sent to TCP, one with a wrong cookie is told the right one.
func TestACookieGoesThroughAFlood(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 11, 23, 8, 0, 0, 0, clock.Vietnam))
	v := bandView(t)
	r, err := New(Config{
		Mode: NXDomain, View: func() *bundle.View { return v }, Clock: at, Upstreams: servers("192.0.2.1:53"), UDPRate: 100,
		Clients: []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{r: r}
	buf := make([]byte, packetSize)
	client := asker{addr: netip.MustParseAddr("203.0.113.7")}
	ask := func(cookie []byte, from asker) (rcode int, ede, back []byte, truncated bool) {
		q := packed(t, 1, "play.example", dnswire.TypeA)
		if cookie != nil {
			q = dnswire.AppendOption(q, dnswire.OptionCookie, cookie)
		}
		answer, wait := w.begin(buf[:copy(buf, q)], from)
		if wait || answer == nil {
			return -1, nil, nil, false
		}
		rcode, back, _ = dnswire.Extra(answer, dnswire.OptionCookie)
		_, ede, _ = dnswire.Extra(answer, dnswire.OptionEDE)
		return rcode, slices.Clone(ede), slices.Clone(back), answer[2]&0x02 != 0
	}
	rcode, ede, cookie, _ := ask([]byte("eight by"), client)
	if rcode != dnswire.NameError || !bytes.Equal(ede, []byte{0, byte(dnswire.EDEBlocked)}) || len(cookie) != 24 || !bytes.HasPrefix(cookie, []byte("eight by")) {
		t.Fatalf("%d %x %x", rcode, ede, cookie)
	}
	flood := func(n int) {
		for i := range n {
			ask(nil, asker{addr: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})})
		}
	}
	flood(150)
	if _, _, _, truncated := ask(nil, client); !truncated {
		t.Error("without a cookie: not sent to TCP")
	}
	if rcode, _, _, truncated := ask(cookie, client); rcode != dnswire.NameError || truncated {
		t.Errorf("with a cookie: %d, truncated %v", rcode, truncated)
	}
	if rcode, _, back, truncated := ask(cookie[:8], client); rcode != dnswire.BadCookie || truncated || !bytes.Equal(back, cookie) {
		t.Errorf("with half a cookie: %d %x, truncated %v", rcode, back, truncated)
	}
	if rcode, _, back, _ := ask(cookie, asker{addr: netip.MustParseAddr("203.0.113.8")}); rcode != dnswire.BadCookie || bytes.Equal(back, cookie) {
		t.Errorf("with another's cookie: %d %x", rcode, back)
	}
	flood(1000)
	if rcode, _, _, _ := ask(cookie[:8], client); rcode != -1 {
		t.Error("far beyond the limit a cookie that proves nothing is answered")
	}
	if rcode, _, _, _ := ask(cookie, client); rcode != dnswire.NameError {
		t.Errorf("far beyond the limit with a cookie: %d", rcode)
	}
	if rcode, _, _, _ := ask([]byte("seven b"), asker{addr: netip.MustParseAddr("10.0.0.1")}); rcode != dnswire.FormatError {
		t.Errorf("no cookie's length: %d", rcode)
	}
}

var digCookie = regexp.MustCompile(`; COOKIE: ([0-9a-f]+) \(good\)`)

// Another's client, dig of BIND, checks the cookie that comes back, over UDP
// and TCP, for what is refused, forwarded and cached.
func TestDigFindsTheCookieGood(t *testing.T) {
	dig, err := exec.LookPath("dig")
	if err != nil {
		t.Skip("dig is not installed (apt-get install bind9-dnsutils)")
	}
	d := openDoors(t, Config{})
	_, port, err := net.SplitHostPort(d.at.Plain[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"+notcp"}, {"+tcp"}} {
		for _, name := range []string{"play.example", "good.example", "good.example"} {
			first := append([]string{"@127.0.0.1", "-p", port, "+cookie=2464c4abcf10c957", name}, args...)
			out, err := exec.Command(dig, first...).CombinedOutput()
			got := digCookie.FindStringSubmatch(string(out))
			if err != nil || got == nil || len(got[1]) != 48 || !strings.HasPrefix(got[1], "2464c4abcf10c957") {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
			first[3] = "+cookie=" + got[1]
			out, err = exec.Command(dig, first...).CombinedOutput()
			if again := digCookie.FindStringSubmatch(string(out)); err != nil || again == nil || again[1] != got[1] {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		}
	}
}
