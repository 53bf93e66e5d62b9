// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lachan/internal/problem"
)

// holder is a subscriber with a key.
func (k *kit) holder(t testing.TB, name string, bands ...string) TransferKey {
	t.Helper()
	if _, err := k.AddSubscriber(context.Background(), lead, name, bands); err != nil {
		t.Fatal(err)
	}
	key, secret, err := k.GiveTransferKey(context.Background(), lead, TransferKeyCommand{Subscriber: name})
	if err != nil || len(secret) != 32 {
		t.Fatalf("%d bytes, %v", len(secret), err)
	}
	return key
}

func (k *kit) refreshed(t testing.TB) []Zone {
	t.Helper()
	made, err := k.RefreshZones(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (k *kit) zone(t testing.TB, key TransferKey, band string) (Zone, map[ZoneRule]bool) {
	t.Helper()
	z, err := k.ZoneFor(context.Background(), key.Name, band)
	if err != nil {
		t.Fatal(err)
	}
	rules := map[ZoneRule]bool{}
	last := ""
	err = k.ZoneWhole(context.Background(), key.Name, z, func(r ZoneRule) error {
		if r.Name <= last {
			t.Errorf("%s comes after %s", r.Name, last)
		}
		rules[r], last = true, r.Name
		return nil
	})
	if err != nil || len(rules) != z.Names+z.Allowed {
		t.Fatalf("%d rules, %+v, %v", len(rules), z, err)
	}
	return z, rules
}

// Whatever happened between two versions, the differences lead from the one to
// the other, and each version says what Lookup says.
func TestZoneDifferencesLeadToTheWhole(t *testing.T) {
	k, ctx := filled(t), context.Background()
	key := k.holder(t, "Trường mẫu", "primary")
	if made := k.refreshed(t); len(made) != 1 || made[0].Serial != 3 {
		t.Fatalf("%+v", made)
	}
	first, rules := k.zone(t, key, "primary")
	if !rules[ZoneRule{"chan-mau.example", false}] || !rules[ZoneRule{"mo.a-mau.example", true}] || !rules[ZoneRule{"x.mo.a-mau.example", false}] || rules[ZoneRule{"khong-phep-mau.example", false}] {
		t.Error("not what is refused")
	}
	if made := k.refreshed(t); len(made) != 0 {
		t.Errorf("nothing changed: %+v", made)
	}
	var block Block
	versions := []Zone{first}
	wholes := []map[ZoneRule]bool{rules}
	for _, change := range []struct {
		name           string
		do             func() error
		removed, added []ZoneRule
	}{
		{"a decision", func() (err error) { block, err = k.enforce(provisional("moi-mau.example")); return err }, nil, []ZoneRule{{"moi-mau.example", false}}},
		{"a withdrawal", func() error { _, err := k.WithdrawBlock(ctx, officer, block.ID, "mistake"); return err }, []ZoneRule{{"moi-mau.example", false}}, nil},
		{"a block that runs out, without a number", func() error { k.clock.Advance(73 * time.Hour); return nil }, []ZoneRule{{"chan-mau.example", false}}, nil},
		{"a list and its bundle", func() error {
			k.licensed(t, "cá cược", "gambling", "CC0-1.0", Plain, "ca-cuoc-mau.example\nhai-mau.example\n")
			_, err := k.BuildBundle(ctx, lead)
			return err
		}, nil, []ZoneRule{{"chua-dung-mau.example", false}, {"hai-mau.example", false}}},
		{"a list that is taken back", func() error {
			k.licensed(t, "cá cược", "gambling", "CC0-1.0", Plain, "hai-mau.example\n")
			_, err := k.BuildBundle(ctx, lead)
			return err
		}, []ZoneRule{{"ca-cuoc-mau.example", false}}, nil},
	} {
		if err := change.do(); err != nil {
			t.Fatalf("%s: %v", change.name, err)
		}
		made := k.refreshed(t)
		last := versions[len(versions)-1]
		if len(made) != 1 || made[0].Serial <= last.Serial {
			t.Fatalf("%s: %+v after %d", change.name, made, last.Serial)
		}
		z, whole := k.zone(t, key, "primary")
		steps, ok, err := k.ZoneSince(ctx, key.Name, z, last.Serial)
		if err != nil || !ok || len(steps) != 1 || !slices.Equal(steps[0].Removed, change.removed) || !slices.Equal(steps[0].Added, change.added) {
			t.Errorf("%s: %+v, %v, %v", change.name, steps, ok, err)
		}
		versions, wholes = append(versions, z), append(wholes, whole)
	}
	newest := versions[len(versions)-1]
	for i, from := range versions {
		steps, ok, err := k.ZoneSince(ctx, key.Name, newest, from.Serial)
		if err != nil || !ok {
			t.Fatalf("since %d: %v, %v", from.Serial, ok, err)
		}
		now := wholes[i]
		for _, s := range steps {
			for _, r := range s.Removed {
				if !now[r] {
					t.Errorf("since %d: %v is taken away and was not there", from.Serial, r)
				}
				delete(now, r)
			}
			for _, r := range s.Added {
				now[r] = true
			}
		}
		if want := wholes[len(wholes)-1]; len(now) != len(want) {
			t.Errorf("since %d: %d rules, want %d", from.Serial, len(now), len(want))
		}
	}
	if _, ok, err := k.ZoneSince(ctx, key.Name, newest, 999_999); ok || err != nil {
		t.Errorf("a serial that never was: %v, %v", ok, err)
	}
	// What nobody needs any more is gone: the whole of two versions is kept.
	kept := 0
	for name := range k.files.files {
		if strings.HasPrefix(name, "zones/") {
			kept++
		}
	}
	if kept != 2 {
		t.Errorf("%d files", kept)
	}
	if k.ledger.count("schools.zone_made") != len(versions) || k.ledger.count("schools.zone_sent") == 0 {
		t.Error("the ledger does not know")
	}
}

// A restored backup may lack a zone's file: the zone is made anew, and whoever
// has the version before takes it whole.
func TestAZoneWithoutItsFileIsMadeAnew(t *testing.T) {
	k, ctx := filled(t), context.Background()
	key := k.holder(t, "Trường mẫu", "primary")
	before := k.refreshed(t)[0]
	if err := k.Service.files.Delete(ctx, before.file); err != nil {
		t.Fatal(err)
	}
	if err := k.ZoneWhole(ctx, key.Name, before, func(ZoneRule) error { return nil }); err == nil {
		t.Error("half a zone is sent")
	}
	k.zones.seen = "" // as at a start
	made := k.refreshed(t)
	if len(made) != 1 || made[0].Serial <= before.Serial {
		t.Fatalf("%+v after %d", made, before.Serial)
	}
	z, _ := k.zone(t, key, "primary")
	if _, ok, err := k.ZoneSince(ctx, key.Name, z, before.Serial); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

// BenchmarkZone is a decision's new version of a zone of a million names.
func BenchmarkZone(b *testing.B) {
	k, ctx := newKit(b), context.Background()
	if _, err := k.ListImport(ctx, lead, ListMeta{Name: "lớn", Category: "adult", Format: Plain, Licence: "MIT"}, manyNames(1_000_000)); err != nil {
		b.Fatal(err)
	}
	if _, err := k.BuildBundle(ctx, lead); err != nil {
		b.Fatal(err)
	}
	k.holder(b, "Trường mẫu", "primary")
	made := k.refreshed(b)
	i := 0
	for b.Loop() {
		i++
		if _, err := k.enforce(provisional(fmt.Sprintf("n%d.example", i))); err != nil {
			b.Fatal(err)
		}
		made = k.refreshed(b)
	}
	b.ReportMetric(float64(made[0].Names), "names")
}

// Two hubs over one database agree on serials and rules.
func TestTwoHubsGiveOneZone(t *testing.T) {
	k := filled(t)
	key := k.holder(t, "Trường mẫu", "primary")
	other := *k
	other.Service = &Service{
		db: k.db, ledger: k.Service.ledger, authz: k.authz, clock: k.Service.clock, catalogue: k.catalogue, keys: k.keys,
		files: k.Service.files, publisher: k.publisher, log: k.log, settings: k.settings, seal: k.seal,
	}
	made := make(chan int, 2)
	for _, hub := range []*kit{k, &other} {
		go func() {
			zones, err := hub.RefreshZones(context.Background())
			if err != nil {
				t.Error(err)
			}
			made <- len(zones)
		}()
	}
	if n := <-made + <-made; n != 1 {
		t.Errorf("%d versions", n)
	}
	a, rulesA := k.zone(t, key, "primary")
	b, rulesB := other.zone(t, key, "primary")
	if a.Serial != b.Serial || fmt.Sprint(rulesA) != fmt.Sprint(rulesB) {
		t.Errorf("%+v, %+v", a, b)
	}
}

func TestTransferKeys(t *testing.T) {
	k, ctx := filled(t), context.Background()
	key := k.holder(t, "Trường mẫu", "primary")
	k.refreshed(t)
	denied := func(what, name, band string) {
		t.Helper()
		if z, err := k.ZoneFor(ctx, name, band); !problem.Is(err, "schools/no-export") {
			t.Errorf("%s: %+v, %v", what, z, err)
		}
	}
	denied("another band", key.Name, "staff")
	denied("no band", key.Name, "x")
	denied("no key", "lachan-khong-co", "primary")
	secret, algorithm, err := k.TransferSecret(ctx, key.Name)
	if err != nil || len(secret) != 32 || algorithm != "hmac-sha256" {
		t.Errorf("%d bytes, %q, %v", len(secret), algorithm, err)
	}
	for what, cmd := range map[string]TransferKeyCommand{
		"an algorithm": {Subscriber: "Trường mẫu", Algorithm: "hmac-md5"},
		"an address":   {Subscriber: "Trường mẫu", Notify: "ten.example"},
	} {
		if _, _, err := k.GiveTransferKey(ctx, lead, cmd); !problem.Is(err, "input/faulty") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, _, err := k.GiveTransferKey(ctx, lead, TransferKeyCommand{Subscriber: "không có"}); !problem.Is(err, "schools/no-subscriber") {
		t.Errorf("%v", err)
	}
	if _, _, err := k.GiveTransferKey(ctx, teacherOf("truong-a"), TransferKeyCommand{Subscriber: "Trường mẫu"}); !problem.Is(err, "authz/forbidden") {
		t.Errorf("a teacher: %v", err)
	}
	next, _, err := k.GiveTransferKey(ctx, lead, TransferKeyCommand{Subscriber: "Trường mẫu", Algorithm: "hmac-sha512", Notify: "192.0.2.7"})
	if err != nil || next.Notify != "192.0.2.7:53" {
		t.Fatalf("%+v, %v", next, err)
	}
	denied("the key before", key.Name, "primary")
	if told, err := k.ToNotify(ctx, "primary"); err != nil || len(told) != 1 || told[0].Name != next.Name {
		t.Errorf("%+v, %v", told, err)
	}
	all, err := k.Subscribers(ctx, lead)
	if err != nil || all[0].Key == nil || all[0].Key.Name != next.Name || !all[0].Fetched.IsZero() {
		t.Errorf("%+v, %v", all, err)
	}
	k.zone(t, next, "primary")
	if all, err = k.Subscribers(ctx, lead); err != nil || !all[0].Fetched.Equal(k.clock.Now()) {
		t.Errorf("%+v, %v", all, err)
	}
	if err := k.DropTransferKey(ctx, lead, "Trường mẫu"); err != nil {
		t.Fatal(err)
	}
	denied("a key that was taken back", next.Name, "primary")
	last, _, err := k.GiveTransferKey(ctx, lead, TransferKeyCommand{Subscriber: "Trường mẫu"})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.DropSubscriber(ctx, lead, "Trường mẫu"); err != nil {
		t.Fatal(err)
	}
	denied("a subscriber that was dropped", last.Name, "primary")
}
