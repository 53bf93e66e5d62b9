// SPDX-License-Identifier: Apache-2.0

// Package locale holds every word that the product shows, and says it in the
// reader's language.
//
// Vietnamese is the source: texts/vi holds one flat file of key and text for
// each room; texts/en must have every key that vi has, with the same
// placeholders. No visible text stands in Go files or templates; tests of the
// repository see to both.
//
// A placeholder is a name in braces, "Còn {n} ngày". Numbers are grouped the
// Vietnamese way (1.234.567), dates are dd/mm/yyyy, times are those of
// Asia/Ho_Chi_Minh. Text that comes in is brought to NFC at the door
// (Normalize); Fold is the form for searching without tone marks.
package locale

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"lachan/internal/clock"
	"lachan/internal/problem"
)

//go:embed texts/vi/*.json texts/en/*.json
var files embed.FS

// Source is the language in which texts are written first.
const Source = "vi"

// Languages lists the languages of the interface, the source first.
var languages = [...]string{Source, "en"}

// Languages returns the languages of the interface, the source first.
func Languages() []string { return slices.Clone(languages[:]) }

// Texts is all texts of all languages, read once at start.
type Texts struct {
	byLang map[string]map[string]string
}

// Load reads the embedded texts. It fails on a key given twice.
func Load() (*Texts, error) {
	t := &Texts{byLang: map[string]map[string]string{}}
	for _, lang := range languages {
		keys := map[string]string{}
		entries, err := files.ReadDir(path.Join("texts", lang))
		if err != nil {
			return nil, fmt.Errorf("locale: %w", err)
		}
		for _, entry := range entries {
			data, err := files.ReadFile(path.Join("texts", lang, entry.Name()))
			if err != nil {
				return nil, fmt.Errorf("locale: %w", err)
			}
			var room map[string]string
			if err := json.Unmarshal(data, &room); err != nil {
				return nil, fmt.Errorf("locale: %s/%s: %w", lang, entry.Name(), err)
			}
			for k, v := range room {
				if _, twice := keys[k]; twice {
					return nil, fmt.Errorf("locale: %s/%s: key %q is already in another file", lang, entry.Name(), k)
				}
				keys[k] = v
			}
		}
		t.byLang[lang] = keys
	}
	return t, nil
}

// Keys lists the keys of a language, sorted.
func (t *Texts) Keys(lang string) []string { return slices.Sorted(maps.Keys(t.byLang[lang])) }

// Raw is the text of a key with its placeholders, and whether there is one.
func (t *Texts) Raw(lang, key string) (string, bool) {
	s, ok := t.byLang[lang][key]
	return s, ok
}

// Printer speaks one language. An unknown language gets the source.
func (t *Texts) Printer(lang string) *Printer {
	if _, ok := t.byLang[lang]; !ok {
		lang = Source
	}
	return &Printer{texts: t, Lang: lang}
}

// Printer says texts in one language. It holds no state and may be shared.
type Printer struct {
	texts *Texts
	Lang  string
}

// T is the text of key with its placeholders filled from args, which are
// names and values in turn. A missing key falls back to the source language,
// then to the key itself in angle brackets, so that it is seen and mended.
func (p *Printer) T(key string, args ...any) string {
	s, ok := p.texts.byLang[p.Lang][key]
	if !ok {
		if s, ok = p.texts.byLang[Source][key]; !ok {
			return "⟨" + key + "⟩"
		}
	}
	if len(args) == 0 || !strings.Contains(s, "{") {
		return s
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, fmt.Sprintf("{%v}", args[i]), p.value(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// Has reports whether the printer's language, or the source, has the key.
func (p *Printer) Has(key string) bool {
	if _, ok := p.texts.byLang[p.Lang][key]; ok {
		return true
	}
	_, ok := p.texts.byLang[Source][key]
	return ok
}

func (p *Printer) value(v any) string {
	switch v := v.(type) {
	case int:
		return p.Int(int64(v))
	case int64:
		return p.Int(v)
	case int32:
		return p.Int(int64(v))
	case uint64:
		return p.Int(int64(v))
	case float64:
		_, decimals, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
		return p.Decimal(v, len(decimals))
	case time.Time:
		return p.DateTime(v)
	case fmt.Stringer:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}

// Problem is the sentence for a problem.
func (p *Printer) Problem(e *problem.Error) string {
	return p.T(problem.TextKey(e.Code), e.Args...)
}

// Field is the sentence for one faulty field of a problem.
func (p *Printer) Field(f problem.Field) string {
	return p.T(problem.TextKey(f.Code), f.Args...)
}

// Int groups the digits of n by threes: 1.234.567 in Vietnamese, 1,234,567
// in English.
func (p *Printer) Int(n int64) string {
	sep := "."
	if p.Lang != Source {
		sep = ","
	}
	s := strconv.FormatInt(n, 10)
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	var b strings.Builder
	if neg {
		b.WriteString("−")
	}
	for i, r := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteString(sep)
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Decimal is v with the given number of decimals and the language's comma or
// point.
func (p *Printer) Decimal(v float64, decimals int) string {
	whole, frac, _ := strings.Cut(strconv.FormatFloat(v, 'f', decimals, 64), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return whole
	}
	s := p.Int(n)
	if n == 0 && strings.HasPrefix(whole, "-") {
		s = "−0"
	}
	if frac == "" {
		return s
	}
	if p.Lang == Source {
		return s + "," + frac
	}
	return s + "." + frac
}

// Date is dd/mm/yyyy in Vietnam, in both languages.
func (p *Printer) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Vietnam).Format("02/01/2006")
}

// Clock is hh:mm in Vietnam.
func (p *Printer) Clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Vietnam).Format("15:04")
}

// DateTime is hh:mm, dd/mm/yyyy in Vietnam.
func (p *Printer) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(clock.Vietnam).Format("15:04, 02/01/2006")
}

// Span is a length of time in the two largest whole units: "1 giờ 42 phút",
// "2 ngày". Less than a minute is "under a minute". The sign is dropped.
func (p *Printer) Span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	m := int64(d / time.Minute)
	days, hours, minutes := m/(24*60), m/60%24, m%60
	switch {
	case days >= 2 || days == 1 && hours == 0:
		return p.T("locale.span.days", "n", days)
	case days == 1:
		return p.T("locale.span.days-hours", "n", days, "h", hours)
	case hours > 0 && minutes > 0:
		return p.T("locale.span.hours-minutes", "h", hours, "m", minutes)
	case hours > 0:
		return p.T("locale.span.hours", "h", hours)
	case minutes > 0:
		return p.T("locale.span.minutes", "m", minutes)
	default:
		return p.T("locale.span.moment")
	}
}
