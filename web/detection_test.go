// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"lachan/duty/detection"
	"lachan/internal/authz"
)

// reviewers are two people of the duty unit who review, with its key; the
// second has more roles, if any are given.
func (d *desk) reviewers(more ...string) (one, two *browser) {
	d.t.Helper()
	_, officer, _ := d.office()
	one = d.invite("ra.mau", d.duty, authz.Reviewer, authz.Takedown)
	two = d.invite("soat.mau", d.duty, append([]string{authz.Reviewer}, more...)...)
	sess, err := d.identity.Session(d.t.Context(), officer.jar["lachan"].Value)
	if err != nil {
		d.t.Fatal(err)
	}
	members, err := d.identity.Members(d.t.Context(), d.duty)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, m := range members {
		if strings.Contains(strings.Join(m.Roles, " "), authz.Reviewer) {
			if err := d.identity.Reseal(d.t.Context(), sess, d.duty, m.Person); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	one.send("/unlock", url.Values{"passphrase": {passphrase}})
	two.send("/unlock", url.Values{"passphrase": {passphrase}})
	return one, two
}

// finds puts an item into the queue as a scan does.
func (d *desk) finds(f detection.Finding) string {
	d.t.Helper()
	f.Kind = detection.PageKind
	f.Features.DomainAge, f.Features.Reach = -1, -1
	found, err := d.detection.Find(d.t.Context(), authz.System("detection.scan"), f)
	if err != nil {
		d.t.Fatal(err)
	}
	if found.Item == "" {
		d.t.Fatal("nothing gave a reason")
	}
	return "/detection/items/" + found.Item
}

func samplePicture(t testing.TB) detection.FoundPicture {
	t.Helper()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	return detection.FoundPicture{Alt: "một hộp quà", Width: 64, Height: 64, Picture: file.Bytes(), Veil: file.Bytes(), SHA256: strings.Repeat("ab", 32)}
}

func TestClause_5_2_AReviewersPages(t *testing.T) {
	d := newDesk(t)
	one, two := d.reviewers()
	has(t, one.page("/detection"), "Rà quét", "Chưa tìm thấy gì trong năm")
	path := d.finds(detection.Finding{
		Address: "https://qua-tang-mau.example/nhan", Title: "Trang mẫu", Text: "Chúc mừng em trúng thưởng, gửi mã OTP để nhận quà",
		Pictures: []detection.FoundPicture{samplePicture(t)}, Capture: []byte("WARC/1.1 mẫu"),
	})
	queue := one.page("/detection/queue")
	has(t, queue, "Lừa đảo", "lời chữ đáng ngờ", "R-1")
	if strings.Contains(queue, "OTP") || strings.Contains(queue, "qua-tang-mau") {
		t.Fatal("the queue shows words of an item")
	}
	body := one.send("/detection/queue/next", url.Values{})
	has(t, body, "hxxps://qua-tang-mau[.]example", "<mark>", "Giữ để xem", `src="`+path+`/veil/0"`)
	if strings.Contains(body, `src="`+path+`/picture`) || strings.Contains(body, "https://qua-tang-mau") {
		t.Fatal("a picture is open, or an address can be clicked")
	}
	if r := one.get(path + "/picture/0"); r.status != http.StatusConflict {
		t.Fatalf("a picture that nobody asked for: %d", r.status)
	}
	if r := one.get(path + "/veil/0"); r.status != http.StatusOK || r.header.Get("Content-Type") != "image/jpeg" {
		t.Fatalf("veil: %d", r.status)
	}
	// Without scripts the answer is the page with the one picture open.
	body = one.send(path+"/reveal", url.Values{"n": {"0"}})
	has(t, body, path+"/picture/0", "Che lại", "1 trên 40")
	if r := one.get(path + "/picture/0"); r.status != http.StatusOK {
		t.Fatalf("picture: %d", r.status)
	}
	if d.noted("detection.revealed") != 1 {
		t.Fatal("no entry of it")
	}
	if r := two.post(path+"/take", url.Values{}); r.status != http.StatusConflict || !strings.Contains(r.body, "Đồng nghiệp đang xem") {
		t.Fatalf("a colleague opens it too: %d", r.status)
	}
	one.send(path+"/note", url.Values{"note": {"Giống trang tuần trước"}})
	has(t, one.page(path), "Giống trang tuần trước")
	one.faulty(path+"/decide", url.Values{"verdict": {"block"}, "label": {"scam"}, "domain": {"không phải tên"}, "note": {"Ghi chú còn nguyên"}}, "domain")
	one.faulty(path+"/decide", url.Values{"verdict": {"bank"}, "label": {"scam"}, "note": {"Ghi chú còn nguyên"}}, "bank")
	has(t, one.send(path+"/decide", url.Values{"verdict": {"block"}, "label": {"scam"}, "kind": {"provisional"}}), "Đã kết luận.")
	if !d.blocked("qua-tang-mau.example") {
		t.Fatal("the verdict did not reach the schools")
	}
	body = one.page(path)
	has(t, body, "Chặn ở mọi trường: Lừa đảo", "còn đó")
	has(t, one.page("/detection"), "<dd>1</dd>")
	if at := regexp.MustCompile(`href="(/casework/cases/[^"]+)"`).FindStringSubmatch(body); at == nil {
		t.Fatal("no way to the case")
	} else {
		capture := path + "/capture?case=" + lastPart(at[1])
		page := one.page(at[1])
		has(t, page, "Bản chụp niêm phong từ rà quét")
		if r := one.get(capture); r.status != http.StatusNotFound || strings.Contains(page, capture) {
			t.Fatalf("a reviewer takes the capture out: %d", r.status)
		}
		has(t, d.officer.page(at[1]), capture)
		got := d.officer.get(capture)
		if got.status != http.StatusOK || got.body != "WARC/1.1 mẫu" {
			t.Fatalf("the capture: %d %q", got.status, got.body)
		}
	}
	// The same picture elsewhere is not shown, and needs a reason. That a case is
	// the officer's opens him no other item.
	again := d.finds(detection.Finding{Address: "https://khac.example/", Text: "x", Pictures: []detection.FoundPicture{samplePicture(t)}, Capture: []byte("WARC/1.1 khác")})
	if r := d.officer.get(again + "/capture?case=" + lastPart(caseIn(t, body))); r.status != http.StatusNotFound {
		t.Fatalf("the capture of another item: %d", r.status)
	}
	has(t, two.page(again), "Nhận rồi mới xem")
	body = two.send(again+"/take", url.Values{})
	has(t, body, "Hình đã có kết luận: Chặn ở mọi trường")
	if strings.Contains(body, "/veil/0") {
		t.Fatal("a known picture has a tile")
	}
	if r := two.post(again+"/reveal", url.Values{"n": {"0"}}); r.status != http.StatusUnprocessableEntity {
		t.Fatalf("a known picture without a reason: %d", r.status)
	}
	two.send(again+"/skip", url.Values{"reason": {""}})
}

// lastPart is the last part of an address.
func lastPart(address string) string { return address[strings.LastIndex(address, "/")+1:] }

func TestTheWorstWaitsForASecondPerson(t *testing.T) {
	d := newDesk(t)
	one, two := d.reviewers()
	path := d.finds(detection.Finding{
		Address: "https://tro-chuyen-mau.example/", Title: "Trò chuyện mẫu", Text: "anhlon: em mấy tuổi rồi\nbe: em học lớp 6\nanhlon: em ở nhà một mình à\nanhlon: qua zalo nói chuyện với anh nhé\n" +
			"anhlon: đừng kể cho ba mẹ biết nhé, bí mật của hai anh em mình\nanhlon: gửi ảnh cho anh xem",
	})
	has(t, one.send(path+"/take", url.Values{}), "Khẩn cấp", "Mở đọc")
	has(t, one.send(path+"/words", url.Values{}), "anhlon")
	has(t, one.send(path+"/decide", url.Values{"verdict": {"report"}, "label": {"grooming"}}), "Chờ người thứ hai")
	has(t, two.page("/detection/queue"), "chờ người thứ hai")
	has(t, two.send(path+"/take", url.Values{}), "Lập vụ việc: Dụ dỗ, tiếp cận trẻ", `action="`+path+`/agree"`)
	has(t, two.send(path+"/agree", url.Values{"go": {"confirm"}}), "Đã kết luận.")
	has(t, one.page(path), "Mở vụ việc")
}

func TestAReviewerMayRest(t *testing.T) {
	d := newDesk(t)
	one, two := d.reviewers()
	d.finds(detection.Finding{Address: "https://a.example/", Text: "gửi mã OTP để nhận quà"})
	has(t, one.send("/detection/queue/away", url.Values{"go": {"away"}}), "Bạn đang tạm nghỉ")
	has(t, two.page("/detection"), "Người Mẫu ra.mau: chưa", "Người Mẫu soat.mau: nhận được")
	if r := one.post("/detection/queue/next", url.Values{}); r.status != http.StatusConflict {
		t.Fatalf("given an item while away: %d", r.status)
	}
	one.send("/detection/queue/away", url.Values{"go": {"back"}})
	one.send("/detection/queue/care", url.Values{"blur": {"2"}, "grey": {"1"}})
	if r := one.post("/detection/queue/care", url.Values{"blur": {"1"}}); r.status != http.StatusUnprocessableEntity {
		t.Fatalf("less blur than the floor: %d", r.status)
	}
	has(t, one.page("/detection/queue"), `<option value="2" selected>`)
}

func TestBanksAreKeptByHand(t *testing.T) {
	d := newDesk(t)
	one, _ := d.reviewers()
	has(t, one.page("/detection/banks"), "Chưa có kho nào")
	one.faulty("/detection/banks", url.Values{"name": {"KHO MẪU"}, "title": {"Kho của Sở"}, "label": {"scam"}, "severity": {"2"}, "ratio": {"200"}}, "name", "ratio")
	has(t, one.send("/detection/banks", url.Values{"name": {"kho_mau"}, "title": {"Kho của Sở"}, "label": {"scam"}, "severity": {"2"}, "ratio": {"50"}}), "Đã lập kho.", "KHO_MAU")
	one.faulty("/detection/banks/KHO_MAU/add", url.Values{"type": {"md5"}, "value": {"xyz"}, "note": {"thử"}}, "value")
	body := one.send("/detection/banks/KHO_MAU/add", url.Values{"type": {"domain"}, "value": {"mau.example"}, "note": {"thử"}})
	has(t, body, "Đã thêm mẫu.", "thử")
	number := regexp.MustCompile(`name="id" value="(\d+)"`).FindStringSubmatch(body)
	has(t, one.send("/detection/banks/KHO_MAU/drop", url.Values{"id": {number[1]}}), "Đã bỏ mẫu.")
	has(t, one.send("/detection/banks/KHO_MAU/edit", url.Values{"title": {"Tên khác"}, "label": {"scam"}, "severity": {"3"}, "ratio": {"12,5"}}), "Tên khác", "12,5%")
	has(t, one.send("/detection/banks/KHO_MAU/end", url.Values{}), "Đã bỏ kho.")
}

func TestAFileIsBroughtByItsPage(t *testing.T) {
	d := newDesk(t)
	one, _ := d.reviewers()
	has(t, one.page("/detection/sources"), "Đưa một hình hay một phim")
	if r := one.upload("/detection/bring", "", ""); r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, `id="f-file"`) {
		t.Errorf("no file: %d", r.status)
	}
	// This desk opens no pictures, and says so.
	if r := one.upload("/detection/bring", "hinh.jpg", "x"); r.status != http.StatusServiceUnavailable || !strings.Contains(r.body, "không mở được hình") {
		t.Errorf("%d", r.status)
	}
}

// TestClause_5_2_NamesOfReportsAsASource: a reviewer lets the names of reports be
// looked at; the page counts them and shows none.
func TestClause_5_2_NamesOfReportsAsASource(t *testing.T) {
	d := newDesk(t)
	one, _ := d.reviewers()
	form := url.Values{"title": {"Phản ánh"}, "kind": {"reported"}, "every": {"1440"}, "depth": {"1"}, "pages": {"500"}, "addresses": {"https://bay-mau.example/"}}
	one.faulty("/detection/sources", form, "addresses")
	form.Del("addresses")
	made := one.send("/detection/sources", form)
	has(t, made, "0 chờ người thứ hai báo, 0 xem lần tới, 0 đã xem", "Máy chỉ ghé một tên khi hai người khác nhau đã báo")
	d.tell("harm", "fraud", "url", "https://bay-mau.example/qua/7")
	page := one.page(strings.TrimSuffix(regexp.MustCompile(`/detection/sources/[0-9a-f-]{36}/state`).FindString(made), "/state"))
	has(t, page, "1 chờ người thứ hai báo, 0 xem lần tới")
	if strings.Contains(page, "bay-mau") {
		t.Error("the page names what one report told of")
	}
}
