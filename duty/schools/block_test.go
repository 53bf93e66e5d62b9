// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

func provisional(domain string) EnforceCommand {
	return EnforceCommand{DecisionID: "decision-" + domain, CaseID: "case-1", Domain: domain, Kind: Provisional, Basis: "4569/2", ProposedBy: officer.Person, Policies: []string{"casework.decide"}}
}

var authority = Authority{Name: "Sở mẫu", Number: "12/QĐ-MAU", Date: "2026-11-23"}

func TestProvisionalBlockHolds72Hours(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	b, err := k.enforce(provisional("hai-mau.example"))
	if err != nil {
		t.Fatal(err)
	}
	if b.State != Active || b.Delta != 1 || !b.Until.Equal(k.clock.Now().Add(72*time.Hour)) || len(k.out.deltas) != 1 || k.ledger.count("schools.block_made") != 1 {
		t.Fatalf("%+v, %d published", b, len(k.out.deltas))
	}
	for _, band := range bundle.AllBands() {
		if no, code := k.refused(t, "www.hai-mau.example", band); !no || code != bundle.Emergency {
			t.Fatalf("%s: %v %q", band, no, code)
		}
	}
	if n, err := k.ExpireBlocks(ctx); n != 0 || err != nil {
		t.Fatalf("expired %d too early, %v", n, err)
	}
	k.clock.Advance(72 * time.Hour)
	if no, _ := k.refused(t, "hai-mau.example", bundle.Primary); no {
		t.Error("still refused by a node that heard nothing more")
	}
	if n, err := k.ExpireBlocks(ctx); n != 1 || err != nil {
		t.Fatalf("expired %d, %v", n, err)
	}
	if n, _ := k.ExpireBlocks(ctx); n != 0 {
		t.Error("expired twice")
	}
	if b, _ = k.Block(ctx, lead, b.ID); b.State != Expired || b.EndReason != "time" {
		t.Errorf("%+v", b)
	}
	if _, err := k.ConfirmBlock(ctx, officer2, ConfirmCommand{BlockID: b.ID, Authority: authority, Until: k.clock.Now().AddDate(0, 1, 0)}); !problem.Is(err, "schools/not-active") {
		t.Errorf("confirmed after its end: %v", err)
	}
}

func TestNoBlockIsLongerThanItsKindAllows(t *testing.T) {
	k := newKit(t)
	now := k.clock.Now()
	for kind, want := range map[BlockKind]time.Duration{Provisional: 72 * time.Hour, Emergency: 7 * 24 * time.Hour, Legal: 2 * 365 * 24 * time.Hour} {
		cmd := provisional("mau-" + string(kind) + ".example")
		cmd.Kind, cmd.Second, cmd.Authority, cmd.Until = kind, officer2.Person, authority, now.AddDate(30, 0, 0)
		b, err := k.enforce(cmd)
		if err != nil || !b.Until.Equal(now.Add(want)) {
			t.Errorf("%s until %v, %v", kind, b.Until, err)
		}
		cmd.DecisionID, cmd.Until = "short "+string(kind), now.Add(time.Hour)
		if b, err = k.enforce(cmd); err != nil || !b.Until.Equal(cmd.Until) {
			t.Errorf("%s until %v, %v", kind, b.Until, err)
		}
	}
	past := provisional("mau.example")
	past.Kind, past.Until, past.Basis, past.ProposedBy = Legal, now, "", ""
	if _, err := k.enforce(past); len(problem.From(err).Fields) != 6 {
		t.Errorf("want six faulty fields: %v", err)
	}
}

