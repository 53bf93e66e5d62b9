// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"lachan/internal/problem"
)

func TestSubscribers(t *testing.T) {
	k, ctx := filled(t), context.Background()
	token, err := k.AddSubscriber(ctx, lead, "Bộ lọc\n mẫu", []string{"primary"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := k.Subscribers(ctx, lead)
	if err != nil || len(all) != 1 || all[0].Name != "Bộ lọc mẫu" || all[0].By != lead.Name() || !slices.Equal(all[0].Bands, []string{"primary"}) {
		t.Errorf("%+v %v", all, err)
	}
	if _, err := k.AddSubscriber(ctx, lead, "Bộ lọc mẫu", []string{"staff"}); !problem.Is(err, "schools/subscriber-exists") {
		t.Errorf("the same name: %v", err)
	}
	for _, bands := range [][]string{nil, {"x"}} {
		if _, err := k.AddSubscriber(ctx, lead, "khác", bands); !problem.Is(err, "input/faulty") {
			t.Errorf("%v: %v", bands, err)
		}
	}
	if _, err := k.AddSubscriber(ctx, teacherOf("truong-a"), "khác", []string{"primary"}); !problem.Is(err, "authz/forbidden") {
		t.Errorf("a teacher: %v", err)
	}
	var out bytes.Buffer
	fetch := func(w io.Writer) (tag string) {
		// A subscriber cannot ask for lists without a licence.
		q := ExportQuery{Band: "primary", Format: Plain, Unlicensed: true}
		if err := k.ExportFor(ctx, token, q, func(is string) io.Writer { tag = is; return w }); err != nil {
			t.Fatal(err)
		}
		return tag
	}
	before := k.ledger.count("schools.exported")
	if first, again := fetch(&out), fetch(nil); first != again || k.ledger.count("schools.exported") != before+1 {
		t.Errorf("%q, %q, %d entries", first, again, k.ledger.count("schools.exported")-before)
	}
	if text := out.String(); !strings.Contains(text, "\nca-cuoc-mau.example\n") || strings.Contains(text, "khong-phep-mau") {
		t.Error("not what a subscriber may have")
	}
	if err := k.DropSubscriber(ctx, lead, "không có"); !problem.Is(err, "schools/no-subscriber") {
		t.Errorf("%v", err)
	}
	if err := k.DropSubscriber(ctx, lead, "Bộ lọc mẫu"); err != nil {
		t.Fatal(err)
	}
	err = k.ExportFor(ctx, token, ExportQuery{Band: "primary", Format: Plain}, func(string) io.Writer { t.Error("begun"); return nil })
	if !problem.Is(err, "schools/unknown-subscriber") || k.ledger.count("schools.subscriber_dropped") != 1 || k.ledger.count("schools.subscriber_added") != 1 {
		t.Errorf("%v", err)
	}
}
