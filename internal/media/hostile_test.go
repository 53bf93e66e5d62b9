// SPDX-License-Identifier: Apache-2.0

//go:build linux

package media

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lachan/internal/testkit"
)

// watch keeps the most memory that any process held which this one started, and
// ends with the test.
func watch(t *testing.T) (peak func() int64) {
	t.Helper()
	var most atomic.Int64
	look := func() {
		for pid := range childrenOfThis() {
			most.Store(max(most.Load(), statusBytes(pid, "VmHWM:")))
		}
	}
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(3 * time.Millisecond):
				look()
			}
		}
	}()
	return func() int64 { look(); return most.Load() }
}

// childrenOfThis are the processes that this one started, from all its threads.
func childrenOfThis() map[string]bool {
	all := map[string]bool{}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil
	}
	for _, thread := range threads {
		list, _ := os.ReadFile("/proc/self/task/" + thread.Name() + "/children")
		for _, pid := range strings.Fields(string(list)) {
			all[pid] = true
		}
	}
	return all
}

// statusBytes is a line in kB of a process's status, in bytes; 0 if it is gone.
func statusBytes(pid, line string) int64 {
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), line)
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(fields[0], 10, 64)
	return kilobytes << 10
}

// hostile is an examiner with little of everything, and what holds for each of
// its answers.
type hostile struct {
	*Examiner
	memory  int64
	longest time.Duration
	faults  map[string]int
	peak    func() int64
}

func newHostile(t *testing.T, memory int64) *hostile {
	t.Helper()
	if testkit.Race {
		t.Skip("what only computes is run whole without the race detector, and with limits on memory")
	}
	return &hostile{examiner(t, Options{Workers: 1, Memory: memory, Deadline: 5 * time.Second}), memory, 0, map[string]int{}, watch(t)}
}

func (x *hostile) try(t *testing.T, name string, data []byte) Exam {
	t.Helper()
	begun := time.Now()
	e := examine(t, x.Examiner, data, Wanted{})
	x.longest = max(x.longest, time.Since(begun))
	code := "seen"
	if e.Fault != nil {
		code = e.Fault.Code
		if code != "media/unknown-kind" && code != "media/no-decoder" && code != "media/no-films" && code != "media/fell" && !slices.Contains(faults, code) {
			t.Errorf("%s: %v", name, e.Fault)
		}
		if code == "media/fell" || code == "media/too-heavy" || code == "media/too-slow" {
			t.Logf("%s: %v after %s", name, e.Fault, time.Since(begun).Round(time.Millisecond))
		}
	}
	x.faults[code]++
	return e
}

// done says that time and memory stayed within their bounds, and that the next
// picture is seen as if nothing had been.
func (x *hostile) done(t *testing.T) {
	t.Helper()
	if e := x.try(t, "a good one", encoded(t, scene(9, 120, 90))[PNG]); e.Fault != nil {
		t.Errorf("after all that, a good one: %v", e.Fault)
	}
	t.Logf("%v; the longest took %s, the most memory was %d MB", x.faults, x.longest.Round(time.Millisecond), x.peak()>>20)
	if most := x.opts.Deadline + graceTime + time.Second; x.longest > most {
		t.Errorf("an exam took %s", x.longest)
	}
	// What Go reserves and uses beside the memory that it is let.
	const beside = 64 << 20
	if x.peak() > x.memory+beside {
		t.Errorf("a child held %d MB of %d", x.peak()>>20, x.memory>>20)
	}
}

// Public files that were made to break decoders, and cameras' own.
func TestMalformedCorpora(t *testing.T) {
	x := newHostile(t, 512<<20)
	for _, name := range []string{"image-rs.tgz", "exif-samples-half.tgz"} {
		f, err := os.Open("../../../shared/data/images/" + name)
		if err != nil {
			t.Skip("the public pictures are not beside the repository")
		}
		defer f.Close()
		packed, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		for files := tar.NewReader(packed); ; {
			file, err := files.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if file.Typeflag != tar.TypeReg {
				continue
			}
			data, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			x.try(t, path.Base(file.Name), data)
		}
	}
	if x.faults["seen"] < 60 {
		t.Errorf("only %d pictures were seen", x.faults["seen"])
	}
	x.done(t)
}

