// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var sampleHead = Head{Source: "Sample unit", Made: time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC), URL: "https://hub.example"}

func sampleItems() []Item {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	return []Item{
		{Type: PDQ, Value: pdqOne, Quality: 88, ID: "e1", Status: Active, Category: "2", Source: "A", Note: `quote " and, comma`, Tags: []string{"t1", "t2"}, Added: at},
		{Type: MD5, Value: md5One, Quality: -1, ID: "e2", Status: Active, Category: "1", Source: "A", Note: "=1+1", Added: at, Expires: at.AddDate(1, 0, 0)},
		{Type: SHA1, Value: sha1One, Quality: -1, ID: "e3", Status: Withdrawn, Source: "A", Added: at},
		{Type: SHA256, Value: sha256One, Quality: -1, ID: "e4", Status: Harmless, Source: "A", Added: at},
		{Type: URL, Value: "http://xau.example/it's", Quality: -1, ID: "e5", Status: Active, Source: "A", Added: at},
		{Type: Domain, Value: "xau.example", Quality: -1, ID: "e6", Status: Active, Source: "A", Added: at},
	}
}

func each(items []Item) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for _, it := range items {
			if !yield(it, nil) {
				return
			}
		}
	}
}

// What is written is read back: what the format can say of it.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	for _, c := range []struct {
		format     Format
		taken      []int // of sampleItems
		withdrawn  int   // among those
		left       int
		expiry, id bool // the format keeps these
	}{
		{CSV, []int{0, 1, 2, 3, 4, 5}, 1, 0, true, true},
		{Lines, []int{0, 1, 4, 5}, 0, 2, false, false},
		{NCMEC, []int{0, 1, 2}, 1, 3, false, true},
		{StopNCII, []int{0, 1, 4}, 0, 3, false, false},
		{ThreatExchange, []int{0, 1, 2, 3, 4, 5}, 1, 0, false, true},
		{STIX, []int{0, 1, 2, 4, 5}, 1, 1, true, false},
		{VICS, []int{0, 1}, 0, 4, false, false},
	} {
		t.Run(string(c.format), func(t *testing.T) {
			all := sampleItems()
			var b strings.Builder
			left, err := Write(&b, c.format, sampleHead, each(all))
			if err != nil || left != c.left {
				t.Fatalf("left out %d, %v", left, err)
			}
			got, r, err := collect(t, c.format, Options{}, b.String())
			if err != nil || r.Skipped != 0 || len(got) != len(c.taken) || r.Withdrawn != c.withdrawn {
				t.Fatalf("%v, %+v\n%s", err, r, b.String())
			}
			for i, at := range c.taken {
				want := all[at]
				switch {
				case got[i].Status != want.Status:
					t.Errorf("%d: %s, want %s", at, got[i].Status, want.Status)
				case c.format == NCMEC && want.Status == Withdrawn:
					if got[i].ID != want.ID || got[i].Value != "" {
						t.Errorf("%d: %+v", at, got[i])
					}
				case got[i].Type != want.Type || got[i].Value != want.Value:
					t.Errorf("%d: %s %s, want %s %s", at, got[i].Type, got[i].Value, want.Type, want.Value)
				case c.expiry && !got[i].Expires.Equal(want.Expires) || c.id && got[i].ID != want.ID:
					t.Errorf("%d: %+v, want %+v", at, got[i], want)
				}
			}
		})
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	var b strings.Builder
	if _, err := Write(&b, CSV, sampleHead, each(sampleItems())); err != nil || strings.Contains(b.String(), ",=1") || !strings.Contains(b.String(), ",'=1+1") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// The ids and moments of a bundle are as the standard's schema wants them, and
// the same thing has the same id in every bundle of ours.
func TestABundleIsAsTheSchemaWants(t *testing.T) {
	ids := regexp.MustCompile(`^(bundle|indicator)--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	moments := regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?Z$`)
	var b strings.Builder
	if _, err := Write(&b, STIX, sampleHead, each(sampleItems())); err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		ID, Type string
		Objects  []map[string]any
	}
	if err := json.Unmarshal([]byte(b.String()), &bundle); err != nil || !ids.MatchString(bundle.ID) || bundle.Type != "bundle" {
		t.Fatalf("%v %s", err, bundle.ID)
	}
	for _, o := range bundle.Objects {
		if id, _ := o["id"].(string); !ids.MatchString(id) {
			t.Errorf("id %s", id)
		}
		for _, field := range []string{"created", "modified", "valid_from"} {
			if at, _ := o[field].(string); !moments.MatchString(at) {
				t.Errorf("%s %s", field, at)
			}
		}
		if o["pattern_type"] != "stix" || o["spec_version"] != "2.1" {
			t.Errorf("%v", o)
		}
	}
	var again strings.Builder
	if _, err := Write(&again, STIX, sampleHead, each(sampleItems())); err != nil || again.String() != b.String() {
		t.Error("the same list is another bundle")
	}
}

func TestWriteHandsOnErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, f := range Formats() {
		_, err := Write(&strings.Builder{}, f, sampleHead, func(yield func(Item, error) bool) { yield(Item{}, broken) })
		if f == TechAgainst { // theirs alone to write
			if err == nil {
				t.Error("written")
			}
			continue
		}
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", f, err)
		}
	}
}

// Any bytes in any format give items or an error, and the report adds up.
func FuzzRead(f *testing.F) {
	for i, format := range Formats() {
		if format == TechAgainst {
			f.Add(uint8(i), []byte(`{"results":[{"id":1,"hash_digest":"`+md5One+`","algorithm":"MD5"}]}`))
			continue
		}
		var b strings.Builder
		if _, err := Write(&b, format, sampleHead, each(sampleItems())); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), []byte(b.String()))
	}
	for _, name := range []string{"vics12-media-synthetic.json", "vics13-cases-synthetic.json"} {
		if data, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "data", "exchange", "vics", name)); err == nil {
			f.Add(uint8(7), data)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		format := Formats()[int(which)%len(Formats())]
		items, last := 0, 0
		r, err := Read(context.Background(), strings.NewReader(string(data)), format, Options{}, func(it Item) error {
			items++
			if it.Line < 1 || it.Line < last {
				t.Errorf("line %d after %d", it.Line, last)
			}
			last = it.Line
			if value, skip := canonical(it.Type, it.Value); it.Value != "" && (skip != "" || value != it.Value) {
				t.Errorf("%s %q is not canonical", it.Type, it.Value)
			}
			if it.Value == "" && (it.Status != Withdrawn || it.ID == "") {
				t.Errorf("an item without a value: %+v", it)
			}
			return nil
		})
		if r.Entries != r.Taken+r.Withdrawn+r.Skipped || items != r.Taken+r.Withdrawn {
			t.Errorf("%+v for %d items, %v", r, items, err)
		}
	})
}
