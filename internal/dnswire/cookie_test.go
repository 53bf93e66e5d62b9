// SPDX-License-Identifier: Apache-2.0

package dnswire

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withCookie is a parsed question that carries a cookie.
func withCookie(t testing.TB, cookie []byte) *Query {
	t.Helper()
	msg := AppendOption(AppendQuery(nil, 1, []byte("\x07example\x00"), TypeA, false, false), OptionCookie, cookie)
	q := new(Query)
	if q.Parse(append(make([]byte, 0, 512), msg...)) != Good {
		t.Fatal("no question")
	}
	return q
}

// The worked examples of RFC 9018, appendix A: what other makes of server make
// of the same secret, client and time.
func TestCookiesAreThoseOfRFC9018(t *testing.T) {
	for _, c := range []struct {
		what, secret, before, client, sent, want string
		now                                      int64
		state                                    CookieState
	}{
		{
			"learning", "e5e973e5a6b2a43f48e7dc849e37bfcf", "", "198.51.100.100",
			"2464c4abcf10c957", "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 0x5cf79f11, NewCookie,
		},
		{
			"renewed", "e5e973e5a6b2a43f48e7dc849e37bfcf", "", "198.51.100.100",
			"2464c4abcf10c957010000005cf79f111f8130c3eee29480", "2464c4abcf10c957010000005cf7a871d4a564a1442aca77", 0x5cf7a871, ValidCookie,
		},
		{
			"reserved bytes of another make", "e5e973e5a6b2a43f48e7dc849e37bfcf", "", "203.0.113.203",
			"fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", 0x5cf7a9ac, NewCookie,
		},
		{
			"another secret", "445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715", "2001:db8:220:1:59de:d0f4:8769:82b8",
			"22681ab97d52c298010000005cf7c57926556bd0934c72f8", "22681ab97d52c298010000005cf7c609a6bb79d16625507a", 0x5cf7c609, ValidCookie,
		},
	} {
		s := &cookieSecrets{}
		copy(s.now[:], unhex(t, c.secret))
		copy(s.before[:], unhex(t, c.before))
		cookies := new(Cookies)
		cookies.secrets.Store(s)
		q := withCookie(t, unhex(t, c.sent))
		if state := cookies.Check(q, netip.MustParseAddr(c.client), time.Unix(c.now, 0)); state != c.state {
			t.Errorf("%s: state %d, want %d", c.what, state, c.state)
		}
		_, got, _ := Extra(q.Negative(NameError, 10, EDEBlocked), OptionCookie)
		if want := unhex(t, c.want); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", c.what, got, want)
		}
	}
}

func TestWhatACookieProves(t *testing.T) {
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	cookies, here := NewCookies(start), netip.MustParseAddr("203.0.113.7")
	learn := func(now time.Time) []byte {
		q := withCookie(t, []byte("eight by"))
		cookies.Check(q, here, now)
		_, cookie, _ := Extra(q.Truncated(), OptionCookie)
		return cookie
	}
	check := func(cookie []byte, client netip.Addr, now time.Time) CookieState {
		return cookies.Check(withCookie(t, cookie), client, now)
	}
	good := learn(start)
	if len(good) != 24 {
		t.Fatalf("%x", good)
	}
	forged := bytes.Clone(good)
	forged[23] ^= 1
	other := append([]byte("another "), good[8:]...)
	for what, c := range map[string]struct {
		cookie []byte
		client netip.Addr
		now    time.Time
		want   CookieState
	}{
		"ours":                     {good, here, start, ValidCookie},
		"mapped":                   {good, netip.MustParseAddr("::ffff:203.0.113.7"), start, ValidCookie},
		"just in time":             {good, here, start.Add(time.Hour), ValidCookie},
		"too old":                  {good, here, start.Add(time.Hour + time.Second), NewCookie},
		"of a clock ahead":         {good, here, start.Add(-5 * time.Minute), ValidCookie},
		"of the future":            {good, here, start.Add(-6 * time.Minute), NewCookie},
		"of another address":       {good, netip.MustParseAddr("203.0.113.8"), start, NewCookie},
		"of another client":        {other, here, start, NewCookie},
		"with a bit changed":       {forged, here, start, NewCookie},
		"of another make":          {append(bytes.Clone(good), 1, 2), here, start, NewCookie},
		"seven bytes":              {good[:7], here, start, FaultyCookie},
		"between client and whole": {good[:15], here, start, FaultyCookie},
		"too long":                 {make([]byte, 41), here, start, FaultyCookie},
		"empty":                    {nil, here, start, FaultyCookie},
	} {
		if got := check(c.cookie, c.client, c.now); got != c.want {
			t.Errorf("%s: %d, want %d", what, got, c.want)
		}
	}
	late := start.Add(23*time.Hour + 50*time.Minute)
	last := learn(late)
	cookies.Rotate(late) // not yet
	if check(last, here, late) != ValidCookie {
		t.Error("a new secret before its time")
	}
	cookies.Rotate(start.Add(secretLife))
	if check(last, here, start.Add(secretLife)) != ValidCookie {
		t.Error("the secret before is forgotten too soon")
	}
	cookies.Rotate(start.Add(2 * secretLife))
	if check(last, here, late) != NewCookie {
		t.Error("an old secret still counts")
	}
}

// The last example of the paper on SipHash (Aumasson and Bernstein, 2012,
// appendix A).
func TestSipHashIsThatOfItsPaper(t *testing.T) {
	var key [16]byte
	for i := range key {
		key[i] = byte(i)
	}
	if got := sipHash(&key, []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}); got != 0xa129ca6149be45e5 {
		t.Errorf("%x", got)
	}
}
