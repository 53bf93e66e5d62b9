// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"lachan/internal/pdq"
)

// honest is an answer that holds for q, and its pixels.
func honest() (question, answer, []byte) {
	q := question{Kind: PNG, Size: 100, Pixels: 10_000, Within: time.Second}
	one := print{strings.Repeat("0f", 32), 77}
	a := answer{Width: 100, Height: 90, Full: one, Within: one, Variants: []print{one, one, one, one, one, one, one, one}, Wide: 4, High: 2}
	return q, a, bytes.Repeat([]byte{1, 2, 3}, 8)
}

// A child that was taken over says what it likes.
func TestAnswersAreNotTrusted(t *testing.T) {
	q, a, small := honest()
	var e Exam
	if err := a.into(&e, q, small); err != nil || e.Width != 100 || e.Prints.Full.Quality != 77 || len(e.Preview) == 0 {
		t.Fatalf("%+v, %v", e, err)
	}
	for what, change := range map[string]func(*answer){
		"a code of its own":       func(a *answer) { a.Code = "casework/closed" },
		"a code with pixels":      func(a *answer) { a.Code = "pdq/damaged" },
		"no width":                func(a *answer) { a.Width = 0 },
		"a height below nothing":  func(a *answer) { a.Height = -90 },
		"more pixels than let":    func(a *answer) { a.Width = 200 },
		"a side nobody decodes":   func(a *answer) { a.Width, a.Height = 1<<16, 1 },
		"sides that overflow":     func(a *answer) { a.Width, a.Height = 1<<32, 1<<32 },
		"quality above 100":       func(a *answer) { a.Full.Quality = 101 },
		"quality below 0":         func(a *answer) { a.Within.Quality = -1 },
		"no hash":                 func(a *answer) { a.Full.Hash = "" },
		"a hash that is none":     func(a *answer) { a.Variants[3].Hash = strings.Repeat("x", 64) },
		"seven variants":          func(a *answer) { a.Variants = a.Variants[:7] },
		"nine variants":           func(a *answer) { a.Variants = append(a.Variants, a.Full) },
		"one inside a border":     func(a *answer) { a.Inner = []print{a.Full} },
		"a false one in a border": func(a *answer) { a.Inner = append(a.Variants[:7:7], print{}) },
		"crops without end":       func(a *answer) { a.Crops = make([]print, mostCrops+1) },
		"a false crop":            func(a *answer) { a.Crops = []print{{}} },
		"no preview":              func(a *answer) { a.Wide, a.High = 0, 0 },
		"a preview of other size": func(a *answer) { a.Wide++ },
	} {
		q, a, small := honest()
		change(&a)
		var e Exam
		if err := a.into(&e, q, small); !errors.Is(err, errWire) && !strings.Contains(what, "hash") || err == nil {
			t.Errorf("%s: %v", what, err)
		}
		if e.Fault != nil || e.Preview != nil || e.Width != 0 && e.Prints.Full == (pdq.Print{}) {
			t.Errorf("%s: %+v", what, e)
		}
	}
}

func TestReceiveIsBounded(t *testing.T) {
	for what, said := range map[string][]byte{
		"half a length":             {0, 0},
		"a length beyond the bound": binary.BigEndian.AppendUint32(nil, mostJSON+1),
		"less than it says":         append(binary.BigEndian.AppendUint32(nil, 10), "{}"...),
		"no JSON":                   append(binary.BigEndian.AppendUint32(nil, 2), "xx"...),
	} {
		if _, _, err := receiveAnswer(bytes.NewReader(said)); !errors.Is(err, errWire) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, side := range []string{`{"wide":641,"high":1}`, `{"wide":-1,"high":-1}`, `{"wide":1,"high":1}`} {
		said := append(binary.BigEndian.AppendUint32(nil, uint32(len(side))), side...)
		if _, _, err := receiveAnswer(bytes.NewReader(said)); !errors.Is(err, errWire) {
			t.Errorf("%s: %v", side, err)
		}
	}
	if err := send(new(bytes.Buffer), strings.Repeat("a", mostJSON)); !errors.Is(err, errWire) {
		t.Error(err)
	}
}

func said(t testing.TB, message any, rest ...byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := send(&out, message); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), rest...)
}