func TestConfirmNeedsAnotherPersonAndAnAuthority(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	b, err := k.enforce(provisional("hai-mau.example"))
	if err != nil {
		t.Fatal(err)
	}
	until := k.clock.Now().AddDate(0, 3, 0)
	if _, err := k.ConfirmBlock(ctx, officer, ConfirmCommand{BlockID: b.ID, Authority: authority, Until: until}); !problem.Is(err, "schools/same-person") {
		t.Errorf("the proposer confirmed: %v", err)
	}
	if _, err := k.ConfirmBlock(ctx, nobody, ConfirmCommand{BlockID: b.ID, Authority: authority, Until: until}); !problem.Is(err, "authz/forbidden") {
		t.Errorf("nobody confirmed: %v", err)
	}
	_, err = k.ConfirmBlock(ctx, officer2, ConfirmCommand{BlockID: b.ID})
	if fields := problem.From(err).Fields; len(fields) != 4 {
		t.Errorf("want authority, number, date and until named, got %v", err)
	}
	b, err = k.ConfirmBlock(ctx, officer2, ConfirmCommand{BlockID: b.ID, Authority: authority, Until: until})
	if err != nil || b.State != Confirmed || b.Kind != Legal || b.SecondBy != officer2.Person || b.Delta != 2 {
		t.Fatalf("%+v, %v", b, err)
	}
	k.clock.Advance(100 * time.Hour)
	if no, code := k.refused(t, "hai-mau.example", bundle.Staff); !no || code != bundle.Legal {
		t.Errorf("after 100 h: %v %q", no, code)
	}
}

func TestConfirmedBlockIsLiftedWhole(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	b, err := k.enforce(provisional("hai-mau.example"))
	if err != nil {
		t.Fatal(err)
	}
	b, err = k.ConfirmBlock(ctx, officer2, ConfirmCommand{BlockID: b.ID, Authority: authority, Until: k.clock.Now().AddDate(50, 0, 0)})
	if err != nil || !b.Until.Equal(k.clock.Now().Add(2*365*24*time.Hour)) {
		t.Fatalf("until %v, %v", b.Until, err)
	}
	if _, err := k.WithdrawBlock(ctx, officer, b.ID, "court"); err != nil {
		t.Fatal(err)
	}
	if no, code := k.refused(t, "hai-mau.example", bundle.Primary); no {
		t.Errorf("still refused as %s", code)
	}
}

func TestWithdrawingOneFootingLeavesTheOther(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	quick, err := k.enforce(provisional("hai-mau.example"))
	if err != nil {
		t.Fatal(err)
	}
	legal := provisional("hai-mau.example")
	legal.DecisionID, legal.Kind, legal.Authority = "decision-legal", Legal, authority
	order, err := k.enforce(legal)
	if err != nil || order.State != Confirmed {
		t.Fatalf("%+v, %v", order, err)
	}
	if _, err := k.WithdrawBlock(ctx, officer, order.ID, "court"); err != nil {
		t.Fatal(err)
	}
	if no, code := k.refused(t, "hai-mau.example", bundle.Primary); !no || code != bundle.Emergency {
		t.Errorf("the provisional block: %v %q", no, code)
	}
	if _, err := k.WithdrawBlock(ctx, officer, quick.ID, "mistake"); err != nil {
		t.Fatal(err)
	}
	if no, code := k.refused(t, "hai-mau.example", bundle.Primary); no {
		t.Errorf("still refused as %s", code)
	}
}

func TestWithdrawIsOneDelta(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	first, err := k.enforce(provisional("hai-mau.example"))
	if err != nil {
		t.Fatal(err)
	}
	other := provisional("hai-mau.example")
	other.DecisionID, other.Bands = "decision-other", bundle.BandsOf(bundle.Primary)
	second, err := k.enforce(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.WithdrawBlock(ctx, officer, first.ID, "because"); problem.KindOf(err) != problem.Invalid {
		t.Errorf("a reason that is no code: %v", err)
	}
	b, err := k.WithdrawBlock(ctx, officer, first.ID, "mistake")
	if err != nil || b.State != Withdrawn || b.Delta != 3 {
		t.Fatalf("%+v, %v", b, err)
	}
	// The other decision about the same name stands, for its own band.
	if no, _ := k.refused(t, "hai-mau.example", bundle.Primary); !no {
		t.Error("the second block was lifted with the first")
	}
	if no, _ := k.refused(t, "hai-mau.example", bundle.Staff); no {
		t.Error("still refused for a band that only the first block covered")
	}
	if _, err := k.WithdrawBlock(ctx, officer, first.ID, "mistake"); !problem.Is(err, "schools/not-active") {
		t.Errorf("withdrawn twice: %v", err)
	}
	if _, err := k.WithdrawBlock(ctx, officer, second.ID, "appeal"); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "hai-mau.example", bundle.Primary); no {
		t.Error("still refused")
	}
	if len(k.out.deltas) != 4 || k.ledger.count("schools.block_withdrawn") != 2 {
		t.Errorf("%d deltas", len(k.out.deltas))
	}
}

