// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key signs checkpoints. Its name is the log's origin, the first line of
// every checkpoint, such as "lachan.quangngai.example/ledger".
type Key struct {
	signer note.Signer
	public string
}

// NewKey makes an Ed25519 key for the log of the given origin. It returns the
// text of the key file, two lines: the private and the public key in the
// form of signed notes. A name has no spaces and no plus sign.
func NewKey(origin string) (file []byte, err error) {
	if origin == "" || !isName(origin) || strings.Contains(origin, "+") {
		return nil, fmt.Errorf("ledger: %q cannot be the name of a log", origin)
	}
	private, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return []byte(private + "\n" + public + "\n"), nil
}

// ParseKey reads the text of a key file and checks that its halves match.
func ParseKey(file []byte) (Key, error) {
	// Errors of the note package may quote the private key.
	lines := strings.Split(string(file), "\n")
	if len(lines) != 3 || lines[2] != "" {
		return Key{}, errors.New("ledger: a key file has two lines")
	}
	signer, err := note.NewSigner(lines[0])
	if err != nil {
		return Key{}, errors.New("ledger: the first line of the key file is not a private key")
	}
	verifier, err := note.NewVerifier(lines[1])
	if err != nil {
		return Key{}, errors.New("ledger: the second line of the key file is not a public key")
	}
	const probe = "probe\n"
	sig, err := signer.Sign([]byte(probe))
	if err != nil || signer.Name() != verifier.Name() || !verifier.Verify([]byte(probe), sig) {
		return Key{}, errors.New("ledger: the two keys of the key file do not belong together")
	}
	return Key{signer: signer, public: lines[1]}, nil
}

// LoadKey reads a key file.
func LoadKey(path string) (Key, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("ledger: %w", err)
	}
	return ParseKey(file)
}

// LoadOrCreateKey reads the key file at path, or makes one for origin when
// there is none (mode 0600, synced with its folder). It belongs outside the
// data folder: who has both can write another history.
func LoadOrCreateKey(path, origin string) (Key, error) {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return LoadKey(path)
	}
	file, err := NewKey(origin)
	if err != nil {
		return Key{}, err
	}
	if err := writeSynced(path, file, 0o600); err != nil {
		return Key{}, err
	}
	return ParseKey(file)
}

// Origin is the name of the log.
func (k Key) Origin() string { return k.signer.Name() }

// Public is the key with which anybody checks the log, as one line of text.
func (k Key) Public() string { return k.public }

// writeSynced makes a new file that survives a power cut once it returns.
func writeSynced(path string, data []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
