// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lachan/duty/schools"
)

// The whole province's fleet on a page: what needs somebody first, found by
// node, school or code, by version, and a form that asks for part of a name
// instead of showing 925 boxes.
func TestTheFleetOfAProvince(t *testing.T) {
	h := newHouse(t)
	h.administrator()
	ctx := context.Background()
	var cmds []schools.SchoolCommand
	for i := range 925 {
		cmds = append(cmds, schools.SchoolCommand{
			Unit: fmt.Sprint("truong-", i), Code: fmt.Sprintf("TM%03d", i), Name: fmt.Sprintf("Trường Đồi Thông mẫu %03d", i),
			Place: h.unit("qni/so/gddt"), Level: "primary", Pupils: 300,
		})
	}
	all, err := h.schools.SaveSchools(ctx, h.admin, cmds)
	if err != nil {
		t.Fatal(err)
	}
	join := func(i int, version string) string {
		token, _, err := h.schools.CreateToken(ctx, h.admin, schools.TokenCommand{Name: fmt.Sprintf("may-%03d", i), Schools: []string{all[i].ID}})
		if err != nil {
			t.Fatal(err)
		}
		n, err := h.schools.Redeem(ctx, token, "U"+strings.Repeat("A", 52)+strings.Map(func(r rune) rune { return 'A' + r - '0' }, fmt.Sprintf("%03d", i)), version)
		if err != nil {
			t.Fatal(err)
		}
		return n.ID
	}
	well := func(id, version string) {
		if err := h.schools.Heartbeat(ctx, id, schools.Health{Version: version, Resolving: true}); err != nil {
			t.Fatal(err)
		}
	}
	silent := join(900, "0.9")
	well(silent, "0.9")
	h.clock.Advance(3 * time.Hour) // its session ends too
	g := h.administrator2(t)
	for i := range 70 {
		well(join(i, "1.0"), "1.0")
	}
	join(80, "1.0") // never heard of

	first := g.see("/schools/nodes")
	has(t, first, "may-900", "0.9: 1 node", "1.0: 71 nodes", "853 schools have no node", "1–50", "72")
	if at, other := strings.Index(first, "may-900"), strings.Index(first, "may-000"); at < 0 || other < at {
		t.Errorf("the silent node is not the first: %d, %d", at, other)
	}
	if n := strings.Count(first, `type="checkbox"`); n > 30 {
		t.Errorf("%d boxes to tick", n)
	}
	if second := g.see("/schools/nodes?page=2"); strings.Contains(second, "may-900") || !strings.Contains(second, "may-069") {
		t.Error("the second page is not the rest")
	}
	found := g.see("/schools/nodes?q=tm900")
	has(t, found, "may-900")
	if strings.Contains(found, "may-000") {
		t.Error("a search for one school shows another's node")
	}
	has(t, g.see("/schools/nodes?q=doi+thong+mau+033"), "may-033")
	has(t, g.see("/schools/nodes?q=khong-co"), "No node matches")
	if old := g.see("/schools/nodes?version=0.9"); !strings.Contains(old, "may-900") || strings.Contains(old, "may-001") {
		t.Error("the version does not narrow the list")
	}
	has(t, g.see("/schools/nodes?find=TM877"), "mẫu 877")
}
