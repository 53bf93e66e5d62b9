// SPDX-License-Identifier: Apache-2.0

package web

import (
	"fmt"
	"strings"

	"github.com/skip2/go-qrcode"
)

// qrSVG draws text as a QR code, dark modules as one path, so that it follows
// the theme and prints sharply. The quiet zone of four modules that the
// standard asks for (ISO/IEC 18004) is part of the drawing.
func qrSVG(text string) (string, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return "", fmt.Errorf("web: draw a QR code: %w", err)
	}
	bitmap := code.Bitmap()
	var path strings.Builder
	for y, row := range bitmap {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x+1 < len(row) && row[x+1] {
				x++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from, y, x-from+1, x-from+1)
		}
	}
	n := len(bitmap)
	return fmt.Sprintf(`<svg viewBox="0 0 %d %d" width="196" height="196" aria-hidden="true" focusable="false" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path fill="#000" d="%s"/></svg>`,
		n, n, n, n, path.String()), nil
}
