// SPDX-License-Identifier: Apache-2.0

package detection_test

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"

	"lachan/duty/detection"
	"lachan/internal/media"
)

// TestAFileIsBrought: what an officer has is opened in the fence, known again by
// its pixels, one item however often it comes; what cannot be opened is known by
// its file.
func TestAFileIsBrought(t *testing.T) {
	examiner, err := media.New(media.Options{Workers: 1, FFmpeg: "-"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := examiner.Close(); err != nil {
			t.Error(err)
		}
	})
	w := newWorld(t, func(d *detection.Deps) { d.Examiner = examiner })
	a := w.an()
	w.ok(w.AddBank(w.ctx, a, detection.Bank{Name: "SAMPLE", Label: "gambling", Severity: 3, Permille: 1000}))
	_, err = w.AddContent(w.ctx, a, detection.Content{Bank: "SAMPLE", Signals: []detection.Signal{{Type: "pdq", Value: picture(t, 5).Hash.String()}}})
	w.ok(err)
	file := func(seed, quality int) []byte {
		var b bytes.Buffer
		w.ok(jpeg.Encode(&b, scene(seed, 400), &jpeg.Options{Quality: quality}))
		return b.Bytes()
	}
	bring := func(data []byte, c detection.BringCommand) detection.Found {
		t.Helper()
		found, err := w.Bring(w.ctx, a, bytes.NewReader(data), c)
		w.ok(err)
		return found
	}
	known := bring(file(5, 60), detection.BringCommand{Words: "Bạn trong lớp gửi"})
	if !known.Fresh || known.Judged.Tier != detection.High || known.Judged.Reasons[0].Ref != "SAMPLE" {
		t.Fatalf("found %+v", known)
	}
	if again := bring(file(5, 60), detection.BringCommand{}); again.Fresh || again.Item != known.Item {
		t.Fatalf("doubled: %+v", again)
	}
	fresh := bring(file(6, 60), detection.BringCommand{Address: "https://mau.example/hinh.jpg"})
	if !fresh.Fresh || fresh.Judged.Reasons[0].Code != "brought" {
		t.Fatalf("found %+v", fresh)
	}
	damaged := bring(file(7, 60)[:400], detection.BringCommand{})
	w.ok(w.Take(w.ctx, a, damaged.Item))
	v, err := w.Open(w.ctx, a, w.u(a), damaged.Item)
	if w.ok(err); len(v.Pictures) != 1 || v.Pictures[0].Kept {
		t.Fatalf("a damaged picture: %+v", v.Pictures)
	}
	_, err = w.Bring(w.ctx, a, strings.NewReader("no picture at all"), detection.BringCommand{})
	wants(t, err, "media/unknown-kind")
	_, err = w.Bring(w.ctx, a, bytes.NewReader(file(8, 60)), detection.BringCommand{Address: "file:///etc/passwd"})
	wants(t, err, "input/faulty")
	_, err = w.Bring(w.ctx, system(), bytes.NewReader(file(8, 60)), detection.BringCommand{})
	wants(t, err, "authz/forbidden")
}
