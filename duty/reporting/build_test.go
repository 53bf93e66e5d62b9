// SPDX-License-Identifier: Apache-2.0

package reporting

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"lachan/internal/authz"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/org"
)

// aYear reports for most units of 2026, with every asked cell filled in.
func aYear(t testing.TB, w *world) {
	t.Helper()
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	w.Texts = texts
	plan, err := w.plan(dispatchID, 2026)
	if err != nil {
		t.Fatal(err)
	}
	f := w.mainForm()
	for n, u := range plan.Expected() {
		if n%9 == 4 {
			continue
		}
		cells := NewCells(len(f.Cells))
		for i, asked := range f.asked(plan.indicators(u.ID)) {
			if c := f.Cells[i]; asked && c.Total < 0 {
				v := int64((n*7 + i*3) % 40)
				if strings.HasSuffix(c.Code, ".tu") {
					v /= 2
				} else if strings.HasSuffix(c.Code, ".mau") {
					v += 20
				}
				if c.Code == "B03" {
					v *= 97
				}
				cells.Set(i, v)
			} else if asked {
				cells.Set(i, 0)
			}
		}
		w.report(u.ID, 2026, cells)
	}
	if err := w.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func build(t testing.TB, w *world, cmd BuildReport) (docx, xlsx []byte, out Built) {
	t.Helper()
	cmd.Directive, cmd.Year = dispatchID, 2026
	var a, b bytes.Buffer
	out, err := w.BuildReport(context.Background(), w.lead, cmd, &a, &b)
	if err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), b.Bytes(), out
}

// partsOf reads a zip's parts and checks that each XML part is well formed.
func partsOf(t testing.TB, raw []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(text)
		for d := xml.NewDecoder(bytes.NewReader(text)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
	}
	return out
}

// Acceptance 10: made again from pinned figures, the same bytes.
//
// Clauses: 5.3
func TestReportIsTheSameAtTheSamePin(t *testing.T) {
	w := newWorld(t, nil)
	aYear(t, w)
	// One more has reported and waits; it is not missing, now or later.
	waiting := w.unit("qni/2025/23548")
	w.clock.Advance(time.Minute)
	w.fill(waiting, 2026, nil)
	w.submit(waiting, 2026)
	docx, xlsx, out := build(t, w, BuildReport{})
	if len(out.Coverage.Waiting) != 1 || len(out.Coverage.Missing) != 12 {
		t.Errorf("%d waiting, %d missing", len(out.Coverage.Waiting), len(out.Coverage.Missing))
	}
	if dir := os.Getenv("LACHAN_REPORT_OUT"); dir != "" { // to look at them
		for name, raw := range map[string][]byte{"report.docx": docx, "report.xlsx": xlsx} {
			if err := os.WriteFile(dir+"/"+name, raw, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	word := partsOf(t, docx)["word/document.xml"]
	for _, want := range []string{
		"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "SỞ KHOA HỌC VÀ CÔNG NGHỆ", "UBND TỈNH QUẢNG NGÃI",
		"4569/UBND-KGVX", "CT.B05", "Nơi nhận:", "bản số 100", "Quyết định 830/QĐ-TTg", "đã kết thúc ngày 31/12/2025", "101/113 đơn vị đã gửi",
	} {
		if !strings.Contains(word, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if strings.Contains(word, "⟨") {
		i := strings.Index(word, "⟨")
		t.Errorf("a text is missing: %s", word[i:min(len(word), i+80)])
	}
	sheets := 0
	for name, text := range partsOf(t, xlsx) {
		if strings.HasPrefix(name, "xl/worksheets/") {
			sheets++
		}
		if strings.Contains(text, "⟨") {
			t.Errorf("%s: a text is missing", name)
		}
	}
	if sheets != 3 || out.Pin != 100 {
		t.Errorf("%d sheets at %d", sheets, out.Pin)
	}
	// Life goes on: a new acceptance, another day, another hub.
	w.clock.Advance(50 * time.Hour)
	unit := w.unit("qni/2025/21548")
	w.fill(unit, 2026, map[string]string{"A03": "39"})
	w.accept(w.submit(unit, 2026))
	other := &world{Service: New(w.Deps), t: t, clock: w.clock, log: w.log, lead: w.lead}
	if err := other.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	docx2, xlsx2, out2 := build(t, other, BuildReport{Pin: out.Pin, At: out.At, Frame: org.Today, Day: out.Day})
	if !bytes.Equal(docx, docx2) || !bytes.Equal(xlsx, xlsx2) || out2.DocxDigest != out.DocxDigest {
		t.Error("the report made again at its number differs")
	}
	if _, err := other.BuildReport(context.Background(), other.lead, BuildReport{Directive: dispatchID, Year: 2026, Pin: 999}, io.Discard, nil); !problem.Is(err, "reporting/no-such-number") {
		t.Errorf("got %v", err)
	}
	docx3, _, out3 := build(t, other, BuildReport{})
	if bytes.Equal(docx, docx3) || out3.Pin != 101 {
		t.Error("the newest report is still the old one")
	}
}

func TestBuildNeedsPermission(t *testing.T) {
	w := newWorld(t, nil)
	aYear(t, w)
	unit := w.unit("qni/bao")
	_, err := w.BuildReport(context.Background(), focal(unit), BuildReport{Directive: dispatchID, Year: 2026}, io.Discard, io.Discard)
	if problem.KindOf(err) != problem.Forbidden {
		t.Errorf("got %v", err)
	}
	if _, err := w.Totals(context.Background(), authz.Actor{Person: "x", Unit: "y"}, TotalsQuery{Directive: dispatchID, Year: 2026}); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("got %v", err)
	}
}

func TestSmallNumbersAreNotPrintedNorFoundBySubtraction(t *testing.T) {
	w := newWorld(t, nil)
	aYear(t, w)
	f := w.mainForm()
	unit := w.unit("qni/so/yt")
	cells := NewCells(len(f.Cells))
	for code, v := range map[string]int64{"E04": 7, "E04.gioi.nam": 5, "E04.gioi.nu": 2, "E04.gioi.khong_biet": 0} {
		i, _ := f.Index(code)
		cells.Set(i, v)
	}
	w.report(unit, 2026, cells)
	if err := w.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	docx, _, _ := build(t, w, BuildReport{})
	word := partsOf(t, docx)["word/document.xml"]
	if strings.Contains(word, "CT.E04.gioi") || !strings.Contains(word, ">CT.E04<") {
		t.Error("the parts of a secret figure with a small cell are printed")
	}
	t2 := w.totals(TotalsQuery{Year: 2026})
	r := yearly{Totals: t2, words: w.Texts.Printer("vi"), cat: w.Catalogue}
	e04, _ := w.Catalogue.Get("E04")
	i, _ := f.Index("E04")
	part, _ := f.Index("E04.gioi.nam")
	if r.shown(e04, i) != "9" || r.shown(e04, part) != "dưới 5" {
		t.Errorf("%s, %s", r.shown(e04, i), r.shown(e04, part))
	}
}