func TestConcernsNeedTwoPersons(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	for domain, want := range map[string]Concern{
		"com.vn": ConcernSuffix, "truong-mau.edu.vn": ConcernProtected, "facebook.com": ConcernPopular, "m.facebook.com": ConcernPopular,
		"sites.google.com": ConcernShared, "blogspot.com": ConcernSuffix, "com": "",
	} {
		a, err := k.Assess(ctx, officer, domain)
		if want == "" {
			if !problem.Is(err, "schools/top-level") {
				t.Errorf("%s: %v", domain, err)
			}
			continue
		}
		found := false
		for _, c := range a.Concerns {
			found = found || c == want
		}
		if err != nil || !found || !a.NeedsSecond() || !a.TakedownFirst() {
			t.Errorf("%s: %+v, %v", domain, a.Concerns, err)
		}
	}
	if a, _ := k.Assess(ctx, officer, "mot-nguoi.blogspot.com"); a.NeedsSecond() {
		t.Errorf("one owner's page on a shared host: %v", a.Concerns)
	}
	if a, _ := k.Assess(ctx, officer, "google.com"); a.KnownCount < 5 || len(a.Known) == 0 {
		t.Errorf("google.com covers %v", a.Known)
	}

	b, err := k.enforce(provisional("facebook.com"))
	if err != nil || b.State != Proposed || b.Delta != 0 {
		t.Fatalf("%+v, %v", b, err)
	}
	if n, _ := k.HighestDelta(ctx); n != 0 {
		t.Error("a proposal took a number")
	}
	if _, err := k.Second(ctx, officer, b.ID); !problem.Is(err, "schools/same-person") {
		t.Errorf("seconded oneself: %v", err)
	}
	k.clock.Advance(10 * time.Hour)
	b, err = k.Second(ctx, officer2, b.ID)
	if err != nil || b.State != Active || b.Delta != 1 || !b.Until.Equal(k.clock.Now().Add(72*time.Hour)) {
		t.Fatalf("%+v, %v", b, err)
	}
	if _, err := k.Second(ctx, officer2, b.ID); !problem.Is(err, "schools/not-proposed") {
		t.Errorf("seconded twice: %v", err)
	}
	both := provisional("youtube.com")
	both.Second = officer2.Person
	if b, err = k.enforce(both); err != nil || b.State != Active {
		t.Errorf("two persons at once: %+v, %v", b.State, err)
	}
	both.DecisionID, both.Second = "other", officer.Person
	if _, err = k.enforce(both); problem.KindOf(err) != problem.Invalid {
		t.Errorf("one person twice: %v", err)
	}
	emergency := provisional("hai-mau.example")
	emergency.Kind = Emergency
	if b, err = k.enforce(emergency); err != nil || b.State != Proposed {
		t.Errorf("emergency by one person: %v, %v", b.State, err)
	}
}

