// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"lachan/internal/media/fence"
	"lachan/internal/pdq"
	"lachan/internal/problem"
)

// filmTimes is how many times as long as a picture a film may take.
const filmTimes = 6

// within64 is the side of the frames that are hashed, as pdq.Hasher.Frame
// takes them.
const within64 = 64

// findFFmpeg is the path of the program, or "" where there is none.
func findFFmpeg(path string) string {
	if path == "-" {
		return ""
	}
	if path == "" {
		path = "ffmpeg"
	}
	found, err := exec.LookPath(path)
	if err != nil {
		return ""
	}
	// Inside the fence the program may open itself, and no link that leads to it.
	if found, err = filepath.EvalSymlinks(found); err != nil {
		return ""
	}
	if found, err = filepath.Abs(found); err != nil {
		return ""
	}
	return found
}

// demuxer is the part of ffmpeg that reads a kind. It is named, so that a file
// cannot choose another: a playlist that asks for files or addresses.
func demuxer(k Kind) string {
	if k == WebM || k == MKV {
		return "matroska"
	}
	return "mov"
}

// film has ffmpeg look at f, once for frames and once for a poster.
func (x *Examiner) film(ctx context.Context, f *os.File, w Wanted, e *Exam) error {
	err := x.ffmpegRun(ctx, f, e, filmTimes*x.opts.Deadline, []string{"-noautorotate"}, []string{
		"-t", strconv.Itoa(x.opts.Frames + 1), "-frames:v", strconv.Itoa(x.opts.Frames + 1),
		"-vf", fmt.Sprintf("fps=1,scale=%d:%[1]d", within64), "-f", "rawvideo", "-pix_fmt", "gray",
	}, func(r io.Reader) error { return e.frames(r, x.opts.Frames) })
	if err != nil && len(e.Frames) == 0 {
		return e.orFault(ctx, err)
	}
	e.Cut = e.Cut || err != nil
	if len(e.Frames) == 0 {
		e.Fault = problem.New("pdq/damaged")
		return nil
	}
	var poster raster
	err = x.ffmpegRun(ctx, f, e, x.opts.Deadline, []string{"-ss", strconv.FormatFloat(posterAt(e.Frames).Seconds(), 'f', 3, 64)}, []string{
		"-frames:v", "1", "-vf", fmt.Sprintf("scale=w='min(%d,iw)':h='min(%[1]d,ih)':force_original_aspect_ratio=decrease", PreviewSide),
		"-f", "image2pipe", "-c:v", "ppm",
	}, func(r io.Reader) (err error) { poster, err = readPPM(r); return err })
	if err != nil {
		return e.orFault(ctx, err)
	}
	e.printPoster(poster, w)
	return e.show(poster)
}

// orFault makes of an error of looking at a film what is the matter with it,
// unless the caller gave up or this machine is at fault.
func (e *Exam) orFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("media: %w", ctx.Err())
	}
	known, ok := errors.AsType[*problem.Error](err)
	switch {
	case !ok:
		e.Fault = problem.New("pdq/damaged").Wrap(err)
	case known.Code == "media/no-child" || known.Code == "media/closed":
		return err
	default:
		e.Fault = known
	}
	return nil
}

// ffmpegRun runs ffmpeg on f and hands what it writes to take.
func (x *Examiner) ffmpegRun(ctx context.Context, f *os.File, e *Exam, within time.Duration, before, after []string, take func(io.Reader) error) error {
	args := []string{x.ffmpeg, "-nostdin", "-v", "error", "-threads", "1"}
	args = append(args, before...)
	args = append(args, "-protocol_whitelist", "file", "-f", demuxer(e.Kind), "-i", "/proc/self/fd/0", "-map", "0:v:0", "-an", "-sn", "-dn", "-threads", "1")
	args = append(append(args, after...), "pipe:1")
	var out io.ReadCloser
	p, err := x.launch(fence.Spec{
		Program: x.ffmpeg, Args: args, Memory: x.opts.Memory, CPU: within, Files: childFiles,
	}, func(cmd *exec.Cmd) (err error) {
		cmd.Stdin = f
		out, err = cmd.StdoutPipe()
		return err
	})
	if err != nil {
		return err
	}
	late, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	stop := context.AfterFunc(late, p.kill)
	err = take(out)
	if err != nil {
		p.kill()
	}
	_, _ = io.Copy(io.Discard, out) // until it is gone: what goes beyond the limits
	stop()
	left := p.wait()
	switch {
	case late.Err() != nil || p.outOfTime(within):
		return problem.New("media/too-slow", "seconds", int(within/time.Second))
	case err != nil:
		return err
	case left != nil:
		return fmt.Errorf("media: ffmpeg: %w: %s", left, p.said.Bytes())
	}
	return nil
}

// frames hashes grey frames of 64×64 until r ends. They are plain bytes of a
// fixed number: there is nothing to decode.
func (e *Exam) frames(r io.Reader, most int) error {
	var h pdq.Hasher
	var frame [within64 * within64]byte
	in := bufio.NewReader(r)
	for n := 0; ; n++ {
		if _, err := io.ReadFull(in, frame[:]); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return fmt.Errorf("media: %w", err)
		}
		if n == most {
			e.Cut = true
			return nil
		}
		e.Frames = append(e.Frames, Frame{time.Duration(n) * time.Second, h.Frame(&frame)})
	}
}

// posterAt is when a film has first something to recognise.
func posterAt(frames []Frame) time.Duration {
	best := frames[0]
	for _, f := range frames {
		if f.Print.Usable() {
			return f.At
		}
		if f.Print.Quality > best.Print.Quality {
			best = f
		}
	}
	return best.At
}

// readPPM reads a picture as ffmpeg writes it: a line of three words, and bytes.
func readPPM(r io.Reader) (raster, error) {
	in := bufio.NewReader(r)
	var p raster
	var most int
	if _, err := fmt.Fscanf(in, "P6\n%d %d\n%d\n", &p.wide, &p.high, &most); err != nil {
		return raster{}, fmt.Errorf("media: a poster: %w", err)
	}
	if p.wide < 1 || p.high < 1 || p.wide > PreviewSide || p.high > PreviewSide || most != 255 {
		return raster{}, errWire
	}
	p.rgb = make([]byte, 3*p.wide*p.high)
	if _, err := io.ReadFull(in, p.rgb); err != nil {
		return raster{}, fmt.Errorf("media: a poster: %w", err)
	}
	return p, nil
}

// printPoster hashes the poster of a film, at the size in which it is shown.
func (e *Exam) printPoster(p raster, w Wanted) {
	var h pdq.Hasher
	m := p.picture()
	e.Prints = Prints{Full: h.Image(m, pdq.FullResolution), Within: h.Image(m, pdq.Within512), Variants: h.Variants(m, pdq.FullResolution)}
	if inner := h.Trimmed(m); inner != m.Rect {
		all := h.PartVariants(m, inner, pdq.FullResolution)
		e.Prints.Inner = all[:]
	}
	if w.Crops {
		for _, r := range pdq.Crops(m.Rect) {
			e.Prints.Crops = append(e.Prints.Crops, h.Part(m, r, pdq.FullResolution))
		}
	}
}

// picture is r for those who take pictures.
func (r raster) picture() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, r.wide, r.high))
	for i := range r.wide * r.high {
		copy(m.Pix[4*i:], r.rgb[3*i:3*i+3])
		m.Pix[4*i+3] = 0xff
	}
	return m
}
