// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"lachan/internal/bundle"
)

// nameTable is the names of one list: their letters one behind the other, and
// 24 bytes for each. In order they go into the database's index side by side,
// which is several times faster than as the list has them, and duplicates and
// differences show without asking the database.
type nameTable struct {
	letters []byte
	rows    []listed
}

// listed is one name.
type listed struct {
	head  uint64 // its first eight letters, so that most comparisons stay here
	at    uint32 // in letters
	line  uint32
	size  uint8 // a name has at most 253 letters
	flags uint8
}

// add appends a name; false if the table is full.
func (t *nameTable) add(n bundle.Name, line int, flags uint8) bool {
	at := len(t.letters)
	if at > math.MaxUint32-256 || len(t.rows) == maxListNames {
		return false
	}
	t.letters = n.AppendText(t.letters)
	var head [8]byte
	copy(head[:], t.letters[at:])
	t.rows = append(t.rows, listed{
		head: binary.BigEndian.Uint64(head[:]), at: uint32(at), line: uint32(min(line, math.MaxUint32)),
		size: uint8(len(t.letters) - at), flags: flags,
	})
	return true
}

func (t *nameTable) text(r listed) []byte { return t.letters[r.at : r.at+uint32(r.size)] }

// sort orders the rows by their letters and joins equal ones; the first line
// stays. It says how many rows went.
func (t *nameTable) sort() (duplicates int) {
	slices.SortFunc(t.rows, func(a, b listed) int {
		if a.head != b.head {
			return cmp.Compare(a.head, b.head)
		}
		return cmp.Or(bytes.Compare(t.text(a), t.text(b)), cmp.Compare(a.line, b.line))
	})
	kept := t.rows[:0]
	for _, r := range t.rows {
		if n := len(kept); n > 0 && kept[n-1].head == r.head && bytes.Equal(t.text(kept[n-1]), t.text(r)) {
			kept[n-1].flags |= r.flags & flagImportant
			continue
		}
		kept = append(kept, r)
	}
	duplicates = len(t.rows) - len(kept)
	t.rows = kept
	return duplicates
}

// find is the row of a name, after sort.
func (t *nameTable) find(name string) (listed, bool) {
	i, ok := slices.BinarySearchFunc(t.rows, name, func(r listed, name string) int { return cmp.Compare(string(t.text(r)), name) })
	if !ok {
		return listed{}, false
	}
	return t.rows[i], true
}

// all are the names in order.
func (t *nameTable) all() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range t.rows {
			if !yield(string(t.text(r))) {
				return
			}
		}
	}
}

// certain is all, for a reader that also takes sources which can fail.
func (t *nameTable) certain() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for name := range t.all() {
			if !yield(name, nil) {
				return
			}
		}
	}
}

// settle brings the list to its end: duplicates, what it cancels itself, and
// its exceptions.
func (l *lineReader) settle() *Reading {
	r := &Reading{Report: l.report, names: l.names}
	r.Report.Duplicates = r.names.sort()
	l.dropCancelled(r)
	l.dropExcepted(r)
	r.exceptions = l.keptExceptions(r)
	r.Report.Kept = len(r.exceptions)
	r.Report.Taken = len(r.names.rows)
	r.Report.Digest = r.digest()
	r.Report.sort()
	return r
}

// digest tells two editions apart.
func (r *Reading) digest() string {
	sum := sha256.New()
	for _, row := range r.names.rows {
		sum.Write(r.names.text(row)) // a hash never fails
		sum.Write([]byte{'\n'})
	}
	for _, name := range r.exceptions {
		fmt.Fprintln(sum, "@@", name)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// drop takes the rows out for which gone is true, and reports their lines.
func (r *Reading) drop(gone func(row listed, name string) bool) {
	r.names.rows = slices.DeleteFunc(r.names.rows, func(row listed) bool {
		name := string(r.names.text(row))
		if !gone(row, name) {
			return false
		}
		r.Report.skip(SkipExcepted, int(row.line), name)
		return true
	})
}

func (l *lineReader) dropCancelled(r *Reading) {
	if len(l.cancelled) == 0 {
		return
	}
	r.drop(func(row listed, name string) bool {
		kind := ruleBlock
		if row.flags&flagImportant != 0 {
			kind = ruleImportant
		}
		return l.cancelled[kind+name]
	})
	l.exceptions = slices.DeleteFunc(l.exceptions, func(e exception) bool { return l.cancelled[ruleExcept+e.name.String()] })
}

// dropExcepted drops the names that are, or lie below, an exception of the
// list, unless they stand against it.
func (l *lineReader) dropExcepted(r *Reading) {
	out := map[string]bool{}
	for _, e := range l.exceptions {
		if e.of == "" {
			out[e.name.String()] = true
		}
	}
	if len(out) == 0 {
		return
	}
	r.drop(func(row listed, name string) bool {
		if row.flags&flagImportant != 0 {
			return false
		}
		for parent := range parents(name) {
			if out[parent] {
				return true
			}
		}
		return false
	})
}

// keptExceptions are those that matter for what is left of the list: below a
// listed name, and below none that stands against exceptions. That of a single
// rule counts only where no other rule of the list says the contrary.
func (l *lineReader) keptExceptions(r *Reading) []string {
	var kept []string
	for _, e := range l.exceptions {
		name := e.name.String()
		covered, void := false, false
		for parent := range parents(name) {
			row, ok := r.names.find(parent)
			if !ok {
				continue
			}
			covered = true
			void = void || e.of == "" && row.flags&flagImportant != 0 || e.of != "" && parent != e.of
		}
		if covered && !void {
			kept = append(kept, name)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// parents are a name in letters and the names above it, the longest first.
func parents(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for start := 0; ; {
			if !yield(name[start:]) {
				return
			}
			dot := strings.IndexByte(name[start:], '.')
			if dot < 0 {
				return
			}
			start += dot + 1
		}
	}
}
