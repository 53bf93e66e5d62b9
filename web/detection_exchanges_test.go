// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
)

// upload sends a file as the field "file" and follows to the page there is.
func (b *browser) upload(path, name, text string) reply {
	b.d.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if name != "" {
		to, err := w.CreateFormFile("file", name)
		if err == nil {
			_, err = io.WriteString(to, text)
		}
		if err != nil {
			b.d.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.d.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, b.d.server.URL+path, &body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, k := range b.jar {
		req.AddCookie(k)
	}
	res, err := b.client.Do(req)
	if err != nil {
		b.d.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		b.d.t.Fatal(err)
	}
	return b.follow(reply{res.StatusCode, res.Header.Get("Location"), res.Header, string(got)})
}

func TestClause_5_2_ListsOfOthersOnPages(t *testing.T) {
	d := newDesk(t)
	one, _ := d.reviewers()
	has(t, one.page("/detection/exchanges"), "Chưa có nơi trao đổi nào", "Cần có một kho mẫu")
	one.send("/detection/banks", url.Values{"name": {"BANG_MAU"}, "label": {"scam"}, "severity": {"2"}, "ratio": {"100"}})
	const at = "/detection/exchanges/TEP_MAU"
	bad := one.post("/detection/exchanges", url.Values{"name": {"tệp"}, "bank": {"BANG_MAU"}, "format": {"csv"}, "way": {"pull"}, "every": {"60"}, "address": {"file:///etc/passwd"}})
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("%d", bad.status)
	}
	has(t, bad.body, `href="#f-name"`, `href="#f-address"`)
	page := one.send("/detection/exchanges", url.Values{"name": {"TEP_MAU"}, "bank": {"BANG_MAU"}, "format": {"csv"}, "way": {"file"}, "every": {"60"}})
	has(t, page, "Đã lập nơi trao đổi", "Chưa nhận lần nào", "Xem cột trước")
	table := "Ref;Hash;Cat\n1;" + strings.Repeat("ab", 16) + ";A\n2;" + strings.Repeat("cd", 16) + ";B\n3;xyz;B\n"
	looked := one.upload(at+"/preview", "bang.csv", table)
	has(t, looked.body, "Cột của bảng", strings.Repeat("ab", 16), `name="column-signal_value"`, `<option value="Hash"`)
	if empty := one.upload(at+"/import", "", ""); empty.status != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d", empty.status)
	}
	has(t, one.send(at+"/columns", url.Values{"column-signal_value": {"Hash"}, "column-id": {"Ref"}, "column-category": {"Cat"}}), "Đã giữ cách chọn cột")
	taken := one.upload(at+"/import", "bang.csv", table)
	if taken.status != http.StatusOK {
		t.Fatalf("%d %s", taken.status, mainOf(taken.body))
	}
	has(t, taken.body, "Không đúng dạng của loại", "<td data-l=\"Các dòng đầu\">4</td>", "Tốt")
	if strings.Contains(mainOf(taken.body), "xyz") {
		t.Error("a value that was left out is shown")
	}
	has(t, one.page("/detection/exchanges"), "TEP_MAU", "Bảng CSV")
	bank := one.page("/detection/banks/BANG_MAU")
	has(t, bank, "TEP_MAU", "Xuất kho", "/detection/banks/BANG_MAU/export?format=stix")
	out := one.get("/detection/banks/BANG_MAU/export?format=csv")
	if out.status != http.StatusOK || !strings.Contains(out.body, strings.Repeat("cd", 16)) || !strings.Contains(out.header.Get("Content-Disposition"), "BANG_MAU.csv") {
		t.Errorf("%d %v %s", out.status, out.header, out.body)
	}
	d.clock.Advance(6 * time.Minute)
	if stale := one.get("/detection/banks/BANG_MAU/export?format=csv"); strings.Contains(stale.body, strings.Repeat("cd", 16)) {
		t.Error("a bank went out without a fresh second factor")
	}
	// One that is asked: its address and keys are taken and never shown.
	pulled := one.send("/detection/exchanges", url.Values{"name": {"HOI_MAU"}, "bank": {"BANG_MAU"}, "format": {"ncmec"}, "way": {"pull"}, "every": {"60"}, "address": {"https://danh-sach-mau.example/bi-mat"}})
	has(t, pulled, "danh-sach-mau.example", "Chưa có khóa truy cập", "Hỏi ngay")
	const asked = "/detection/exchanges/HOI_MAU"
	has(t, one.send(asked+"/access", url.Values{"access-user": {"ten-mau"}, "access-password": {"khoa-mau"}}), "Đang có khóa truy cập")
	has(t, one.send(asked+"/run", url.Values{}), "trong vòng một phút")
	has(t, one.send(asked+"/pause", url.Values{"on": {"1"}}), "Hỏi tiếp", "Tạm dừng")
	has(t, one.send(asked+"/pause", url.Values{"on": {"0"}}), "Hỏi ngay")
	page = one.send(asked+"/edit", url.Values{"every": {"360"}, "type": {"md5"}})
	has(t, page, "6 giờ")
	for _, secret := range []string{"bi-mat", "khoa-mau", "ten-mau"} {
		if strings.Contains(page, secret) || strings.Contains(d.log.String(), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	has(t, one.send(asked+"/drop", url.Values{}), "Đã bỏ nơi trao đổi")
	if gone := one.get(asked); gone.status != http.StatusNotFound {
		t.Errorf("%d", gone.status)
	}
	other := d.invite("khac.mau", d.duty, authz.Handler)
	for _, path := range []string{"/detection/exchanges", at, "/detection/banks/BANG_MAU/export?format=csv"} {
		if r := other.get(path); r.status == http.StatusOK && strings.Contains(r.body, "TEP_MAU") {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}
