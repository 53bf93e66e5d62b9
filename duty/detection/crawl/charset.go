// SPDX-License-Identifier: Apache-2.0

package crawl

import (
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"

	"lachan/internal/locale"
)

// Decode turns a body into text: by its byte order mark, the header, the page's
// own word, and where none of these is right, by what reads as Vietnamese. It
// says which it took. Bytes that mean nothing become U+FFFD; nothing fails.
func Decode(body []byte, contentType string) (text, name string) {
	enc, name, certain := charset.DetermineEncoding(body[:min(len(body), 4096)], contentType)
	if !certain && utf8.Valid(trimCut(body)) {
		return strings.ToValidUTF8(strings.TrimPrefix(string(body), "\uFEFF"), "\uFFFD"), "utf-8"
	}
	if name == "utf-8" {
		if !utf8.Valid(trimCut(body)) {
			// A page that calls itself UTF-8 and is not: written before 2005, served since.
			if text, legacy := byBytes(body); legacy != "" {
				return text, legacy
			}
		}
		return strings.ToValidUTF8(strings.TrimPrefix(string(body), "\uFEFF"), "\uFFFD"), name
	}
	if name == "windows-1252" || name == "replacement" {
		if text, legacy := byBytes(body); legacy != "" {
			return text, legacy
		}
	}
	out, err := io.ReadAll(enc.NewDecoder().Reader(strings.NewReader(string(body))))
	if err != nil {
		return strings.ToValidUTF8(string(body), "\uFFFD"), "unknown"
	}
	if name == "windows-1258" { // base letters with marks after them
		return locale.Normalize(string(out)), name
	}
	return string(out), name
}

// trimCut leaves out a letter that was cut in the middle at the end.
func trimCut(b []byte) []byte {
	for i := 1; i <= 3 && i <= len(b); i++ {
		if c := b[len(b)-i]; c >= 0xC0 {
			return b[:len(b)-i]
		} else if c < 0x80 {
			break
		}
	}
	return b
}

// byBytes tries the single-byte encodings of Vietnamese.
func byBytes(body []byte) (text, name string) {
	enc, _ := charset.Lookup("windows-1258")
	out, err := io.ReadAll(enc.NewDecoder().Reader(strings.NewReader(string(body))))
	if err == nil {
		if text := locale.Normalize(string(out)); vietnamese(text) {
			return text, "windows-1258"
		}
	}
	latin := make([]rune, len(body))
	for i, b := range body {
		latin[i] = rune(b)
	}
	if text, name := Legacy(string(latin)); name != "" {
		return text, name
	}
	return "", ""
}
