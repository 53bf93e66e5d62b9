// SPDX-License-Identifier: Apache-2.0

package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// jsonReader walks through a JSON text and decodes only the entries, one at a
// time.
type jsonReader struct {
	src   *source
	dec   *json.Decoder
	began int // the line where the last value began
}

func newJSON(in io.Reader) *jsonReader {
	src := newSource(in)
	return &jsonReader{src: src, dec: json.NewDecoder(src)}
}

func (j *jsonReader) fault(err error) error { return damaged(j.src.line(j.dec.InputOffset()), err) }

// object calls field for each key of the object that begins here; field must
// read the value, or skip it.
func (j *jsonReader) object(field func(key string) error) error {
	if err := j.open('{'); err != nil {
		return err
	}
	for j.dec.More() {
		key, err := j.dec.Token()
		if err != nil {
			return j.fault(err)
		}
		name, _ := key.(string)
		if err := field(name); err != nil {
			return err
		}
		j.src.next()
	}
	return j.shut()
}

// array calls entry for each value of the array that begins here; entry must
// read the value.
func (j *jsonReader) array(entry func() error) error {
	if err := j.open('['); err != nil {
		return err
	}
	for j.dec.More() {
		if err := entry(); err != nil {
			return err
		}
		j.src.next()
	}
	return j.shut()
}

func (j *jsonReader) open(want json.Delim) error {
	t, err := j.dec.Token()
	if err != nil {
		return j.fault(err)
	}
	if t != want {
		return j.fault(errors.New("exchange: another kind of value"))
	}
	return nil
}

func (j *jsonReader) shut() error {
	if _, err := j.dec.Token(); err != nil {
		return j.fault(err)
	}
	return nil
}

// end makes sure that nothing follows.
func (j *jsonReader) end() error {
	if _, err := j.dec.Token(); !errors.Is(err, io.EOF) {
		return j.fault(errors.New("exchange: something follows the end"))
	}
	return nil
}

// value decodes the value here into v. A value of another shape is no error:
// ok is false, and reading goes on behind it.
func (j *jsonReader) value(v any) (ok bool, err error) {
	var raw json.RawMessage
	if err := j.dec.Decode(&raw); err != nil {
		return false, j.fault(err)
	}
	j.began = j.src.line(j.dec.InputOffset()) - bytes.Count(raw, []byte("\n"))
	return json.Unmarshal(raw, v) == nil, nil
}

// entry decodes the value here into v; one of another shape is counted and
// passed over.
func (r *reading) entry(j *jsonReader, v any) (ok bool, err error) {
	if ok, err = j.value(v); err == nil && !ok {
		r.report.skip(SkipEntry, j.began)
	}
	return ok, err
}

// pass reads over the value here.
func (j *jsonReader) pass() error {
	var raw json.RawMessage
	if err := j.dec.Decode(&raw); err != nil {
		return j.fault(err)
	}
	return nil
}

// text is a string that some programs write as a number, a truth value or
// nothing at all.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	switch s := string(data); {
	case s == "null":
	case s[0] == '"':
		var v string
		if err := json.Unmarshal(data, &v); err != nil {
			return err
		}
		*t = text(v)
	case s[0] == '{' || s[0] == '[':
		return errors.New("exchange: not a text")
	default:
		*t = text(s)
	}
	return nil
}

func (t text) String() string { return string(t) }

// isTrue reads "true", "1" and what stands for them.
func (t text) isTrue() bool {
	b, err := strconv.ParseBool(strings.ToLower(string(t)))
	return err == nil && b
}