func TestRegistered(t *testing.T) {
	for host, want := range map[string]string{
		"www.mau.com.vn": "mau.com.vn", "mau.com.vn": "mau.com.vn", "com.vn": "", "a.b.mau.example": "mau.example", "x.blogspot.com": "x.blogspot.com", "": "", "192.0.2.1": "",
	} {
		if got := Registered(host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func TestNeverBlock(t *testing.T) {
	k := newKit(t)
	for _, domain := range []string{"tongdai111.vn", "www.tongdai111.vn", "bao-tin.tinh-mau.example"} {
		if _, err := k.enforce(provisional(domain)); !problem.Is(err, "schools/never-block") {
			t.Errorf("%s: %v", domain, err)
		}
	}
	// A block of the parent does not reach it.
	both := provisional("tinh-mau.example")
	both.Second = officer2.Person
	if _, err := k.enforce(both); err != nil {
		t.Fatal(err)
	}
	if _, err := k.BuildBundle(context.Background(), lead); err != nil {
		t.Fatal(err)
	}
	if no, _ := k.refused(t, "bao-tin.tinh-mau.example", bundle.Primary); no {
		t.Error("the report form was refused")
	}
	if no, _ := k.refused(t, "khac.tinh-mau.example", bundle.Primary); !no {
		t.Error("the block does not hold beside it")
	}
}

func TestEnforceIsSafeToRunTwiceAndRollsBackWhole(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	first, err := k.enforce(provisional("hai-mau.example"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := k.enforce(provisional("hai-mau.example"))
	if err != nil || again.ID != first.ID || len(k.out.deltas) != 1 {
		t.Fatalf("the same decision made another block: %v, %v", again.ID, err)
	}
	boom := fmt.Errorf("boom")
	err = k.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := k.Enforce(ctx, tx, provisional("khac-mau.example")); err != nil {
			return err
		}
		return boom
	})
	if err != boom {
		t.Fatal(err)
	}
	if n, _ := k.HighestDelta(ctx); n != 1 || len(k.out.deltas) != 1 || k.ledger.count("schools.block_made") != 1 {
		t.Errorf("a failed decision left something: delta %d, %d published", n, len(k.out.deltas))
	}
	b, err := k.BlockOfDelta(ctx, officer, 1)
	if err != nil || b.Decision != "decision-hai-mau.example" || b.Case != "case-1" || b.Basis != "4569/2" {
		t.Errorf("walking back: %+v, %v", b, err)
	}
}

func TestDeltaNumbersHaveNoGapUnderEightWriters(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	const writers, each = 8, 15
	var wg sync.WaitGroup
	failures := make(chan error, writers*each)
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				domain := fmt.Sprintf("n%d-%d.example", w, i)
				err := k.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
					if _, err := k.Enforce(ctx, tx, provisional(domain)); err != nil {
						return err
					}
					if i%5 == 4 {
						return errAbandoned // gives its number back
					}
					return nil
				})
				if err != nil && err != errAbandoned {
					failures <- err
				}
			}
		})
	}
	wg.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
	deltas, err := k.Deltas(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := writers * each * 4 / 5
	if len(deltas) != want || len(k.out.deltas) != want {
		t.Fatalf("%d deltas, %d published, want %d", len(deltas), len(k.out.deltas), want)
	}
	for i, d := range deltas {
		if d.Number != int64(i+1) {
			t.Fatalf("delta %d at place %d", d.Number, i+1)
		}
	}
	if v := k.view(t); v.LastDelta() != uint64(want) {
		t.Errorf("a node takes them up to %d", v.LastDelta())
	}
}

var errAbandoned = fmt.Errorf("abandoned")

func TestLiftCase(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	for _, d := range []string{"mot-mau.example", "hai-mau.example", "facebook.com"} {
		if _, err := k.enforce(provisional(d)); err != nil {
			t.Fatal(err)
		}
	}
	var lifted []Block
	err := k.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		lifted, err = k.LiftCase(ctx, tx, LiftCommand{CaseID: "case-1", Reason: "unfounded", By: officer.Person})
		return err
	})
	if err != nil || len(lifted) != 3 {
		t.Fatalf("%d lifted, %v", len(lifted), err)
	}
	for _, d := range []string{"mot-mau.example", "hai-mau.example", "facebook.com"} {
		if no, _ := k.refused(t, d, bundle.Primary); no {
			t.Errorf("%s is still refused", d)
		}
	}
	numbers, err := k.PublicBlockNumbers(ctx, 0)
	if err != nil || len(numbers) != 1 || numbers[0] != (BlockNumber{Month: "2026-11", Basis: "4569/2", Kind: Provisional, Made: 3, Lifted: 3}) {
		t.Errorf("%+v, %v", numbers, err)
	}
}

func TestBlocksAreFoldedIntoTheNextBundle(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	gone, err := k.enforce(provisional("mot-mau.example"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.enforce(provisional("hai-mau.example")); err != nil {
		t.Fatal(err)
	}
	if _, err := k.WithdrawBlock(ctx, officer, gone.ID, "mistake"); err != nil {
		t.Fatal(err)
	}
	info, err := k.BuildBundle(ctx, lead)
	if err != nil || info.Folded != 3 {
		t.Fatalf("%+v, %v", info, err)
	}
	if no, _ := k.refused(t, "hai-mau.example", bundle.Primary); !no {
		t.Error("the block is lost in the bundle")
	}
	if no, _ := k.refused(t, "mot-mau.example", bundle.Primary); no {
		t.Error("the withdrawn block is back")
	}
	for range 4 {
		if _, err := k.BuildBundle(ctx, lead); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.files.files) != 3 {
		t.Errorf("%d files kept", len(k.files.files))
	}
}
