// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"bytes"
	"crypto/ed25519"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"lachan/internal/bundle"
	"lachan/internal/bus"
	"lachan/internal/problem"
)

type hand struct {
	t      *testing.T
	signer bundle.Signer
	dir    string
}

func newHand(t *testing.T) *hand {
	return &hand{t, bundle.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, 32))), t.TempDir()}
}

func (h *hand) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *hand) open() *Keeper {
	h.t.Helper()
	k, err := OpenKeeper(Options{Dir: h.dir, Keys: []ed25519.PublicKey{h.signer.Public()}, Schools: []string{"s1", "s2"}, StandIn: bundle.Primary})
	h.must(err)
	return k
}

func (h *hand) name(s string) bundle.Name {
	n, err := bundle.ParseName(s)
	h.must(err)
	return n
}

func (h *hand) delta(number uint64) []byte {
	h.t.Helper()
	sealed, err := bundle.Delta{Number: number, Entries: []bundle.Entry{{Domain: h.name("d" + string(rune('0'+number)) + ".example"), Block: true, Source: bundle.Legal, Bands: bundle.EveryBand}}}.Seal(h.signer)
	h.must(err)
	return sealed
}

func (h *hand) part(number, folded uint64) string {
	h.t.Helper()
	b, err := bundle.NewBuilder(nil)
	h.must(err)
	var out bytes.Buffer
	_, err = b.Build(&out, bundle.Head{Number: number, Folded: folded}, h.signer)
	h.must(err)
	path := filepath.Join(h.dir, "fetched.part")
	h.must(os.WriteFile(path, out.Bytes(), 0o600))
	return path
}

func (h *hand) side(school string, number uint64, network string) []byte {
	h.t.Helper()
	s := bundle.Side{School: school, Number: number, Default: bundle.UpperSecondary, Networks: []bundle.Network{{Prefix: netip.MustParsePrefix(network), Band: bundle.Staff, Evening: bundle.Staff}}}
	sealed, err := s.Seal(h.signer)
	h.must(err)
	return sealed
}

func TestTornLogKeepsWhatIsWhole(t *testing.T) {
	h := newHand(t)
	k := h.open()
	for n := uint64(1); n <= 4; n++ {
		if more, err := k.ApplyDeltas(h.delta(n)); more || err != nil {
			t.Fatal(more, err)
		}
	}
	log := filepath.Join(h.dir, "deltas.log")
	whole, err := os.ReadFile(log)
	h.must(err)
	for cut := len(whole); cut >= 0; cut-- { // a power cut at every byte
		h.must(os.WriteFile(log, whole[:cut], 0o600))
		again := h.open()
		want := uint64(4 * cut / len(whole))
		if _, got := again.Numbers(); got != want {
			t.Fatalf("cut at %d of %d: delta %d in force, want %d", cut, len(whole), got, want)
		}
	}
	// What is missing is applied again behind the torn end, and stays.
	h.must(os.WriteFile(log, whole[:len(whole)-3], 0o600))
	again := h.open()
	if _, err := again.ApplyDeltas(h.delta(4), h.delta(5)); err != nil {
		t.Fatal(err)
	}
	if _, got := h.open().Numbers(); got != 5 {
		t.Errorf("after the repair and a restart: delta %d", got)
	}
}

func TestDeltasOutOfOrderAndTwice(t *testing.T) {
	h := newHand(t)
	k := h.open()
	if more, err := k.ApplyDeltas(h.delta(2)); !more || err != nil {
		t.Errorf("a gap: %v %v", more, err)
	}
	if more, err := k.ApplyDeltas(h.delta(1), h.delta(1), h.delta(2), h.delta(4)); !more || err != nil {
		t.Errorf("%v %v", more, err)
	}
	if _, got := k.Numbers(); got != 2 {
		t.Errorf("delta %d", got)
	}
}

