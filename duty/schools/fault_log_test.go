// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"lachan/internal/bundle"
	"lachan/internal/clock"
	"lachan/internal/problem"
)

func TestAFaultLogIsOffUntilASchoolWantsIt(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	one, two := k.school(t, "truong-1", "primary"), k.school(t, "truong-2", "primary")
	teacher := teacherOf("truong-1")
	if got := k.sideOf(t, one.ID).Log; got != (bundle.FaultLog{}) {
		t.Fatalf("on by itself: %+v", got)
	}
	for _, hours := range []int{-1, 0, 25, 1 << 40} {
		if _, _, err := k.SwitchFaultLog(ctx, teacher, one.ID, hours); len(problem.From(err).Fields) != 1 {
			t.Errorf("%d hours: %v", hours, err)
		}
	}
	if _, _, err := k.SwitchFaultLog(ctx, teacher, two.ID, 4); err == nil {
		t.Error("another school's log was switched on")
	}
	before := k.sideOf(t, one.ID).Number
	word, until, err := k.SwitchFaultLog(ctx, teacher, one.ID, 4)
	if err != nil {
		t.Fatal(err)
	}
	if len(word) != wordSize || strings.Trim(word, wordLetters) != "" || !until.Equal(k.clock.Now().Add(4*time.Hour)) {
		t.Errorf("%q until %v", word, until)
	}
	side := k.sideOf(t, one.ID)
	if side.Log != (bundle.FaultLog{Until: clock.Micro(until), Word: sha256.Sum256([]byte(word))}) || side.Number <= before {
		t.Errorf("%+v, number %d after %d", side.Log, side.Number, before)
	}
	if got := k.sideOf(t, two.ID).Log; got != (bundle.FaultLog{}) {
		t.Errorf("another school has it too: %+v", got)
	}
	state, err := k.FaultLog(ctx, teacher, one.ID)
	if err != nil || !state.Until.Equal(until) || state.By != teacher.Name() {
		t.Errorf("%+v, %v", state, err)
	}
	again, _, err := k.SwitchFaultLog(ctx, teacher, one.ID, 24)
	if err != nil || again == word || k.sideOf(t, one.ID).Log.Word != sha256.Sum256([]byte(again)) {
		t.Errorf("the word before still opens: %v", err)
	}
	if err := k.StopFaultLog(ctx, teacherOf("truong-2"), one.ID); err == nil {
		t.Error("another school stopped it")
	}
	if err := k.StopFaultLog(ctx, teacher, one.ID); err != nil {
		t.Fatal(err)
	}
	if got := k.sideOf(t, one.ID).Log; got != (bundle.FaultLog{}) {
		t.Errorf("not stopped: %+v", got)
	}
}

func TestAFaultLogEndsByItself(t *testing.T) {
	k, ctx := newKit(t), context.Background()
	school := k.school(t, "truong-1", "primary")
	if _, _, err := k.SwitchFaultLog(ctx, lead, school.ID, 4); err != nil {
		t.Fatal(err)
	}
	k.clock.Advance(4*time.Hour - time.Second)
	if k.sideOf(t, school.ID).Log.Until == 0 {
		t.Error("over before its end")
	}
	k.clock.Advance(time.Second)
	state, err := k.FaultLog(ctx, lead, school.ID)
	if got := k.sideOf(t, school.ID).Log; got != (bundle.FaultLog{}) || err != nil || state != (FaultLogState{}) {
		t.Errorf("%+v, %+v, %v", got, state, err)
	}
}
