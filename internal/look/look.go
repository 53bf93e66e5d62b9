// SPDX-License-Identifier: Apache-2.0

// Package look holds the face of La Chan that two programs share: the hub's
// pages and the block page that a school's node shows.
//
// The name says what the face must do: la is a leaf, chan is to shelter. A
// child who meets a blocked page in class and a child who opens the front door
// at home must see the same leaf, the same four ways to help and the same way
// out; otherwise the block page looks like a punishment from somebody else.
// Clause 1.4 of dispatch 4569/UBND-KGVX asks that children learn to notice,
// protect themselves and report: the help bar is how every page does it.
//
// The package holds files and small data only and imports nothing but the
// standard library, because the node that runs on a school's router links it.
//
//   - tokens.css: the only place where a colour, a size or a font is named.
//     A raw colour in a component is a defect. contrast_test.go keeps every
//     pair of tokens that meets on a page above the ratio of WCAG 2.2 AA.
//   - base.css: reset, buttons, focus, help bar.
//   - icons.svg: one sprite, 24 px grid, drawn with currentColor.
//   - art/: illustrations in tokens, so that they follow the theme.
//   - fonts/: Be Vietnam Pro (SIL OFL 1.1, fonts/OFL.txt), cut into a Latin
//     and a Vietnamese part so that stacked tones never fall back to another
//     typeface.
package look

import (
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// Files holds tokens.css, base.css, icons.svg, logo.svg and fonts/, to be
// served as they are under /static/. The paths inside tokens.css are relative
// to that folder.
//
//go:embed tokens.css base.css icons.svg logo.svg fonts/*.woff2 fonts/OFL.txt
var Files embed.FS

//go:embed art/*.svg icons.svg
var drawings embed.FS

// Drawings is the parsed set of icons and illustrations. It is safe for
// concurrent use: nothing changes it after Load.
type Drawings struct {
	icons map[string]string
	art   map[string]string
}

var symbol = regexp.MustCompile(`(?s)<symbol id="i-([a-z]+)" viewBox="0 0 24 24">(.*?)</symbol>`)

// Load parses the sprite and the illustrations. It fails only if the embedded
// files are broken, which a test would have shown.
func Load() (*Drawings, error) {
	sprite, err := drawings.ReadFile("icons.svg")
	if err != nil {
		return nil, fmt.Errorf("look: read icons: %w", err)
	}
	d := &Drawings{icons: map[string]string{}, art: map[string]string{}}
	for _, m := range symbol.FindAllStringSubmatch(string(sprite), -1) {
		d.icons[m[1]] = `<svg class="i" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + m[2] + `</svg>`
	}
	names, err := fs.Glob(drawings, "art/*.svg")
	if err != nil {
		return nil, fmt.Errorf("look: list art: %w", err)
	}
	for _, name := range names {
		text, err := drawings.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("look: read %s: %w", name, err)
		}
		d.art[strings.TrimSuffix(strings.TrimPrefix(name, "art/"), ".svg")] = strings.TrimSpace(string(text))
	}
	return d, nil
}

// Icon returns the drawing as inline SVG, hidden from screen readers: an icon
// always stands beside a word. The markup is ours and safe to put in a page.
func (d *Drawings) Icon(name string) (string, error) {
	if s, ok := d.icons[name]; ok {
		return s, nil
	}
	return "", fmt.Errorf("look: no icon %q", name)
}

// Art returns an illustration as inline SVG in tokens, so that it follows the
// theme of the page. It carries no meaning that the text lacks.
func (d *Drawings) Art(name string) (string, error) {
	if s, ok := d.art[name]; ok {
		return s, nil
	}
	return "", fmt.Errorf("look: no art %q", name)
}

// IconNames lists every icon, unsorted, for the page that shows them all.
func (d *Drawings) IconNames() []string {
	names := make([]string, 0, len(d.icons))
	for name := range d.icons {
		names = append(names, name)
	}
	return names
}
