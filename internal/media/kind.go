// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Kind is what a file is by its first bytes; a name or a header of a sender says
// nothing.
type Kind string

// The kinds. Unknown is opened by nobody.
const (
	Unknown Kind = "unknown"
	JPEG    Kind = "jpeg"
	PNG     Kind = "png"
	GIF     Kind = "gif"
	WebP    Kind = "webp"
	BMP     Kind = "bmp"
	TIFF    Kind = "tiff"
	AVIF    Kind = "avif"
	HEIC    Kind = "heic"
	MP4     Kind = "mp4"
	MOV     Kind = "mov"
	WebM    Kind = "webm"
	MKV     Kind = "mkv"
)

// Film reports whether k moves and may have sound.
func (k Kind) Film() bool { return k == MP4 || k == MOV || k == WebM || k == MKV }

// headSize is how much of a file tells its kind.
const headSize = 512

// KindOf tells a file by its first bytes, of which headSize are enough.
func KindOf(head []byte) Kind {
	head = head[:min(len(head), headSize)]
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return PNG
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return GIF
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP
	case bytes.HasPrefix(head, []byte("BM")):
		return BMP
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")):
		return TIFF
	case bytes.HasPrefix(head, []byte("\x1a\x45\xdf\xa3")): // EBML
		if bytes.Contains(head, []byte("webm")) {
			return WebM
		}
		return MKV
	case len(head) >= 8:
		return ofBoxes(head)
	}
	return Unknown
}

// ofBoxes tells the kinds whose file is a row of boxes (ISO 14496-12), each a
// length and four letters; the first says what readers the file is made for.
func ofBoxes(head []byte) Kind {
	switch string(head[4:8]) {
	case "ftyp":
	case "moov", "mdat", "wide", "free", "skip", "pnot": // QuickTime before it had ftyp
		return MOV
	default:
		return Unknown
	}
	end := min(int64(binary.BigEndian.Uint32(head)), int64(len(head)))
	var brands []string
	for at := int64(8); at+4 <= end; at += 4 {
		if at != 12 { // a version stands there
			brands = append(brands, string(head[at:at+4]))
		}
	}
	has := func(any ...string) bool {
		return slices.ContainsFunc(brands, func(b string) bool { return slices.Contains(any, b) })
	}
	switch {
	case has("avif", "avis"):
		return AVIF
	case has("heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1"):
		return HEIC
	case len(brands) > 0 && brands[0] == "qt  ":
		return MOV
	}
	return MP4
}
