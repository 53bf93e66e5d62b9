// SPDX-License-Identifier: Apache-2.0

package casework_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"lachan/duty/casework"
	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/vault"
)

// Clause: 5.1
func TestSendingTwiceGivesTheSameReceiptTheSameAnswer(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	cmd := report()
	first := w.receive(cmd)
	cmd.Words = "khác"
	again := w.receive(cmd)
	if !again.Again || again.Case != first.Case || again.Code != first.Code || again.Report != first.Report || first.Again {
		t.Fatalf("got %+v, then %+v", first, again)
	}
	if n := len(heard[casework.Received](w)); n != 1 {
		t.Fatalf("flow heard %d reports", n)
	}
	if first.Code != "VV-2026-0001" {
		t.Fatalf("code %s", first.Code)
	}
	// The other spelling of the same receipt is the same receipt.
	parsed, err := vault.ParseReceipt(cmd.Receipt)
	w.ok(err)
	words := parsed.Words()
	if s, err := casework.SpellReceipt(strings.Join(words[:], " ")); err != nil || s.Secret != cmd.Receipt || len(s.Check) != 1 || len(s.Groups[3]) != 4 || s.Words != words {
		t.Fatalf("spelled %+v, %v", s, err)
	}
	st, err := w.OpenStatus(w.ctx, strings.Join(words[:], " "))
	w.ok(err)
	if st.Report != first.Report || st.ToldBack.Words != "Các bạn chê bai em trong nhóm lớp." || st.Plain != "received" || st.Entry == "" {
		t.Fatalf("status %+v", st)
	}
}

func TestSendingTheSameFormAtOnceTakesItOnce(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	cmd := report()
	var wg sync.WaitGroup
	codes := make([]string, 8)
	for i := range codes {
		wg.Go(func() {
			r, err := w.Receive(w.ctx, public(), cmd)
			if err != nil {
				t.Error(err)
			}
			codes[i] = r.Code
		})
	}
	wg.Wait()
	slices.Sort(codes)
	if codes[0] != "VV-2026-0001" || codes[7] != "VV-2026-0001" {
		t.Fatalf("codes %v", codes)
	}
}

func TestNumbersHaveNoGap(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	w.receive(report())
	w.fail = errors.New("flow failed")
	if _, err := w.Receive(w.ctx, public(), report()); !errors.Is(err, w.fail) {
		t.Fatalf("got %v", err)
	}
	w.fail = nil
	if r := w.receive(report()); r.Code != "VV-2026-0002" {
		t.Fatalf("code %s after a report that was not taken in", r.Code)
	}
}

func TestEveryQuestionMayBeSkipped(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	r := w.receive(casework.ReceiveCommand{Receipt: vault.NewReceipt().Code()})
	v := w.view(officer(), r.Case)
	if v.Score.Tier != casework.Urgent || v.Score.Floor != "failsafe" || v.Urgent {
		t.Fatalf("an empty report must be urgent and ring nobody: %+v", v.Score)
	}
	if v.Contact != casework.OnlyCode {
		t.Fatalf("contact %s", v.Contact)
	}
}

func TestFaultyFieldsAreAllNamedAtOnce(t *testing.T) {
	cmd := casework.ReceiveCommand{Harms: []string{"nonsense"}, Age: "12", Danger: "perhaps", Contact: "call", Words: strings.Repeat("a", casework.MaxWords+1)}
	err := cmd.Validate()
	var names []string
	for _, f := range problem.From(err).Fields {
		names = append(names, f.Name)
	}
	for _, want := range []string{"receipt", "harm", "age", "danger", "contact", "words"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not named in %v", want, names)
		}
	}
}

func TestWrongReceipt(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	cmd := report()
	w.receive(cmd)
	_, err := w.OpenStatus(w.ctx, vault.NewReceipt().Code())
	w.is(err, "casework/receipt-unknown")
	_, err = w.OpenStatus(w.ctx, cmd.Receipt[:len(cmd.Receipt)-1]+flip(cmd.Receipt[len(cmd.Receipt)-1]))
	w.is(err, "vault/bad-receipt")
	w.is(w.Reply(w.ctx, vault.NewReceipt().Code(), "alo"), "casework/receipt-unknown")
}

func flip(c byte) string {
	if c == '0' {
		return "1"
	}
	return "0"
}

func TestDuplicatesAreLinkedAndCountedAndNeverDropped(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	a := w.receive(report())
	second := report()
	second.URL, second.Words = "HTTP://www.Chat.vidu.example/phong/7/", "em cũng thấy"
	b := w.receive(second)
	if a.Case == b.Case || b.Again {
		t.Fatal("the second report has no case of its own")
	}
	links := w.view(officer(), b.Case).Links
	if len(links) != 1 || links[0].Other != a.Case || links[0].State != "suggested" || links[0].Kind != "url" {
		t.Fatalf("links %+v", links)
	}
	if got := heard[casework.Received](w)[1].Linked; got != 1 {
		t.Fatalf("linked %d", got)
	}
	// A page of the same site is not the same thing.
	third := report()
	third.URL = "https://khac.vidu.example/x"
	if links := w.view(officer(), w.receive(third).Case).Links; len(links) != 0 {
		t.Fatalf("a domain alone linked: %+v", links)
	}
	// Two people join two cases; both receipts still work.
	proposal, err := w.Merge(w.ctx, officer(), casework.MergeCommand{Case: b.Case, Into: a.Code, Reason: "cùng một phòng"})
	w.ok(err)
	w.is(w.Agree(w.ctx, officer(), proposal), "authz/forbidden")
	w.ok(w.Agree(w.ctx, head(), proposal))
	v := w.view(officer(), a.Case)
	if len(v.Reports) != 2 || v.Reports[1].Words.Words != "em cũng thấy" {
		t.Fatalf("reports %+v", v.Reports)
	}
	for _, cmd := range []casework.ReceiveCommand{second} {
		st, err := w.OpenStatus(w.ctx, cmd.Receipt)
		w.ok(err)
		if st.Plain != "received" || st.ToldBack.Words != "em cũng thấy" {
			t.Fatalf("status after joining: %+v", st)
		}
	}
}