// Each kind cut, with bits turned, and with numbers in its head made huge.
func TestMutations(t *testing.T) {
	x := newHostile(t, 512<<20)
	good := encoded(t, scene(7, 61, 47))
	r := rand.New(rand.NewPCG(18, 8))
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	for _, kind := range slices.Sorted(maps.Keys(good)) {
		data, rounds := good[kind], rounds
		if kind == AVIF { // each fault costs a child, and the next compiles its decoder
			rounds /= 4
		}
		for i := range rounds {
			x.try(t, fmt.Sprintf("%s cut %d", kind, i), data[:r.IntN(len(data))])
			turned := bytes.Clone(data)
			for range 1 + r.IntN(8) {
				turned[r.IntN(len(turned))] ^= 1 << r.IntN(8)
			}
			x.try(t, fmt.Sprintf("%s turned %d", kind, i), turned)
			huge := bytes.Clone(data)
			at := 8 + r.IntN(min(len(huge), 200)-12)
			copy(huge[at:], [][]byte{{0xff, 0xff, 0xff, 0xff}, {0x7f, 0xff, 0xff, 0xff}, {0, 0, 0, 0}, {0xff, 0xff, 0, 0}}[r.IntN(4)])
			x.try(t, fmt.Sprintf("%s huge %d", kind, i), huge)
		}
		x.try(t, string(kind)+" longer", append(bytes.Clone(data), make([]byte, 1<<20)...))
	}
	x.done(t)
}

