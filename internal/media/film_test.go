// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"errors"
	"image/jpeg"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lachan/internal/pdq"
)

// made has ffmpeg draw a film.
func made(t testing.TB, name, source string, args ...string) []byte {
	t.Helper()
	if findFFmpeg("") == "" {
		t.Skip("there is no ffmpeg on this machine (apt-get install ffmpeg)")
	}
	path := filepath.Join(t.TempDir(), name)
	all := append([]string{"-nostdin", "-v", "error", "-f", "lavfi", "-i", source}, args...)
	if out, err := exec.Command("ffmpeg", append(all, path)...).CombinedOutput(); err != nil {
		t.Skipf("this ffmpeg draws no %s: %v, %s", name, err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const moving = "testsrc2=size=640x360:rate=5:duration=5"

func TestFilm(t *testing.T) {
	x := examiner(t, Options{})
	var first []Frame
	for name, kind := range map[string]Kind{"a.mp4": MP4, "a.mov": MOV, "a.mkv": MKV, "a.webm": WebM} {
		var codec []string
		if kind != WebM {
			codec = []string{"-c:v", "mpeg4", "-q:v", "4"}
		} else {
			codec = []string{"-c:v", "libvpx", "-deadline", "realtime"}
		}
		e := examine(t, x, made(t, name, moving, codec...), Wanted{Crops: true})
		if e.Kind != kind || e.Fault != nil || len(e.Frames) < 4 || len(e.Frames) > 6 || e.Cut {
			t.Errorf("%s: %s, %d frames, %v", name, e.Kind, len(e.Frames), e.Fault)
			continue
		}
		if last := e.Frames[len(e.Frames)-1].At; last != time.Duration(len(e.Frames)-1)*time.Second {
			t.Errorf("%s: the last frame is at %s", name, last)
		}
		m, err := jpeg.Decode(bytes.NewReader(e.Preview))
		if err != nil || m.Bounds().Dx() != PreviewSide || m.Bounds().Dy() != 360 {
			t.Errorf("%s: a poster of %v, %v", name, m.Bounds(), err)
		}
		if !e.Prints.Full.Usable() || len(e.Prints.ToAsk()) < 8 || len(e.Prints.ToBank()) != 8 {
			t.Errorf("%s: %+v", name, e.Prints)
		}
		if first == nil {
			first = e.Frames
		} else if share := FilmMatch(e.Frames, first); share < FilmShare {
			t.Errorf("%s: %.2f of the same film in another container", name, share)
		}
	}
	// The same film, smaller and worse, and another.
	same := examine(t, x, made(t, "b.mp4", moving+",scale=480:270", "-c:v", "mpeg4", "-q:v", "15"), Wanted{})
	other := examine(t, x, made(t, "c.mp4", "mandelbrot=size=320x240:rate=5", "-t", "5", "-c:v", "mpeg4", "-q:v", "4"), Wanted{})
	t.Logf("the same %.2f, another %.2f", FilmMatch(same.Frames, first), FilmMatch(other.Frames, first))
	if share := FilmMatch(same.Frames, first); share < FilmShare {
		t.Errorf("%.2f of the same film were found", share)
	}
	if share := FilmMatch(other.Frames, first); share >= FilmShare || len(other.Frames) < 4 {
		t.Errorf("%.2f of another film were found", share)
	}
}

func TestFilmIsCut(t *testing.T) {
	x := examiner(t, Options{Frames: 3})
	long := made(t, "a.mp4", moving, "-c:v", "mpeg4")
	e := examine(t, x, long, Wanted{})
	if e.Fault != nil || len(e.Frames) != 3 || !e.Cut {
		t.Errorf("%d frames, %v, %v", len(e.Frames), e.Cut, e.Fault)
	}
	// A film that ends in the middle of its bytes shows what it has; one that has
	// lost its table shows nothing; each has its digests.
	webm := made(t, "a.webm", moving, "-c:v", "libvpx", "-deadline", "realtime")
	if e := examine(t, x, webm[:len(webm)*3/4], Wanted{}); e.Fault != nil || len(e.Frames) == 0 {
		t.Errorf("three quarters: %d frames, %v", len(e.Frames), e.Fault)
	}
	if e := examine(t, x, long[:len(long)/2], Wanted{}); e.Fault == nil || e.Fault.Code != "pdq/damaged" {
		t.Errorf("half of an MP4: %v", e.Fault)
	}
}

func TestFilmTooSlow(t *testing.T) {
	x := examiner(t, Options{Deadline: 50 * time.Millisecond})
	long := made(t, "a.mp4", "testsrc2=size=1280x720:rate=25:duration=12", "-c:v", "mpeg4", "-q:v", "8", "-g", "300")
	begun := time.Now()
	e := examine(t, x, long, Wanted{})
	if took := time.Since(begun); took > 6*time.Second {
		t.Errorf("after %s", took)
	}
	// Where it was ended after the first frames, those are there.
	if e.Fault == nil || e.Fault.Code != "media/too-slow" {
		t.Errorf("%d frames, %v", len(e.Frames), e.Fault)
	}
}

// A file that makes a player fetch something makes ffmpeg fetch nothing: it is
// told what the file is, and the fence has no network and no other file.
func TestFilmReachesNothing(t *testing.T) {
	x := examiner(t, Options{})
	secret := filepath.Join(t.TempDir(), "secret.mp4")
	film := made(t, "a.mp4", moving, "-c:v", "mpeg4")
	if err := os.WriteFile(secret, film, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{
		"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://" + secret + "\n#EXT-X-ENDLIST\n",
		"ffconcat version 1.0\nfile '" + secret + "'\n",
	} {
		// With a head that makes it a film, since it would not be looked at else.
		e := examine(t, x, []byte("\x1a\x45\xdf\xa3webm\n"+list), Wanted{})
		if e.Fault == nil || len(e.Frames) > 0 {
			t.Errorf("%d frames of another file", len(e.Frames))
		}
	}
	// ffmpeg itself, asked for the file by name, is refused it.
	var out bytes.Buffer
	file, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	e := Exam{Kind: MP4}
	if err := x.enter(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { <-x.slots }()
	err = x.ffmpegRun(t.Context(), file, &e, 5*time.Second, []string{"-i", secret}, []string{"-frames:v", "1", "-f", "rawvideo"}, readInto(&out))
	if err == nil || !strings.Contains(err.Error(), "ermission denied") || out.Len() > 0 {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
}

func TestReadPPM(t *testing.T) {
	good := "P6\n2 1\n255\nabcdef"
	if p, err := readPPM(strings.NewReader(good)); err != nil || p.wide != 2 || p.high != 1 || string(p.rgb) != "abcdef" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, bad := range []string{"", "P5\n2 1\n255\nab", "P6\n2 1\n65535\nabcdef", "P6\n0 1\n255\n", "P6\n-2 1\n255\nabcdef", "P6\n99999999 99999999\n255\n", good[:len(good)-1]} {
		if _, err := readPPM(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	if _, err := readPPM(strings.NewReader("P6\n641 1\n255\n")); !errors.Is(err, errWire) {
		t.Error(err)
	}
}

func TestFilmMatch(t *testing.T) {
	frame := func(word uint64, quality int) Frame {
		return Frame{Print: pdq.Print{Hash: pdq.Hash{word, 1}, Quality: quality}}
	}
	near, far := frame(1<<31-1, 50), frame(1<<32-1, 50) // 31 and 32 bits from frame(0)
	for _, c := range []struct {
		query, known []Frame
		share        float64
	}{
		{nil, nil, 0},
		{[]Frame{near}, nil, 0},
		{[]Frame{near}, []Frame{frame(0, 50)}, 1},
		{[]Frame{far}, []Frame{frame(0, 50)}, 0},
		{[]Frame{near}, []Frame{frame(0, 49)}, 0},
		{[]Frame{frame(0, 49), near}, []Frame{frame(0, 50)}, 1},
		{[]Frame{near, far, far, near}, []Frame{frame(0, 50), frame(1<<40, 50)}, 0.5},
		{[]Frame{near}, []Frame{frame(^uint64(0), 100), frame(0, 100), frame(0, 100)}, 1}, // much of the known is missing
	} {
		if got := FilmMatch(c.query, c.known); got != c.share {
			t.Errorf("%v in %v: %.2f, not %.2f", c.query, c.known, got, c.share)
		}
	}
}

func readInto(out *bytes.Buffer) func(io.Reader) error {
	return func(r io.Reader) error {
		_, err := out.ReadFrom(r)
		return err
	}
}
