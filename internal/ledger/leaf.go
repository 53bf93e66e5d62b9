// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lachan/internal/clock"
)

// Leaf is one entry as it stands in the tree, in the clear.
type Leaf struct {
	Index      int64 // position in the tree from 0; -1 while it waits for the sequencer
	ID         string
	At         time.Time // to the microsecond
	Kind       string    // "casework.decided"
	Actor      string    // id of a person, or "system:NAME"
	Object     string    // id of the thing; may be empty
	Policies   []string  // @ids of the rules that allowed it
	Commitment string    // base64 of SHA-256(salt ‖ details)
}

// leafHeader is the first line of a leaf. A change of the form changes it.
const leafHeader = "lachan-ledger/1"

// maxLeaf is what the uint16 length of a tlog-tiles entry bundle can hold.
const maxLeaf = 1<<16 - 1

// Bytes is the leaf as it is hashed: eight lines, each ended by a newline,
// fields in a fixed order, all of them printable ASCII. The index is not in
// it: the tree gives it.
func (l Leaf) Bytes() []byte {
	var b strings.Builder
	b.WriteString(leafHeader + "\n")
	for _, f := range [...][2]string{
		{"id", l.ID},
		{"at", strconv.FormatInt(clock.Micro(l.At), 10)},
		{"kind", l.Kind},
		{"actor", l.Actor},
		{"object", l.Object},
		{"policies", strings.Join(l.Policies, ",")},
		{"commitment", l.Commitment},
	} {
		b.WriteString(f[0])
		b.WriteByte(' ')
		b.WriteString(f[1])
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// ParseLeaf reads the bytes of a leaf. It takes exactly what Bytes writes:
// two byte strings never mean the same leaf. Index is left at -1.
func ParseLeaf(text []byte) (Leaf, error) {
	lines := strings.Split(string(text), "\n")
	if len(lines) != 9 || lines[0] != leafHeader || lines[8] != "" {
		return Leaf{}, errors.New("ledger: not a leaf of the form " + leafHeader)
	}
	l := Leaf{Index: -1}
	for i, name := range [...]string{"id", "at", "kind", "actor", "object", "policies", "commitment"} {
		value, ok := strings.CutPrefix(lines[i+1], name+" ")
		if !ok {
			return Leaf{}, fmt.Errorf("ledger: line %d of a leaf must begin with %q", i+2, name)
		}
		switch name {
		case "id":
			l.ID = value
		case "at":
			us, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return Leaf{}, fmt.Errorf("ledger: time of a leaf: %w", err)
			}
			l.At = clock.FromMicro(us)
		case "kind":
			l.Kind = value
		case "actor":
			l.Actor = value
		case "object":
			l.Object = value
		case "policies":
			l.Policies = splitPolicies(value)
		case "commitment":
			l.Commitment = value
		}
	}
	if err := l.valid(); err != nil {
		return Leaf{}, err
	}
	if string(l.Bytes()) != string(text) {
		return Leaf{}, errors.New("ledger: a leaf in an unusual spelling")
	}
	return l, nil
}

func splitPolicies(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

func (l Leaf) valid() error {
	if !isKind(l.Kind) {
		return fmt.Errorf("ledger: kind %q is not room.what", l.Kind)
	}
	if l.ID == "" || l.Actor == "" {
		return errors.New("ledger: an entry needs an id and an actor")
	}
	for _, s := range append([]string{l.ID, l.Actor, l.Object}, l.Policies...) {
		if !isName(s) {
			return errors.New("ledger: ids in an entry are at most 200 printable ASCII characters without spaces or commas")
		}
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(l.Commitment)
	if err != nil || len(sum) != sha256.Size {
		return errors.New("ledger: the commitment is not a SHA-256")
	}
	if len(l.Bytes()) > maxLeaf {
		return errors.New("ledger: an entry longer than 65,535 bytes")
	}
	return nil
}

func isKind(s string) bool {
	room, what, ok := strings.Cut(s, ".")
	return ok && isWord(room) && isWord(what)
}

func isWord(s string) bool {
	if s == "" || len(s) > 60 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func isName(s string) bool {
	if len(s) > 200 {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || c == ',' {
			return false
		}
	}
	return true
}

// commit is the commitment to details under a salt.
func commit(salt, details []byte) string {
	h := sha256.New()
	h.Write([]byte("lachan-ledger-details/1\n"))
	h.Write(salt)
	h.Write(details)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}
