// SPDX-License-Identifier: Apache-2.0

package lookalike

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLikenesses(t *testing.T) {
	f := New([]string{"nganhangmau.com.vn", "thptmau.edu.vn", "congdichvumau.gov.vn", "tinmau-24.vn", "gov.vn", "http://x/"})
	for domain, want := range map[string]string{
		"nganhangmau.com.vn": "", "www.nganhangmau.com.vn": "", "mau.vn": "", "com.vn": "", "": "", "192.0.2.1": "", "hoctoan.vn": "", "nganhang.vn": "",
		"nganhangmau.top":                "ending nganhangmau.com.vn",
		"ngànhàngmau.vn":                 "letters nganhangmau.com.vn", // with tones
		"xn--ngnhangmau-0qi.com.vn":      "letters nganhangmau.com.vn", // а of the Cyrillic alphabet
		"nganhangrnau.com.vn":            "letters nganhangmau.com.vn",
		"c0ngdichvumau.vn":               "letters congdichvumau.gov.vn",
		"ngan-hang-mau.vn":               "hyphens nganhangmau.com.vn",
		"tinmau24.vn":                    "hyphens tinmau-24.vn",
		"dangnhap-nganhangmau.com":       "words nganhangmau.com.vn",
		"nganhangmauxacthuc.vn":          "words nganhangmau.com.vn",
		"thptmau2026.vn":                 "words thptmau.edu.vn",
		"login-secure-nganhangmau.xyz":   "words nganhangmau.com.vn",
		"nganhangmau.com.vn.example.top": "under nganhangmau.com.vn",
		"nganhangmau-com-vn.top":         "under nganhangmau.com.vn",
		"ngnahangmau.vn":                 "swapped nganhangmau.com.vn",
		"nganhangmsu.vn":                 "neighbour nganhangmau.com.vn",
		"nganhangmau1x.vn":               "two-typos nganhangmau.com.vn",
		"nganhagmau.vn":                  "typo nganhangmau.com.vn",
		"congdichvumaus.vn":              "typo congdichvumau.gov.vn",
		"cogdicvumau.vn":                 "two-typos congdichvumau.gov.vn",
	} {
		hits := f.Look(domain)
		got := ""
		if len(hits) > 0 {
			got = string(hits[0].Reason) + " " + hits[0].Protected
		}
		if got != want {
			t.Errorf("%s: %q, want %q", domain, got, want)
		}
	}
	if h := f.Look("login-secure-nganhangmau.xyz"); len(h) != 1 || h[0].Word != "login-secure" || h[0].Weight != weight(Words) {
		t.Errorf("%+v", h)
	}
}

func TestDistancesShareALetterLess(t *testing.T) {
	words := []string{"truongmau", "truongmua", "truogmau", "truongmauu", "tuongmau", "trvongmau", "xtruongma", "tuogmau"}
	for _, a := range words {
		for _, b := range words {
			d := distance(a, b)
			if d != distance(b, a) || d == 0 != (a == b) {
				t.Errorf("%s %s: %d", a, b, d)
			}
			if d > 2 {
				continue
			}
			shared := false
			for w := range without(a, true) {
				shared = shared || without(b, true)[w]
			}
			if !shared {
				t.Errorf("%s and %s are %d apart and share nothing", a, b, d)
			}
		}
	}
}

func lines(t *testing.T, path string) (all []string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Skip("public data beside the repository is not there: ", err)
	}
	defer file.Close()
	sc := bufio.NewScanner(file)
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		sc = bufio.NewScanner(z)
	}
	for sc.Scan() {
		if text := strings.TrimSpace(sc.Text()); text != "" && text[0] != '#' {
			all = append(all, strings.TrimPrefix(text, "."))
		}
	}
	return all
}

// TestFalseAlarmsAmongPopularNames counts how many of the most visited names of
// the world, which were not made to be taken for others, look like a protected
// one. It prints what docs/crawl.md says.
func TestFalseAlarmsAmongPopularNames(t *testing.T) {
	data := filepath.Join("..", "..", "..", "..", "shared", "data", "popular", "misp")
	popular := lines(t, filepath.Join(data, "cloudflare-top100k.txt.gz"))
	for _, set := range []struct {
		name  string
		names []string
		most  float64 // of a hundred, of weight 75 and above
	}{
		{"protected names of the product", lines(t, filepath.Join("..", "..", "schools", "data", "protected.txt")), 0.2},
		{"banks of the world", lines(t, filepath.Join(data, "bank-website.txt.gz")), 2},
	} {
		f := New(set.names)
		counts := map[Reason]int{}
		examples := map[Reason][]string{}
		heavy, any := 0, 0
		began := time.Now()
		for _, p := range popular {
			hits := f.Look(p)
			if len(hits) == 0 {
				continue
			}
			any++
			if hits[0].Weight >= 75 {
				heavy++
			}
			r := hits[0].Reason
			if counts[r]++; len(examples[r]) < 4 {
				examples[r] = append(examples[r], p+" ~ "+hits[0].Protected)
			}
		}
		took := time.Since(began)
		var told []string
		for r, n := range counts {
			told = append(told, fmt.Sprintf("%s %d (%s)", r, n, strings.Join(examples[r], ", ")))
		}
		slices.Sort(told)
		share := 100 * float64(heavy) / float64(len(popular))
		t.Logf("%s (%d) among %d popular names: %d alike (%.2f %%), %d of weight 75 and above (%.2f %%), %.0f names/s\n\t%s",
			set.name, len(f.names), len(popular), any, 100*float64(any)/float64(len(popular)), heavy, share, float64(len(popular))/took.Seconds(), strings.Join(told, "\n\t"))
		if share > set.most {
			t.Errorf("%.2f of a hundred", share)
		}
	}
}

func FuzzLook(f *testing.F) {
	f.Add("xn--ngnhangmau-0qi.com.vn")
	f.Add("a-b.c..d")
	f.Add("nganhangmau-com-vn.example")
	finder := New([]string{"nganhangmau.com.vn", "thptmau.edu.vn"})
	f.Fuzz(func(t *testing.T, domain string) {
		for _, h := range finder.Look(domain) {
			if h.Weight < 1 || h.Weight > 100 || h.Protected == h.Domain {
				t.Fatalf("%+v", h)
			}
		}
	})
}
