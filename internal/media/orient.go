// SPDX-License-Identifier: Apache-2.0

package media

import (
	"bytes"
	"encoding/binary"
)

// orientation is how a camera was held: 1 to 8, as in EXIF (TIFF 6.0, tag 274).
// It is read from JPEG and TIFF, and is 1 where nothing is said. Hashes are of
// pixels as stored; only what a person sees is turned.
func orientation(kind Kind, file []byte) int {
	switch kind {
	case JPEG:
		return ofTIFF(exif(file))
	case TIFF:
		return ofTIFF(file)
	}
	return 1
}

// exif finds the first EXIF segment of a JPEG file, before its pixels.
func exif(file []byte) []byte {
	const startOfScan, app1 = 0xda, 0xe1
	for at := 2; at+4 <= len(file) && file[at] == 0xff; {
		marker, size := file[at+1], int(binary.BigEndian.Uint16(file[at+2:]))
		if marker == 0xff { // filling
			at++
			continue
		}
		end := at + 2 + size
		if marker == startOfScan || size < 2 || end > len(file) {
			return nil
		}
		if data, ok := bytes.CutPrefix(file[at+4:end], []byte("Exif\x00\x00")); ok && marker == app1 {
			return data
		}
		at = end
	}
	return nil
}

// ofTIFF reads the tag from the first directory of a TIFF file.
func ofTIFF(data []byte) int {
	const (
		tagOrientation = 274
		typeShort      = 3
		entry          = 12
	)
	if len(data) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if data[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(data[4:]))
	if at+2 > int64(len(data)) {
		return 1
	}
	count := int64(order.Uint16(data[at:]))
	for i := range count {
		from := at + 2 + i*entry
		if from+entry > int64(len(data)) {
			return 1
		}
		e := data[from : from+entry]
		if order.Uint16(e) == tagOrientation && order.Uint16(e[2:]) == typeShort {
			if v := order.Uint16(e[8:]); v >= 1 && v <= 8 {
				return int(v)
			}
			return 1
		}
	}
	return 1
}
