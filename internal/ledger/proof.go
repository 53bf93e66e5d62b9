// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"lachan/internal/problem"
)

// Proof shows that one entry is in the log: the entry itself, its index, the
// hashes that lead from it to the root, and the signed root. It needs nothing
// else, not even the hub.
type Proof struct {
	Leaf       Leaf
	Hashes     tlog.RecordProof
	Checkpoint string // signed note
}

const proofHeader = "c2sp.org/tlog-proof@v1"

// Text is the proof as a file (C2SP tlog-proof). The entry's bytes stand in
// the "extra" line, which the hashes then bind to the signed root.
func (p Proof) Text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nextra %s\nindex %d\n", proofHeader, base64.StdEncoding.EncodeToString(p.Leaf.Bytes()), p.Leaf.Index)
	for _, h := range p.Hashes {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteString("\n" + p.Checkpoint)
	return []byte(b.String())
}

// ParseProof reads the text of a proof. It checks its form, not its truth:
// that is VerifyProof.
func ParseProof(text []byte) (Proof, error) {
	head, checkpoint, ok := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !ok || len(lines) < 3 || lines[0] != proofHeader {
		return Proof{}, errors.New("ledger: not a proof of the form " + proofHeader)
	}
	extra, isExtra := strings.CutPrefix(lines[1], "extra ")
	number, isIndex := strings.CutPrefix(lines[2], "index ")
	if !isExtra || !isIndex {
		return Proof{}, errors.New("ledger: a proof needs the entry and its index")
	}
	bytes, err := base64.StdEncoding.Strict().DecodeString(extra)
	if err != nil {
		return Proof{}, fmt.Errorf("ledger: entry of a proof: %w", err)
	}
	leaf, err := ParseLeaf(bytes)
	if err != nil {
		return Proof{}, err
	}
	leaf.Index, err = strconv.ParseInt(number, 10, 64)
	if err != nil || leaf.Index < 0 || strconv.FormatInt(leaf.Index, 10) != number {
		return Proof{}, errors.New("ledger: the index of a proof is not a number")
	}
	p := Proof{Leaf: leaf, Checkpoint: checkpoint}
	for _, line := range lines[3:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return Proof{}, errors.New("ledger: a hash of a proof is not a SHA-256")
		}
		p.Hashes = append(p.Hashes, tlog.Hash(h))
	}
	return p, nil
}

// Prove makes the proof of an entry against the latest checkpoint. It is
// ledger/not-yet while the entry waits for the sequencer, and ledger/no-entry
// when there is none.
func (l *Log) Prove(ctx context.Context, entryID string) (Proof, error) {
	leaf, err := l.Entry(ctx, entryID)
	if err != nil {
		return Proof{}, err
	}
	head, err := l.Head(ctx)
	if err != nil {
		return Proof{}, err
	}
	if leaf.Index < 0 || leaf.Index >= head.Size {
		return Proof{}, problem.New("ledger/not-yet")
	}
	hashes, err := tlog.ProveRecord(head.Size, leaf.Index, newHashReader(ctx, l.db.Read()))
	if err != nil {
		return Proof{}, fmt.Errorf("ledger: prove: %w", err)
	}
	return Proof{Leaf: leaf, Hashes: hashes, Checkpoint: head.Signed}, nil
}

// VerifyProof checks a proof offline against the hub's public key and returns
// what it proves. A false one is the problem ledger/bad-proof.
func VerifyProof(text []byte, publicKey string) (Leaf, Checkpoint, error) {
	p, err := ParseProof(text)
	if err != nil {
		return Leaf{}, Checkpoint{}, problem.New("ledger/bad-proof").Wrap(err)
	}
	c, err := openCheckpoint([]byte(p.Checkpoint), publicKey)
	if err != nil {
		return Leaf{}, Checkpoint{}, problem.New("ledger/bad-proof").Wrap(err)
	}
	if p.Leaf.Index >= c.Size {
		return Leaf{}, Checkpoint{}, problem.New("ledger/bad-proof")
	}
	err = tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Leaf.Index, tlog.RecordHash(p.Leaf.Bytes()))
	if err != nil {
		return Leaf{}, Checkpoint{}, problem.New("ledger/bad-proof").Wrap(err)
	}
	return p.Leaf, c, nil
}
