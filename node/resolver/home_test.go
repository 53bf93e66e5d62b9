// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/dnswire"
)

type tally struct{ n atomic.Int64 }

func (c *tally) Refused(*bundle.School, bundle.Band, string, netip.Addr, time.Time) { c.n.Add(1) }

// A family's band holds by path and by name, says that the family asked for it,
// and is counted nowhere.
func TestClause_1_1_HomesAreFilteredAndNeverCounted(t *testing.T) {
	counter := &tally{}
	d := openDoors(t, Config{Homes: true, Counter: counter})
	before := d.r.Stats().Refused
	for _, c := range []struct {
		word, name string
		refused    bool
	}{
		{"tieu-hoc", "play.example", true},
		{"tieu-hoc", "video.example", false},
		{"trung-hoc-co-so", "play.example", false},
		{"trung-hoc-co-so", "video.example", true},
		{"trung-hoc-pho-thong", "play.example", false},
		{"tieu-hoc", "good.example", false},
	} {
		check := func(way string, msg []byte) {
			t.Helper()
			r := d.reply(msg)
			if refused := r.Rcode == dnswire.NameError && slices.Equal(r.EDE, []uint16{dnswire.EDEFiltered}); refused != c.refused {
				t.Errorf("%s, %s asks %s: %+v", way, c.word, c.name, r)
			}
		}
		check("tls", d.overTLS(c.word+"."+nodeHost, packed(t, 1, c.name, dnswire.TypeA)))
		answers, err := d.overQUIC(c.word+"."+nodeHost, packed(t, 0, c.name, dnswire.TypeA))
		if err != nil {
			t.Fatal(err)
		}
		check("quic", answers[0])
		for version := 1; version <= 3; version++ {
			res, body := d.overHTTPS(version, version == 2, bundle.HomePath+c.word, packed(t, 0, c.name, dnswire.TypeA))
			if res.StatusCode != http.StatusOK {
				t.Fatalf("HTTP/%d: %d", version, res.StatusCode)
			}
			check("https", body)
		}
	}
	if counter.n.Load() != 0 || d.r.Stats().Refused != before {
		t.Errorf("homes were counted: %d, %d", counter.n.Load(), d.r.Stats().Refused-before)
	}
	if res, _ := d.overHTTPS(2, false, bundle.HomePath+"giao-vien", packed(t, 0, "good.example", dnswire.TypeA)); res.StatusCode != http.StatusNotFound {
		t.Errorf("a word of no home: %d", res.StatusCode)
	}
	// Who asks as a school's device is counted as before.
	d.overTLS(nodeHost, packed(t, 1, "play.example", dnswire.TypeA))
	if counter.n.Load() != 1 {
		t.Errorf("a school's device: %d", counter.n.Load())
	}
}

// From the Internet a family is let in over encrypted ways, and nobody else.
func TestHomesComeFromAnywhere(t *testing.T) {
	far := netip.MustParseAddr("203.0.113.7")
	for _, homes := range []bool{true, false} {
		d := openDoors(t, Config{Homes: homes})
		for _, c := range []struct {
			from asker
			in   bool
		}{
			{asker{far, "tieu-hoc", byTLS}, homes},
			{asker{far, "tieu-hoc", byHTTPS}, homes},
			{asker{far, "tieu-hoc", byQUIC}, homes},
			{asker{far, "tieu-hoc", byUDP}, false},
			{asker{far, "tieu-hoc", byTCP}, false},
			{asker{far, "giao-vien", byTLS}, false},
			{asker{far, "", byTLS}, false},
		} {
			w := d.r.workers.Get().(*worker)
			msg := append(make([]byte, 0, packetSize), packed(t, 1, "play.example", dnswire.TypeA)...)
			answer, _ := w.begin(msg, c.from)
			if in := answer == nil || d.reply(answer).Rcode != dnswire.Refused; in != c.in {
				t.Errorf("homes %v, %+v: let in %v", homes, c.from, in)
			}
			d.r.workers.Put(w)
		}
		if res, _ := d.overHTTPS(2, false, bundle.HomePath+"tieu-hoc", packed(t, 0, "good.example", dnswire.TypeA)); (res.StatusCode == http.StatusOK) != homes {
			t.Errorf("homes %v: %d", homes, res.StatusCode)
		}
	}
}