// Files of a few kilobytes that claim, or hold, a picture that nobody can.
func TestBombs(t *testing.T) {
	x := newHostile(t, 512<<20)
	good := encoded(t, scene(7, 61, 47))
	claim := func(kind Kind, at int, bytesThere ...byte) []byte {
		data := bytes.Clone(good[kind])
		copy(data[at:], bytesThere)
		return data
	}
	startOfFrame := bytes.Index(good[JPEG], []byte("\xff\xc0")) + 5
	ispe := bytes.Index(good[AVIF], []byte("ispe")) + 8
	lies := map[string][]byte{
		"PNG of 50000 by 50000":       pngOf(50000, 50000, 8, 2, nil),
		"PNG of 2³¹-1 by 1":           pngOf(1<<31-1, 1, 8, 2, nil),
		"JPEG of 65500 by 65500":      claim(JPEG, startOfFrame, 0xff, 0xdc, 0xff, 0xdc),
		"GIF of 65535 by 65535":       claim(GIF, 6, 0xff, 0xff, 0xff, 0xff),
		"BMP of 60000 by 60000":       claim(BMP, 18, 0x60, 0xea, 0, 0, 0x60, 0xea, 0, 0),
		"BMP of 2³¹-1 by -2³¹":        claim(BMP, 18, 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0x80),
		"WebP of 16384 by 16384":      []byte("RIFF\x1e\x00\x00\x00WEBPVP8L\x11\x00\x00\x00\x2f\xff\xff\xff\x0f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"AVIF of 65535 by 65535":      claim(AVIF, ispe, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff),
		"AVIF of 7000 by 7000":        claim(AVIF, ispe, 0, 0, 0x1b, 0x58, 0, 0, 0x1b, 0x58),
		"AVIF of 2³²-1 by 2³²-1":      claim(AVIF, ispe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"AVIF, a grid of 256 by 256":  gridAVIF(),
		"TIFF of 60000 by 60000":      tiffOf(60000, 60000, 1, 1),
		"TIFF with 2³² strips":        tiffOf(1000, 1000, 1, 1<<32-1),
		"TIFF whose rows are no rows": tiffOf(7000, 7000, 1<<32-1, 1<<20),
	}
	for name, data := range lies {
		if e := x.try(t, name, data); e.Fault == nil {
			t.Errorf("%s: seen, %d by %d", name, e.Width, e.Height)
		}
	}
	// Within the limit of pixels, and nothing but zeros: a few hundred kilobytes
	// become 49 MB, or 392 MB.
	for name, data := range map[string][]byte{
		"PNG of 49 megapixels, grey":            pngOf(7000, 7000, 8, 0, zeros(7000*(7000+1))),
		"PNG of 49 megapixels, 64 bits each":    pngOf(7000, 7000, 16, 6, zeros(7000*(7000*8+1))),
		"PNG that goes on after its last pixel": pngOf(10, 10, 8, 0, zeros(1<<30)),
		"GIF of 10,000 frames":                  gifOf(10_000),
	} {
		x.try(t, name, data)
	}
	x.done(t)
}

func chunk(out *bytes.Buffer, kind string, body []byte) {
	out.Write(binary.BigEndian.AppendUint32(nil, uint32(len(body))))
	sum := crc32.NewIEEE()
	both := io.MultiWriter(out, sum)
	io.WriteString(both, kind)
	both.Write(body)
	out.Write(sum.Sum(nil))
}

// pngOf is a PNG with the size of head and the packed pixels.
func pngOf(w, h uint32, depth, colour byte, packed []byte) []byte {
	var out bytes.Buffer
	out.WriteString("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	chunk(&out, "IHDR", append(head, depth, colour, 0, 0, 0))
	if packed == nil {
		packed = zeros(100)
	}
	chunk(&out, "IDAT", packed)
	chunk(&out, "IEND", nil)
	return out.Bytes()
}

// zeros are n of them, packed.
func zeros(n int) []byte {
	var out bytes.Buffer
	w, _ := zlib.NewWriterLevel(&out, zlib.BestSpeed)
	block := make([]byte, 1<<20)
	for ; n > 0; n -= len(block) {
		w.Write(block[:min(n, len(block))])
	}
	w.Close()
	return out.Bytes()
}

func gifOf(frames int) []byte {
	g := gif.GIF{Config: image.Config{Width: 1000, Height: 1000}}
	colours := color.Palette{color.Black, color.White}
	for range frames {
		g.Image, g.Delay = append(g.Image, image.NewPaletted(image.Rect(0, 0, 8, 8), colours)), append(g.Delay, 0)
	}
	var out bytes.Buffer
	if err := gif.EncodeAll(&out, &g); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// tiffOf is the directory of a grey TIFF whose strips lie nowhere.
func tiffOf(w, h, rows, strips uint32) []byte {
	out := []byte("II*\x00\x08\x00\x00\x00")
	le := binary.LittleEndian
	entries := [][4]uint32{
		{256, 4, 1, w},
		{257, 4, 1, h},
		{258, 3, 1, 8},
		{259, 3, 1, 1},
		{262, 3, 1, 1},
		{273, 4, strips, 8},
		{277, 3, 1, 1},
		{278, 4, 1, rows},
		{279, 4, strips, 8},
	}
	out = le.AppendUint16(out, uint16(len(entries)))
	for _, e := range entries {
		out = le.AppendUint16(out, uint16(e[0]))
		out = le.AppendUint16(out, uint16(e[1]))
		out = le.AppendUint32(out, e[2])
		out = le.AppendUint32(out, e[3])
	}
	return append(out, make([]byte, 64)...)
}

func isoBox(kind string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), kind...), body...)
}

// gridAVIF is the head of a picture of 65535 by 65535 that is said to be made of
// 65,536 others.
func gridAVIF() []byte {
	full := []byte{0, 0, 0, 0}
	grid := []byte{0, 0, 255, 255, 0xff, 0xff, 0xff, 0xff}
	refs := append([]byte{0, 1}, 0xff, 0xff)
	for i := range 65535 {
		refs = binary.BigEndian.AppendUint16(refs, uint16(2+i%100))
	}
	properties := isoBox("ipco", isoBox("ispe", full, []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff}), isoBox("pixi", full, []byte{3, 8, 8, 8}), isoBox("av1C", []byte{0x81, 0, 0x0c, 0}))
	items, placed, has := []byte{0, 101}, []byte{0x44, 0, 0, 101}, binary.BigEndian.AppendUint32(nil, 101)
	for id := range uint16(101) {
		kind := "av01"
		if id == 0 {
			kind = "grid"
		}
		items = append(items, isoBox("infe", []byte{2, 0, 0, 0, 0, byte(id + 1), 0, 0}, []byte(kind), []byte{0})...)
		placed = append(placed, 0, byte(id+1), 0, 0, 0, 1, 0, 0, 0, 40, 0, 0, 0, 8)
		has = append(has, 0, byte(id+1), 3, 1, 2, 3)
	}
	meta := isoBox("meta", full,
		isoBox("hdlr", full, []byte("\x00\x00\x00\x00pict\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")),
		isoBox("pitm", full, []byte{0, 1}), isoBox("iloc", full, placed), isoBox("iinf", full, items),
		isoBox("iref", full, isoBox("dimg", refs)), isoBox("iprp", properties, isoBox("ipma", full, has)))
	return slices.Concat(isoBox("ftyp", []byte("avif\x00\x00\x00\x00avifmif1miaf")), isoBox("free", grid), meta)
}