// FuzzAnswer: whatever a child writes, an exam comes out that holds what a page
// may show, or an error does.
func FuzzAnswer(f *testing.F) {
	q, a, small := honest()
	f.Add(said(f, a, small...))
	f.Add(said(f, answer{Code: "pdq/too-many-pixels", Width: 9, Height: 9}))
	f.Add(said(f, answer{Code: "media/too-slow"}))
	f.Add(binary.BigEndian.AppendUint32(nil, 1<<31))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, small, err := receiveAnswer(bytes.NewReader(data))
		if err != nil {
			return
		}
		var e Exam
		if err := a.into(&e, q, small); err != nil {
			return
		}
		if (e.Fault == nil) == (len(e.Preview) == 0) {
			t.Fatalf("%+v", e)
		}
		if e.Fault == nil && (decodeJPEG(t, e.Preview).Dx() > PreviewSide || int64(e.Width)*int64(e.Height) > q.Pixels) {
			t.Fatalf("%+v", e)
		}
	})
}

// FuzzServe: whatever a parent writes, a child answers what is a question and
// ends with an error at what is none.
func FuzzServe(f *testing.F) {
	pictures := encoded(f, scene(4, 20, 16))
	delete(pictures, AVIF) // a third of a second each
	for kind, data := range pictures {
		q := question{Kind: kind, Size: int64(len(data)), Pixels: 10_000, Within: time.Second}
		f.Add(append(said(f, q, data...), said(f, q, data...)...))
	}
	f.Add(said(f, question{Size: -1}))
	f.Add(said(f, question{Size: 1 << 40}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("avif")) {
			return
		}
		var out bytes.Buffer
		err := serve(bytes.NewReader(bounded(data)), &out, &eyes{memory: 64 << 20})
		if err != nil && !errors.Is(err, errWire) {
			t.Fatal(err)
		}
		for in := bytes.NewReader(out.Bytes()); in.Len() > 0; {
			if _, _, err := receiveAnswer(in); err != nil {
				t.Fatalf("an answer that is none: %v", err)
			}
		}
	})
}

// bounded keeps the fuzzer from asking for pictures that take seconds: the first
// question lets it few pixels.
func bounded(data []byte) []byte {
	var q question
	r := bytes.NewReader(data)
	if receive(r, &q) != nil || q.Pixels <= 10_000 && q.Within <= time.Second {
		return data
	}
	q.Pixels, q.Within = 10_000, time.Second
	body, err := json.Marshal(q)
	if err != nil {
		return nil
	}
	rest := data[len(data)-r.Len():]
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...), rest...)
}

// FuzzSee: the decoders of a child on anything, within small limits.
func FuzzSee(f *testing.F) {
	for _, data := range encoded(f, scene(4, 20, 16)) {
		f.Add(data)
	}
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"))
	all := &eyes{memory: 128 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		q := question{Kind: KindOf(data), Size: int64(len(data)), Pixels: 1 << 18, Within: 10 * time.Second}
		if q.Kind == Unknown || q.Kind == HEIC || q.Kind.Film() {
			return
		}
		a, small := all.see(q, data)
		var e Exam
		if err := a.into(&e, q, small); err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
		if e.Fault != nil && e.Fault.Code == "media/too-slow" {
			t.Fatal("too slow for a quarter of a megapixel")
		}
	})
}

// FuzzExamine: the whole way, through children. No file ends in an error, and
// none takes a decoder longer than it is let.
func FuzzExamine(f *testing.F) {
	for _, data := range encoded(f, scene(4, 20, 16)) {
		f.Add(data)
	}
	f.Add([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"))
	x := examiner(f, Options{Workers: 1, Pixels: 1 << 20, Memory: 256 << 20, FFmpeg: "-"})
	f.Fuzz(func(t *testing.T, data []byte) {
		e := examine(t, x, data, Wanted{})
		if e.Fault != nil && (e.Fault.Code == "media/fell" || e.Fault.Code == "media/too-slow") {
			t.Fatalf("%s: %v", e.Kind, e.Fault)
		}
	})
}

func FuzzKindOf(f *testing.F) {
	for _, head := range []string{"", "\xff\xd8\xff", "\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1", "\x1a\x45\xdf\xa3webm", "\x00\x00\x00\x08moov", "RIFF0000WEBP"} {
		f.Add([]byte(head))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		k := KindOf(data)
		if k == "" || len(data) > headSize && KindOf(data[:headSize]) != k {
			t.Fatalf("%q", k)
		}
		if o := orientation(JPEG, data); o < 1 || o > 8 {
			t.Fatal(o)
		}
		if o := orientation(TIFF, data); o < 1 || o > 8 {
			t.Fatal(o)
		}
	})
}