func TestIntakeOpensOnlyWithTwoMembersAndTheRecoveryKey(t *testing.T) {
	w := newWorld(t)
	closed := func(why string) {
		t.Helper()
		open, key, err := w.IntakeOpen(w.ctx)
		w.ok(err)
		if open || key != why {
			t.Fatalf("open %v, why %q, want %q", open, key, why)
		}
		_, err = w.Receive(w.ctx, public(), report())
		w.is(err, "casework/intake-closed")
	}
	closed("casework.closed.members")
	w.join(dutyUnit, "a-"+dutyUnit, true)
	closed("casework.closed.members")
	w.join(dutyUnit, "b-"+dutyUnit, false)
	closed("casework.closed.recovery")
	w.enrol()
	if open, _, err := w.IntakeOpen(w.ctx); err != nil || !open {
		t.Fatalf("open %v, %v", open, err)
	}
	w.receive(report())
}

func TestSecrecy(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit, commune, police, health)
	receipt := vault.NewReceipt()
	cmd := report()
	cmd.Receipt = receipt.Code()
	cmd.Words, cmd.More = "Chuyện rất riêng của em XYZZY", "Thêm một điều PLUGH"
	cmd.URL, cmd.Account = "https://kin.vidu.example/bai/FROTZ", "tai_khoan_GNUSTO"
	cmd.ChildName, cmd.ChildSchool = "Nguyễn Mẫu Thị Ví Dụ", "Trường Mẫu Số Chín"
	cmd.ReportedName, cmd.ReportedPhone = "Trần Văn Mẫu", "0901 234 567"
	cmd.ReporterName, cmd.ReporterPhone = "Lê Thị Mẫu", "+84 912.345.678"
	cmd.Contact, cmd.ContactTo, cmd.ContactTime, cmd.ContactHide = "named_teacher", "cô Mẫu Dạy Văn", "sau 17 giờ mẫu", "đừng nói tên lớp mẫu"
	cmd.Danger = "yes"
	r := w.receive(cmd)
	w.ok(w.Answer(w.ctx, officer(), casework.AnswerCommand{Case: r.Case, Text: "Lời đáp BLORB cho em"}))
	w.ok(w.Reply(w.ctx, cmd.Receipt, "Em trả lời REZROV"))
	_, err := w.Override(w.ctx, officer(), casework.OverrideCommand{Case: r.Case, Points: 99, Reason: "lý do mẫu YOMIN"})
	w.ok(err)
	_, err = w.AddShift(w.ctx, head(), casework.ShiftCommand{Unit: dutyUnit, Person: "a-" + dutyUnit, Phone: "0987654321", From: start, To: start.Add(8 * 3600e9)})
	w.ok(err)
	dump := w.dump()
	if !strings.Contains(dump, r.Code) {
		t.Fatal("the dump reads nothing")
	}
	words := receipt.Words()
	for _, secret := range []string{
		"XYZZY", "PLUGH", "FROTZ", "kin.vidu.example", "GNUSTO", "gnusto", "Ví Dụ", "Số Chín", "Trần Văn", "Lê Thị", "cô Mẫu", "17 giờ", "tên lớp",
		"901234567", "901 234", "912345678", "912.345", "84912345678", "BLORB", "REZROV", "YOMIN", "987654321",
		receipt.Code(), strings.ReplaceAll(receipt.Code(), "-", ""), words[0] + " " + words[1], string(receipt[:]),
	} {
		if strings.Contains(dump, secret) {
			t.Errorf("the database holds %q in clear", secret)
		}
	}
	// What is stored of phone and address confirms no guess without the pepper.
	other, err := vault.OpenSecrets(t.TempDir())
	w.ok(err)
	if strings.Contains(dump, other.KeyedHash("casework.phone", "84901234567")) {
		t.Error("a guess is confirmed under another pepper")
	}
	if !strings.Contains(dump, w.vault.Secrets().KeyedHash("casework.phone", "84901234567")) {
		t.Error("the phone of the person reported is not kept as a keyed hash")
	}
	for _, e := range w.events {
		if text := fmt.Sprintf("%+v", e); strings.Contains(text, "XYZZY") || strings.Contains(text, "REZROV") {
			t.Errorf("an event speaks: %s", text)
		}
	}
}

func TestTypedForSomebodyNeedsACaseworker(t *testing.T) {
	w := newWorld(t).enrol(dutyUnit)
	cmd := report()
	cmd.Channel = "phone"
	_, err := w.Receive(w.ctx, who("x", "unit-x", authz.Focal), cmd)
	w.is(err, "authz/forbidden")
	r, err := w.Receive(w.ctx, officer(), cmd)
	w.ok(err)
	if v := w.view(officer(), r.Case); v.Reports[0].Channel != casework.Phone {
		t.Fatalf("channel %s", v.Reports[0].Channel)
	}
}
