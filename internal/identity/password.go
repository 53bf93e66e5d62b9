// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"lachan/internal/problem"
)

// Argon2id for passwords: 19 MiB, two passes (OWASP's first choice), about 43
// ms. The parameters stand in the stored text, so that they can be raised.
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonBytes  = 32
	saltBytes   = 16
)

// Length of a password, in characters.
const (
	minPassword = 12
	maxPassword = 200
)

// checkPassword adds what is wrong with a new password to p.
func checkPassword(p *problem.Error, field, password, login string) {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		p.Field(field, "identity/password-too-short", "min", minPassword)
	case n > maxPassword:
		p.Field(field, "input/too-long", "max", maxPassword)
	case login != "" && strings.Contains(strings.ToLower(password), strings.ToLower(login)):
		p.Field(field, "identity/password-holds-login")
	}
}

// hash makes the stored text of a password.
func (s *Service) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) //nolint:errcheck // crypto/rand never fails
	key, err := s.argon(ctx, password, salt, argonMemory, argonTime, argonLanes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("argon2id$%d$%d$%d$%s$%s", argonMemory, argonTime, argonLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)), nil
}

// matches compares a password with its stored text. An empty stored text, of
// an account that is not there, costs the same and never matches.
func (s *Service) matches(ctx context.Context, password, stored string) (bool, error) {
	memory, time, lanes := uint32(argonMemory), uint32(argonTime), uint8(argonLanes)
	salt, want := make([]byte, saltBytes), []byte(nil)
	if stored != "" {
		parts := strings.Split(stored, "$")
		if len(parts) != 6 || parts[0] != "argon2id" {
			return false, fmt.Errorf("identity: a stored password of unknown form")
		}
		if _, err := fmt.Sscan(strings.Join(parts[1:4], " "), &memory, &time, &lanes); err != nil {
			return false, fmt.Errorf("identity: a stored password of unknown form")
		}
		var err1, err2 error
		salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
		want, err2 = base64.RawStdEncoding.DecodeString(parts[5])
		if err1 != nil || err2 != nil {
			return false, fmt.Errorf("identity: a stored password of unknown form")
		}
	}
	got, err := s.argon(ctx, password, salt, memory, time, lanes)
	if err != nil {
		return false, err
	}
	return len(want) > 0 && subtle.ConstantTimeCompare(got, want) == 1, nil
}

// argon waits for a place first: unbounded, a burst of log-ins would eat the
// memory.
func (s *Service) argon(ctx context.Context, password string, salt []byte, memory, time uint32, lanes uint8) ([]byte, error) {
	if len(password) > 4*maxPassword { // bytes
		password = ""
	}
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, time, memory, lanes, argonBytes), nil
}