func TestBundleFoldsDeltasAndOldFilesGo(t *testing.T) {
	h := newHand(t)
	k := h.open()
	h.must(k.ApplyBundle(h.part(1, 0)))
	if _, err := k.ApplyDeltas(h.delta(1), h.delta(2), h.delta(3)); err != nil {
		t.Fatal(err)
	}
	h.must(os.WriteFile(filepath.Join(h.dir, "bundle-00000000000000000001.part"), []byte("left over"), 0o600))
	h.must(k.ApplyBundle(h.part(2, 2)))
	for _, k := range []*Keeper{k, h.open()} {
		if b, d := k.Numbers(); b != 2 || d != 3 || k.View().Entries() != 1 {
			t.Errorf("bundle %d, delta %d, %d entries", b, d, k.View().Entries())
		}
	}
	left, err := filepath.Glob(filepath.Join(h.dir, "bundle-*"))
	if err != nil || len(left) != 1 {
		t.Errorf("%v", left)
	}
	if err := k.ApplyBundle(h.part(2, 3)); !problem.Is(err, "node/rollback") {
		t.Errorf("the same number again: %v", err)
	}
	if err := k.ApplyBundle(h.part(9, 1)); err == nil {
		t.Error("a bundle that forgets a delta was taken")
	}
	if b, d := k.Numbers(); b != 2 || d != 3 {
		t.Errorf("after refusals: bundle %d, delta %d", b, d)
	}
}

func TestSidesKeepTheirOrderAndNeverGoBack(t *testing.T) {
	h := newHand(t)
	k := h.open()
	h.must(k.ApplySide("s2", h.side("s2", 5, "10.2.0.0/16")))
	h.must(k.ApplySide("s1", h.side("s1", 1, "10.1.0.0/16")))
	if err := k.ApplySide("s2", h.side("s2", 4, "10.9.0.0/16")); !problem.Is(err, "node/rollback") {
		t.Errorf("older: %v", err)
	}
	if err := k.ApplySide("s1", h.side("s2", 9, "10.2.0.0/16")); !problem.Is(err, "node/rollback") {
		t.Errorf("another school's: %v", err)
	}
	if err := k.ApplySide("s3", h.side("s3", 1, "10.3.0.0/16")); !problem.Is(err, "node/foreign-school") {
		t.Errorf("a school we do not serve: %v", err)
	}
	for _, k := range []*Keeper{k, h.open()} {
		c := k.View().Client(netip.MustParseAddr("10.2.3.4"), 0)
		s, b := c.School, c.Band
		if s == nil || s.School != "s2" || b != bundle.Staff {
			t.Errorf("%v %v", s, b)
		}
		if c := k.View().Client(netip.MustParseAddr("192.0.2.1"), 0); c.School.School != "s1" || c.Band != bundle.UpperSecondary {
			t.Errorf("%v %v", s.School, b)
		}
	}
	h.must(os.Remove(filepath.Join(h.dir, "side-s2.lcs")))
	again := h.open()
	if err := again.ApplySide("s2", h.side("s2", 4, "10.2.0.0/16")); !problem.Is(err, "node/rollback") {
		t.Errorf("older, with the file gone: %v", err)
	}
}

func TestOutboxSurvivesAndForgetsOnlyWhatIsDone(t *testing.T) {
	h := newHand(t)
	o, err := OpenOutbox(h.dir)
	h.must(err)
	h.must(o.Add([]bus.Cell{{School: "s1", Devices: 5}}))
	h.must(o.Add([]bus.Cell{{School: "s1", Devices: 6}}))
	h.must(o.Wish(bus.Ask{Domain: "a.example", Day: "2026-11-23"}))
	h.must(o.Wish(bus.Ask{Domain: "a.example", Day: "2026-11-23"}))
	h.must(o.doneCounts(1))
	o, err = OpenOutbox(h.dir)
	h.must(err)
	c, a := o.next()
	if o.Pending() != 1 || c.Sequence != 2 || a.Domain != "a.example" {
		t.Errorf("%+v %+v", c, a)
	}
	h.must(o.doneAsk(*a))
	h.must(o.Wish(bus.Ask{Domain: "a.example", Day: "2026-11-23"}))
	if _, a := o.next(); a != nil {
		t.Error("wished once, sent twice")
	}
	h.must(o.Wish(bus.Ask{Domain: "a.example", Day: "2026-11-24"}))
	h.must(o.Add([]bus.Cell{{School: "s1", Devices: 7}}))
	if c, a := o.next(); c.Sequence != 2 || a == nil || o.box.Next != 4 {
		t.Errorf("%+v %+v next %d", c, a, o.box.Next)
	}
}

