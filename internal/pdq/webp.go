// SPDX-License-Identifier: Apache-2.0

package pdq

import (
	"bytes"
	"encoding/binary"
	"image"
	"io"

	"golang.org/x/image/webp"
)

func decodeWebP(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	if err != nil {
		return nil, err
	}
	return asStudio(img), nil
}

// firstFrame makes an ordinary WebP of the first frame of an animated one,
// which the decoder does not know, as image/gif gives the first frame of a
// GIF; without its alpha, which is dropped anyway. Other files are returned as
// they are. The layout is that of RFC 9649, 2.7.
func firstFrame(data []byte) []byte {
	const (
		header      = 12 // RIFF, length, WEBP
		animated    = 0x02
		frameHeader = 16 // place, size, duration, flags
	)
	if kind, chunk, _ := nextChunk(data[min(header, len(data)):]); kind != "VP8X" || len(chunk) < 1 || chunk[0]&animated == 0 {
		return data
	}
	for rest := data[header:]; len(rest) > 0; {
		var kind string
		var chunk []byte
		kind, chunk, rest = nextChunk(rest)
		if kind != "ANMF" || len(chunk) < frameHeader {
			continue
		}
		for inner := chunk[frameHeader:]; len(inner) > 0; {
			kind, chunk, inner = nextChunk(inner)
			if kind != "VP8 " && kind != "VP8L" {
				continue
			}
			var out bytes.Buffer
			padded := len(chunk) + len(chunk)%2
			out.WriteString("RIFF")
			out.Write(binary.LittleEndian.AppendUint32(nil, uint32(4+8+padded)))
			out.WriteString("WEBP" + kind)
			out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(chunk))))
			out.Write(chunk)
			out.Write(make([]byte, padded-len(chunk)))
			return out.Bytes()
		}
	}
	return data
}

// nextChunk splits off a chunk: four letters, a length, and that many bytes,
// filled up to an even number. A chunk that is cut short is the last.
func nextChunk(data []byte) (kind string, chunk, rest []byte) {
	if len(data) < 8 {
		return "", nil, nil
	}
	length := int64(binary.LittleEndian.Uint32(data[4:]))
	end := min(8+length, int64(len(data)))
	next := min(end+length%2, int64(len(data)))
	return string(data[:4]), data[8:end], data[next:]
}
