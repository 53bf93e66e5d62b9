// SPDX-License-Identifier: Apache-2.0

// Package avif decodes pictures in AVIF, the format that phones and sites now
// send. The decoder is that of everybody else (libavif and libaom, in C) compiled
// to WebAssembly: it runs in a memory of its own, of bounded size, and reaches
// nothing outside it, so that a fault in the C is a damaged picture and no more.
//
// decode.wasm.gz is that of github.com/gen2brain/avif v0.4.4 (libavif 1.1.1,
// libaom 3.10.0), unchanged. Its Go part is not used: it looks for a library of
// the system first and gives the memory no bound.
package avif

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"io"
	"math"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

//go:embed decode.wasm.gz
var packed []byte

// What Decode reports of a file.
var (
	ErrDamaged   = errors.New("avif: damaged")
	ErrTooLarge  = errors.New("avif: too many pixels")
	ErrTooHeavy  = errors.New("avif: needs more memory than it is let")
	errElsewhere = errors.New("avif: the decoder pointed outside its memory")
)

const (
	page       = 64 << 10
	wordsAsked = 4 * 4 // width, height, depth, count, as uint32 each
)

// Decoder decodes one picture after the other. It is not safe for use by
// several goroutines at once. Making one takes a third of a second. Where the
// system denies programs to make code, it is interpreted, which takes 17 times as
// long.
type Decoder struct {
	runtime wazero.Runtime
	code    wazero.CompiledModule
}

// New compiles the decoder. memory is the most that it is let, in bytes.
func New(ctx context.Context, memory int64) (*Decoder, error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("avif: %w", err)
	}
	code, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, fmt.Errorf("avif: %w", err)
	}
	pages := uint32(min(memory/page, math.MaxUint16))
	config := wazero.NewRuntimeConfig()
	if !mayMakeCode() {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	r := wazero.NewRuntimeWithConfig(ctx, config.WithMemoryLimitPages(pages).WithCloseOnContextDone(true))
	// The decoder asks for files and a clock when it starts, and is given none.
	_, err = wasi_snapshot_preview1.Instantiate(ctx, r)
	d := &Decoder{runtime: r}
	if err == nil {
		d.code, err = r.CompileModule(ctx, code)
	}
	if err != nil {
		return nil, fmt.Errorf("avif: %w", errors.Join(err, r.Close(ctx)))
	}
	return d, nil
}

// Close gives the decoder's memory back.
func (d *Decoder) Close(ctx context.Context) error { return d.runtime.Close(ctx) }

// Decode reads the first picture of a file of at most pixels, 8 bits a colour
// or 16. What is transparent is black there: the decoder knows colours only as
// they are multiplied with their opacity. It reports ErrDamaged, ErrTooLarge or
// ErrTooHeavy, or ctx's error.
func (d *Decoder) Decode(ctx context.Context, file []byte, pixels int64) (image.Image, error) {
	// Each file has a memory of its own: what one left behind meets no other.
	m, err := d.runtime.InstantiateModule(ctx, d.code, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, fmt.Errorf("avif: %w", err)
	}
	defer m.Close(ctx)
	c := call{ctx: ctx, m: m}
	in, head := c.place(int64(len(file))), c.place(wordsAsked)
	if c.err != nil {
		return nil, c.err
	}
	if !m.Memory().Write(in, file) {
		return nil, errElsewhere
	}
	if !c.decode(in, len(file), true, head, 0, 0) {
		return nil, c.orDamaged()
	}
	width, height, depth := c.word(head), c.word(head+4), c.word(head+8)
	if c.err != nil {
		return nil, c.err
	}
	// Two numbers below 2³² do not overflow their product.
	switch {
	case width == 0 || height == 0 || depth == 0 || depth > 16:
		return nil, ErrDamaged
	case width > math.MaxUint16 || height > math.MaxUint16 || uint64(width)*uint64(height) > uint64(pixels):
		return nil, fmt.Errorf("%w: %d by %d", ErrTooLarge, width, height)
	}
	bytesEach := int64(4)
	if depth > 8 {
		bytesEach = 8
	}
	size := int64(width) * int64(height) * bytesEach
	// The decoder says yes also where it decoded nothing, and then writes no
	// duration: no real one has all bits set.
	out, duration := c.place(size), c.place(8)
	if c.err != nil {
		return nil, c.err
	}
	unwritten := bytes.Repeat([]byte{0xff}, 8)
	if !m.Memory().Write(duration, unwritten) {
		return nil, errElsewhere
	}
	if !c.decode(in, len(file), false, head, duration, out) {
		return nil, c.orDamaged()
	}
	if written, ok := m.Memory().Read(duration, 8); !ok || bytes.Equal(written, unwritten) {
		return nil, ErrDamaged
	}
	raw, ok := m.Memory().Read(out, uint32(size))
	if !ok {
		return nil, errElsewhere
	}
	return picture(raw, int(width), int(height), depth), nil
}

// picture copies what the decoder wrote out of its memory.
func picture(raw []byte, width, height int, depth uint32) image.Image {
	r := image.Rect(0, 0, width, height)
	if depth <= 8 {
		m := image.NewRGBA(r)
		copy(m.Pix, raw)
		return m
	}
	m := image.NewRGBA64(r)
	for i := 0; i+1 < len(raw); i += 2 {
		binary.BigEndian.PutUint16(m.Pix[i:], binary.LittleEndian.Uint16(raw[i:]))
	}
	return m
}

// call is the work on one file; the first fault stays.
type call struct {
	ctx context.Context
	m   api.Module
	err error
}

// place asks the decoder for memory.
func (c *call) place(size int64) uint32 {
	if c.err != nil {
		return 0
	}
	if size > math.MaxInt32 {
		c.err = ErrTooHeavy
		return 0
	}
	result, err := c.m.ExportedFunction("malloc").Call(c.ctx, uint64(size))
	switch {
	case err != nil:
		c.err = c.fault(err)
	case uint32(result[0]) == 0:
		c.err = ErrTooHeavy
	default:
		return uint32(result[0])
	}
	return 0
}

func (c *call) word(at uint32) uint32 {
	v, ok := c.m.Memory().ReadUint32Le(at)
	if !ok && c.err == nil {
		c.err = errElsewhere
	}
	return v
}

// decode calls the decoder: decode(in, size, headOnly, all frames, &width,
// &height, &depth, &count, &duration, pixels).
func (c *call) decode(in uint32, size int, headOnly bool, head, duration, out uint32) bool {
	only := uint64(0)
	if headOnly {
		only = 1
	}
	result, err := c.m.ExportedFunction("decode").Call(c.ctx, uint64(in), uint64(size), only, 0,
		uint64(head), uint64(head+4), uint64(head+8), uint64(head+12), uint64(duration), uint64(out))
	if err != nil {
		c.err = c.fault(err)
		return false
	}
	return uint32(result[0]) == 1
}

func (c *call) orDamaged() error {
	if c.err == nil {
		return ErrDamaged
	}
	return c.err
}

// fault tells a decoder that stumbled from a caller who gave up.
func (c *call) fault(err error) error {
	if c.ctx.Err() != nil {
		return fmt.Errorf("avif: %w", c.ctx.Err())
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}
