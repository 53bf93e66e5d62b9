// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	"net/netip"
	"reflect"
	"testing"
)

// Any bytes give a bundle or an error; a bundle, however false its content,
// decides without a panic.
func FuzzParse(f *testing.F) {
	good := build(f, sample(f), Head{Number: 1})
	f.Add(good)
	f.Add(good[:headerSize])
	f.Add([]byte(fileMagic))
	name := mustName(f, "www.bet.example")
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := parse(data)
		if err != nil {
			return
		}
		v, err := NewView(Parts{Bundle: b})
		if err != nil {
			t.Fatal(err)
		}
		for _, band := range AllBands() {
			for _, period := range AllPeriods() {
				v.Explain(name, Client{Band: band, Period: period}, 0)
			}
		}
	})
}

// Any bytes give a delta or an error; what is read is written back the same.
func FuzzDelta(f *testing.F) {
	s, trust := testSigner()
	sealed, err := Delta{Number: 2, Entries: []Entry{{Domain: mustName(f, "a.example"), Block: true, Source: Legal, Bands: EveryBand, Until: 9, Reason: "scam"}}}.Seal(s)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := OpenDelta(sealed, trust); err != nil {
		f.Fatal(err)
	}
	f.Add(sealed[:len(sealed)-trailerSize])
	f.Add([]byte(deltaMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := decodeDelta(data)
		if err != nil {
			return
		}
		sealed, err := d.Seal(s)
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		again, err := OpenDelta(sealed, trust)
		if err != nil || !reflect.DeepEqual(d, again) {
			t.Fatalf("%v: %+v, then %+v", err, d, again)
		}
	})
}

// Any bytes give a side file or an error; what is read is written back the same.
func FuzzSide(f *testing.F) {
	s, trust := testSigner()
	side := Side{
		School: "s1", Number: 2, Default: Primary, WeekOnly: BandsOf(Staff),
		Networks:  []Network{{netip.MustParsePrefix("10.0.0.0/8"), Staff, Staff}, {netip.MustParsePrefix("fd00::/16"), Primary, BoardingEvening}},
		Devices:   []Device{{"phong-may-2", Primary, Primary}},
		Timetable: Timetable{Slots: []Slot{{Days: 0x1f, From: 7 * 60, To: 11 * 60, Period: Lesson}}, Holidays: []uint32{20_000, 20_001}},
		Changes:   []Change{{Band: Primary, Period: Break, Code: "games"}},
		Rules:     []Rule{{Domain: mustName(f, "a.example"), Allow: true, Bands: EveryBand, Until: 9, Reason: "lesson"}},
	}
	sealed, err := side.Seal(s)
	if err != nil {
		f.Fatal(err)
	}
	if got, err := OpenSide(sealed, trust); err != nil || !reflect.DeepEqual(got, side) {
		f.Fatalf("%v %+v", err, got)
	}
	f.Add(sealed[:len(sealed)-trailerSize])
	side.Log = FaultLog{Until: 1, Word: [32]byte{1, 2, 3}}
	if sealed, err = side.Seal(s); err != nil {
		f.Fatal(err)
	}
	if got, err := OpenSide(sealed, trust); err != nil || !reflect.DeepEqual(got, side) {
		f.Fatalf("%v %+v", err, got)
	}
	f.Add(sealed[:len(sealed)-trailerSize])
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := decodeSide(data)
		if err != nil {
			return
		}
		sealed, err := d.Seal(s)
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		if again, err := OpenSide(sealed, trust); err != nil || !reflect.DeepEqual(d, again) {
			t.Fatalf("%v: %+v, then %+v", err, d, again)
		}
	})
}

// A name that parses is its own normal form, and survives the wire.
func FuzzName(f *testing.F) {
	for _, s := range []string{"example.com", "thủđô.vn", "XN--A.vn", "_a.b", "ạ.vn", "a\u200d.vn"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseName(s)
		if err != nil {
			return
		}
		again, err := ParseName(n.String())
		if err != nil || again != n {
			t.Fatalf("%q: %q, then %q %v", s, n, again, err)
		}
		if w, ok := NameFromWire(n.Wire()); !ok || w != n {
			t.Fatalf("%q does not survive the wire", n)
		}
	})
}
