// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lachan/duty/detection"
	"lachan/internal/authz"
	"lachan/internal/testkit"
)

// judges lets a reviewer judge n pages by their words: those with an invented
// one are gambling.
func (d *desk) judges(one *browser, n int) {
	d.t.Helper()
	sess, err := d.identity.Session(d.t.Context(), one.jar["lachan"].Value)
	if err != nil {
		d.t.Fatal(err)
	}
	actor := sess.Actor()
	u, err := d.identity.Opened(d.t.Context(), sess)
	if err != nil {
		d.t.Fatal(err)
	}
	around := strings.Fields("hôm nay sáng mai nhà lớp bạn chuyện nhớ nghe chiều thật nhiều ngoài làng bà em cô thầy đường cuối tuần")
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range n {
		text := ""
		for range 7 {
			text += around[rng.IntN(len(around))] + " "
		}
		cmd := detection.DecideCommand{Verdict: detection.Dismiss, Why: "mistake"}
		if i%2 == 0 {
			cmd = detection.DecideCommand{Verdict: detection.Keep, Label: "gambling", Bank: "MAU"}
			text += []string{"zorvat", "quimpel", "drasko"}[i%3]
		} else {
			text += []string{"lumeta", "sopiran", "nadelo"}[i%3]
		}
		found, err := d.detection.Find(d.t.Context(), actor, detection.Finding{Kind: detection.PageKind, Address: fmt.Sprintf("https://mau.example/%d", i), Text: text})
		if err == nil {
			err = d.detection.Take(d.t.Context(), actor, found.Item)
		}
		cmd.Item = found.Item
		if err == nil {
			_, err = d.detection.Decide(d.t.Context(), actor, u, cmd)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

func TestClause_5_2_AModelKeepersPages(t *testing.T) {
	if testkit.Race {
		t.Skip("hundreds of verdicts; run whole without the race detector")
	}
	d := newDesk(t)
	one, two := d.reviewers(authz.ModelKeeper)
	body := two.page("/detection/model")
	has(t, body, "Mô hình kèm theo", "CC-BY-SA-4.0", "Chưa đủ để học: còn thiếu 48 đúng nhãn, 48 khác.", `aria-current="page"`)
	hasNot(t, body, "Huấn luyện và so sánh<")
	if r := two.post("/detection/model/learn", url.Values{"label": {"gambling"}}); r.status != http.StatusConflict || !strings.Contains(r.body, "còn thiếu 48") {
		t.Fatalf("learnt from nothing: %d", r.status)
	}
	if r := one.get("/detection/model"); r.status != http.StatusForbidden {
		t.Fatalf("a reviewer reads it: %d", r.status)
	}
	one.send("/detection/banks", url.Values{"name": {"mau"}, "title": {"Mẫu"}, "label": {"gambling"}, "severity": {"2"}, "ratio": {"100"}})
	d.judges(one, 170)

	// Offered at the unlock, with the counts, to whoever keeps models.
	hasNot(t, two.page("/work"), "học lại được")
	two.send("/lock", url.Values{})
	if r := two.post("/detection/model/learn", url.Values{"label": {"gambling"}}); !strings.Contains(r.body, `name="passphrase"`) || !strings.Contains(r.body, `value="/detection/model"`) {
		t.Fatalf("learnt while locked: %d", r.status)
	}
	has(t, two.send("/unlock", url.Values{"passphrase": {passphrase}}), "Cờ bạc: học lại được", "170 kết luận mới, 85 đúng nhãn", `href="/detection/model#gambling"`)
	hasNot(t, one.page("/work"), "học lại được")

	has(t, two.page("/detection/model"), "85 kết luận đúng nhãn, 85 kết luận khác", "Huấn luyện và so sánh")
	body = two.send("/detection/model/learn", url.Values{"label": {"gambling"}})
	has(t, body, "Đã học và so sánh", "Tốt hơn khi chưa có mô hình.", "Dưới 30 kết luận thì không nói phần trăm", "Kết luận của chính tỉnh", "85 kết luận đúng nhãn")
	hasNot(t, two.page("/work"), "học lại được")
	at := regexp.MustCompile(`action="(/detection/model/[^"/]+)/use"`).FindStringSubmatch(body)
	if at == nil {
		t.Fatal("no way to put it to use")
	}
	if r := one.post(at[1]+"/use", url.Values{}); r.status != http.StatusForbidden {
		t.Fatalf("a reviewer puts it to use: %d", r.status)
	}
	has(t, two.send(at[1]+"/use", url.Values{}), "Đã đưa vào dùng.", "Thôi dùng, không thay bằng bản nào")
	has(t, two.page("/detection/model"), "Đang dùng", "M-1")
	if r := two.post(at[1]+"/use", url.Values{}); r.status != http.StatusConflict {
		t.Fatalf("put to use twice: %d", r.status)
	}
	has(t, two.send(at[1]+"/back", url.Values{"none": {"1"}}), "Đã trở lại.", "Các bản trước", "Đã thôi dùng")
	if r := two.get("/detection/model/none"); r.status != http.StatusNotFound {
		t.Fatalf("a model that is none: %d", r.status)
	}
}