// With the disk full a decision counts all the same; when there is room again
// nothing is missing on it.
func TestFullDiskKeepsNothingFromCounting(t *testing.T) {
	h := newHand(t)
	k := h.open()
	_, err := k.ApplyDeltas(h.delta(1))
	h.must(err)
	log := filepath.Join(h.dir, "deltas.log")
	kept, err := os.ReadFile(log)
	h.must(err)
	h.must(os.Remove(log))
	if err := os.Symlink("/dev/full", log); err != nil {
		t.Skip("no /dev/full: ", err)
	}
	if _, err := os.Stat(log); err != nil {
		t.Skip("no /dev/full: ", err)
	}
	for n := uint64(2); n < 4; n++ {
		k.torn = false // each is tried as the first
		if _, err := k.ApplyDeltas(h.delta(n)); !problem.Is(err, "node/state") {
			t.Errorf("delta %d on a full disk: %v", n, err)
		}
		if _, last := k.Numbers(); last != n {
			t.Errorf("delta %d does not count", n)
		}
	}
	h.must(os.Remove(log)) // what was written before, and half a record
	h.must(os.WriteFile(log, append(kept, 9, 0, 0, 0, 1), 0o600))
	_, err = k.ApplyDeltas(h.delta(4))
	h.must(err)
	if _, last := h.open().Numbers(); last != 4 {
		t.Errorf("after a restart up to %d", last)
	}
}

// A key that was taken away counts for nothing that comes in; what it signed
// while it counted still opens from the disk.
func TestKeysFollowOneAnother(t *testing.T) {
	h := newHand(t)
	second := bundle.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{4}, 32)))
	list := func(number uint64, by bundle.Signer, keys ...bundle.Signer) []byte {
		l := bundle.KeyList{Number: number}
		for _, k := range keys {
			l.Keys = append(l.Keys, k.Public())
		}
		sealed, err := l.Seal(by)
		h.must(err)
		return sealed
	}
	k := h.open()
	h.must(k.ApplyBundle(h.part(1, 0)))
	_, err := k.ApplyDeltas(h.delta(1))
	h.must(err)
	h.must(k.ApplySide("s1", h.side("s1", 1, "192.0.2.0/24")))

	if err := k.ApplyKeys(list(1, second, second)); !problem.Is(err, "bundle/unknown-key") {
		t.Errorf("a key vouched for itself: %v", err)
	}
	if err := k.ApplyKeys(list(2, h.signer, second)); !problem.Is(err, "bundle/gap") {
		t.Errorf("a list was left out: %v", err)
	}
	h.must(k.ApplyKeys(list(1, h.signer, second, h.signer), list(2, second, second)))
	for _, k := range []*Keeper{k, h.open()} {
		if b, d := k.Numbers(); b != 1 || d != 1 || k.KeyList() != 2 || len(k.parts.Sides) != 1 {
			t.Fatalf("bundle %d, delta %d, list %d, %d sides", b, d, k.KeyList(), len(k.parts.Sides))
		}
		if _, err := k.ApplyDeltas(h.delta(2)); !problem.Is(err, "bundle/unknown-key") {
			t.Errorf("the old key decides: %v", err)
		}
		if err := k.ApplyKeys(list(3, h.signer, h.signer)); !problem.Is(err, "bundle/unknown-key") {
			t.Errorf("the old key comes back: %v", err)
		}
		if err := k.ApplyBundle(h.part(2, 1)); !problem.Is(err, "bundle/unknown-key") {
			t.Errorf("the old key's bundle: %v", err)
		}
	}
	// Damage falls back to the enrolment; the lists are asked for again.
	h.must(os.WriteFile(filepath.Join(h.dir, "keys.json"), []byte("{"), 0o600))
	again := h.open()
	if again.KeyList() != 0 {
		t.Errorf("list %d", again.KeyList())
	}
	h.must(again.ApplyKeys(list(1, h.signer, second, h.signer), list(2, second, second)))
}
