// SPDX-License-Identifier: Apache-2.0

package officedoc

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"lachan/internal/locale"
)

func sample() Document {
	return Document{
		Superior: "UBND tỉnh mẫu", Agency: "Sở mẫu", Symbol: "BC", Place: "Nơi mẫu", Year: 2026, Type: "Báo cáo", Subject: "Kết quả mẫu",
		Title: "Kết quả <mẫu> & thử", Signature: Signature{Authority: "TM. Ủy ban nhân dân", Position: "Chủ tịch"}, Recipients: []string{"Nơi một", "Lưu: VT"},
		Body: []Block{
			Heading{1, "I. Mục"},
			Paragraph{Text: "Chữ <lạ> & \x01\"dấu\"", Bullet: true},
			Table{Head: []string{"A", "B"}, Rows: [][]string{{"a", "1"}, {"b"}}, Weights: []int{2, 1}, Numbers: []bool{false, true}, Strong: []bool{true}},
		},
		Annex: []Block{Paragraph{Text: "PHỤ LỤC", Bold: true, Centre: true}}, Note: "Bản số 1",
	}
}

func vietnamese(t *testing.T) *locale.Printer {
	t.Helper()
	texts, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return texts.Printer("vi")
}

func parts(t *testing.T, raw []byte) map[string]string {
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
				t.Fatalf("%s is not well formed: %v", f.Name, err)
			}
		}
	}
	return out
}

// The layout of Decree 30/2020/NĐ-CP, annex I.
func TestDocxHasThePrescribedLayout(t *testing.T) {
	var a, b bytes.Buffer
	for _, w := range []io.Writer{&a, &b} {
		if err := WriteDocx(w, vietnamese(t), sample()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same document gave different bytes")
	}
	p := parts(t, a.Bytes())
	doc := p["word/document.xml"]
	for what, want := range map[string]string{
		"A4 upright":             `<w:pgSz w:w="11906" w:h="16838"/>`,
		"A4 landscape annex":     `<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>`,
		"margins 20/15/20/30 mm": `<w:pgMar w:top="1134" w:right="851" w:bottom="1134" w:left="1701"`,
		"no number on page one":  `<w:titlePg/>`,
		"state":                  "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
		"agency in capitals":     "SỞ MẪU",
		"authority":              "TM. ỦY BAN NHÂN DÂN",
		"text is escaped":        `Chữ &lt;lạ&gt; &amp; &quot;dấu&quot;`,
		"head of table repeats":  `<w:tblHeader/>`,
	} {
		if !strings.Contains(doc, want) {
			t.Errorf("%s: no %s", what, want)
		}
	}
	if strings.Count(doc, "<w:titlePg/>") != 1 {
		t.Error("only the first page of the document is without a number")
	}
	if !strings.Contains(p["word/styles.xml"], "Times New Roman") || !strings.Contains(p["word/header1.xml"], " PAGE ") {
		t.Error("font or page number is missing")
	}
	// Every part that is referred to is there, and has a type.
	for _, name := range []string{"word/styles.xml", "word/settings.xml", "word/header1.xml", "word/document.xml", "docProps/core.xml"} {
		if _, ok := p[name]; !ok || !strings.Contains(p["[Content_Types].xml"], `"/`+name+`"`) {
			t.Errorf("%s is missing or has no type", name)
		}
	}
}

func TestXlsxReadsBackAndIsStable(t *testing.T) {
	book := Workbook{Title: "Mẫu", Sheets: []Sheet{
		{
			Name: "Số liệu", Title: []string{"Tên"}, Head: []string{"A", "B", "C"}, Widths: []float64{10, 10, 10},
			Rows: [][]Value{{Text("=1+1"), Number(1234567), Percent(0.5)}, {Text("b"), Number(0), Text("")}}, Strong: []bool{true},
		},
		{Name: "Hai", Head: []string{"A"}, Portrait: true},
	}}
	var first []byte
	for range 20 {
		var b bytes.Buffer
		if err := WriteXlsx(&b, book); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = bytes.Clone(b.Bytes())
		}
		if !bytes.Equal(first, b.Bytes()) {
			t.Fatal("the same workbook gave different bytes")
		}
	}
	parts(t, first)
	f, err := excelize.OpenReader(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("Số liệu")
	if err != nil || len(rows) != 4 || rows[2][0] != "=1+1" || rows[2][1] != "1,234,567" || rows[2][2] != "50.00%" {
		t.Errorf("%v %v", rows, err)
	}
	if formula, err := f.GetCellFormula("Số liệu", "A3"); err != nil || formula != "" {
		t.Errorf("a text became the formula %q", formula)
	}
}

// LibreOffice, where it is installed, opens both without repair.
func TestLibreOfficeOpensBoth(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice is not installed")
	}
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := t.TempDir()
	var word, sheet bytes.Buffer
	if err := WriteDocx(&word, vietnamese(t), sample()); err != nil {
		t.Fatal(err)
	}
	if err := WriteXlsx(&sheet, Workbook{Sheets: []Sheet{{Name: "A", Head: []string{"x"}, Rows: [][]Value{{Number(1)}}}}}); err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{"a.docx": word.Bytes(), "b.xlsx": sheet.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(office, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to", "pdf", "--outdir", dir,
		filepath.Join(dir, "a.docx"), filepath.Join(dir, "b.xlsx")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range []string{"a.pdf", "b.pdf"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
