// SPDX-License-Identifier: Apache-2.0

package pdq

import "image"

const (
	borderTolerance = 12 // of brightness: what JPEG leaves of one colour
	keptAtLeast     = 4  // a side is never trimmed to less than its quarter
)

// Trimmed is a picture without a border of one colour: a frame somebody put
// around it, bars above and below. A border moves everything inside, so that
// PDQ never finds a framed picture; who asks for a picture asks for the part
// that Trimmed leaves as well. It is the whole picture where there is no
// border, or nearly nothing but border.
//
// The outermost row must be of one brightness; those that follow, of the same
// on average only, since JPEG carries ripples of the picture into the border.
func (h *Hasher) Trimmed(img image.Image) image.Rectangle {
	whole := img.Bounds()
	width, height := whole.Dx(), whole.Dy()
	if width < 2*minSide || height < 2*minSide {
		return whole
	}
	luma, cols := lumaOf(img, whole), h.columnsOf(whole, width)
	h.reserve(5 * width)
	row := h.take(width)
	borders := func(from, step int) (n int) {
		luma(row, cols, from)
		outermost, ok := uniform(row)
		for ; ok && n < height && deviation(row, outermost) <= borderTolerance; n++ {
			luma(row, cols, min(max(from+(n+1)*step, whole.Min.Y), whole.Max.Y-1))
		}
		return n
	}
	top, foot := borders(whole.Min.Y, 1), borders(whole.Max.Y-1, -1)
	if (height-top-foot)*keptAtLeast < height {
		return whole
	}
	low, high, fromLeft, fromRight := h.take(width), h.take(width), h.take(width), h.take(width)
	inner := image.Rect(whole.Min.X, whole.Min.Y+top, whole.Max.X, whole.Max.Y-foot)
	var atLeft, atRight float32
	for y := inner.Min.Y; y < inner.Max.Y; y++ {
		luma(row, cols, y)
		if y == inner.Min.Y {
			copy(low, row)
			copy(high, row)
			atLeft, atRight = row[0], row[width-1]
		}
		for i, v := range row {
			low[i], high[i] = min(low[i], v), max(high[i], v)
			fromLeft[i] += max(v-atLeft, atLeft-v)
			fromRight[i] += max(v-atRight, atRight-v)
		}
	}
	most := float32(borderTolerance * inner.Dy())
	left, right := 0, 0
	for high[0]-low[0] <= borderTolerance && left < width && fromLeft[left] <= most {
		left++
	}
	for high[width-1]-low[width-1] <= borderTolerance && right < width && fromRight[width-1-right] <= most {
		right++
	}
	if (width-left-right)*keptAtLeast < width {
		return whole
	}
	inner.Min.X, inner.Max.X = inner.Min.X+left, inner.Max.X-right
	return inner
}

// uniform is the mean brightness of a row, and whether it has no other.
func uniform(row []float32) (float32, bool) {
	low, high := row[0], row[0]
	for _, v := range row {
		low, high = min(low, v), max(high, v)
	}
	return float32((low + high) / 2), high-low <= borderTolerance
}

// deviation is by how much a row differs from a brightness on average.
func deviation(row []float32, from float32) float32 {
	var sum float32
	for _, v := range row {
		sum += max(v-from, from-v)
	}
	return sum / float32(len(row))
}

// Crops are the parts of a picture that are hashed beside the whole when a
// picture of our own enters a bank: what is left when it was cut by a
// twentieth, a tenth or three twentieths on each side, or by a tenth on one.
// PDQ does not see a crop otherwise; a crop that lies between these it sees
// where it is near one of them.
func Crops(whole image.Rectangle) []image.Rectangle {
	cut := func(left, top, right, bottom int) image.Rectangle {
		w, h := whole.Dx(), whole.Dy()
		return image.Rect(whole.Min.X+w*left/100, whole.Min.Y+h*top/100, whole.Max.X-w*right/100, whole.Max.Y-h*bottom/100)
	}
	return []image.Rectangle{
		cut(5, 5, 5, 5), cut(10, 10, 10, 10), cut(15, 15, 15, 15),
		cut(10, 0, 0, 0), cut(0, 10, 0, 0), cut(0, 0, 10, 0), cut(0, 0, 0, 10),
	}
}

// ToAsk are the prints with which a picture is looked for: its eight variants,
// and those of the part inside its border if it has one. What is not Usable is
// left out.
func (h *Hasher) ToAsk(img image.Image, c Convention) []Print {
	parts := []image.Rectangle{img.Bounds()}
	if inner := h.Trimmed(img); inner != parts[0] {
		parts = append(parts, inner)
	}
	var prints []Print
	for _, r := range parts {
		for _, p := range h.PartVariants(img, r, c) {
			if p.Usable() {
				prints = append(prints, p)
			}
		}
	}
	return prints
}

// ToBank are the prints under which a picture of our own is kept: the whole,
// first, and its Crops. What is not Usable is left out.
func (h *Hasher) ToBank(img image.Image, c Convention) []Print {
	var prints []Print
	for _, r := range append([]image.Rectangle{img.Bounds()}, Crops(img.Bounds())...) {
		if p := h.Part(img, r, c); p.Usable() {
			prints = append(prints, p)
		}
	}
	return prints
}
