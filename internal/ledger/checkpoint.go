// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement: at this size the tree had this root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// body is the text that is signed (C2SP tlog-checkpoint).
func (c Checkpoint) body() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

func (k Key) sign(size int64, root tlog.Hash) (string, error) {
	body := Checkpoint{Origin: k.Origin(), Size: size, Root: root}.body()
	signed, err := note.Sign(&note.Note{Text: body}, k.signer)
	if err != nil {
		return "", fmt.Errorf("ledger: sign checkpoint: %w", err)
	}
	return string(signed), nil
}

// parseBody reads the text of a checkpoint. Extension lines, which the
// specification allows and advises against, are refused: this log writes none.
func parseBody(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] == "" {
		return Checkpoint{}, errors.New("ledger: a checkpoint has three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, errors.New("ledger: the size of a checkpoint is not a number")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, errors.New("ledger: the root of a checkpoint is not a SHA-256")
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}, nil
}

// openCheckpoint checks a checkpoint's signature with the public key and reads
// it. The log's own signature must be there, under the log's own name;
// signatures of witnesses may follow it and are not judged here.
func openCheckpoint(signed []byte, public string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(public))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("ledger: the public key: %w", err)
	}
	n, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("ledger: checkpoint: %w", err)
	}
	// Base64 has spare bits at its end that decoders overlook; a changed one
	// is a changed file all the same.
	for _, sig := range append(n.Sigs, n.UnverifiedSigs...) {
		if _, err := base64.StdEncoding.Strict().DecodeString(sig.Base64); err != nil {
			return Checkpoint{}, fmt.Errorf("ledger: checkpoint: signature of %s: %w", sig.Name, err)
		}
	}
	c, err := parseBody(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if c.Origin != verifier.Name() {
		return Checkpoint{}, fmt.Errorf("ledger: a checkpoint of the log %q under the key of %q", c.Origin, verifier.Name())
	}
	return c, nil
}
