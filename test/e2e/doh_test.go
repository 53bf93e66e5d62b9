// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"lachan/duty/schools"
	"lachan/internal/authz"
	"lachan/test/kit"
)

// TestClause_3_ABrowsersSecureDNS: a browser whose secure DNS is the school's
// node, and which has no other way to look a name up, opens what the school
// opens and meets the block page where it does not; its questions are what the
// node counts, for nobody else asks. One that was told another key for that
// door opens nothing, rather than to ask in the clear.
func TestClause_3_ABrowsersSecureDNS(t *testing.T) {
	c := newCampus(t)
	const allowed = "bai-hoc.mau.example"
	ctx := context.Background()
	lead := authz.Actor{Person: "lead", Unit: "test", Session: "test", Roles: []string{authz.Lead}}
	token, _, err := c.hub.Schools.CreateToken(ctx, lead, schools.TokenCommand{Name: "Máy lọc mẫu", Schools: []string{c.school.ID}})
	check(t, err)
	c.join(c.hub.URL(), token)
	for deadline := time.Now().Add(patience); c.node.Health().Bundle == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the node has no rules")
		}
	}

	before := c.node.Stats()
	browser := device(t, c.door, "", "")
	do(t, browser, chromedp.Navigate(c.at(allowed)))
	says(t, browser, "Bài học ở "+allowed)
	opened := c.node.Stats()
	if opened.Queries == before.Queries || opened.Forwarded == before.Forwarded || opened.Refused != before.Refused {
		t.Errorf("an allowed site: %+v, then %+v", before, opened)
	}
	do(t, browser, chromedp.Navigate(c.at(lesson)))
	says(t, browser, "Trang này đang được che", "Trường che trò chơi ở cấp học này.")
	if shut := c.node.Stats(); shut.Refused == opened.Refused {
		t.Errorf("a refused site: %+v, then %+v", opened, shut)
	}

	before = c.node.Stats()
	wrong := c.door
	wrong.pin = newDoor(t, kit.FreePort(t)).pin
	stranger := device(t, wrong, "", "")
	if err := chromedp.Do(stranger, chromedp.Navigate(c.at(allowed))); err == nil || !strings.Contains(err.Error(), "ERR_NAME_NOT_RESOLVED") {
		t.Errorf("without a resolver that it trusts: %v", err)
	}
	if after := c.node.Stats(); after.Queries != before.Queries {
		t.Errorf("it asked all the same: %+v, then %+v", before, after)
	}
}
