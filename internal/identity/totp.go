// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Time-based codes (RFC 6238): SHA-1, six digits, 30 seconds, which is what
// every authenticator app speaks. One step to either side is taken, each step
// once.
const (
	totpPeriod = 30 // seconds
	totpSkew   = 1  // steps
	totpBytes  = 20
)

// TOTP is a second factor on its way into somebody's app.
type TOTP struct {
	Secret string // base32, for typing by hand
	URL    string // otpauth://, for the QR code
}

// EnrolTOTP makes a new second factor for the session's person, or returns
// the one that waits for its first code. It does not count until ConfirmTOTP.
func (s *Service) EnrolTOTP(ctx context.Context, sess Session, issuer string) (TOTP, error) {
	if sess.State != StateEnrol {
		return TOTP{}, problem.New("identity/not-now")
	}
	var secret string
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		have, err := credential(ctx, tx, sess.Person, kindTOTP)
		if err != nil {
			return err
		}
		if have.sealed != "" {
			secret, err = s.open(purposeTOTP, sess.Person, have.sealed)
			return err
		}
		raw := make([]byte, totpBytes)
		rand.Read(raw) //nolint:errcheck // crypto/rand never fails
		secret = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
		sealed, err := s.seal(purposeTOTP, sess.Person, secret)
		if err != nil {
			return err
		}
		return putCredential(ctx, tx, sess.Person, kindTOTP, sealed, false, s.Clock.Now())
	})
	if err != nil {
		return TOTP{}, err
	}
	return TOTP{Secret: secret, URL: otpURL(secret, issuer)}, nil
}

func otpURL(secret, issuer string) string {
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "period": {"30"}, "digits": {"6"}}
	return "otpauth://totp/" + url.PathEscape(issuer) + "?" + q.Encode()
}

// checkTOTP compares a code with the person's second factor and marks its
// step as used. The zero step means that it did not match.
func (s *Service) checkTOTP(ctx context.Context, tx *sqldb.Tx, person, code string, now time.Time) (bool, error) {
	have, err := credential(ctx, tx, person, kindTOTP)
	if err != nil || have.sealed == "" {
		return false, err
	}
	secret, err := s.open(purposeTOTP, person, have.sealed)
	if err != nil {
		return false, err
	}
	code = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, code)
	opts := totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	for _, skew := range []int64{0, -totpSkew, totpSkew} {
		step := now.Unix()/totpPeriod + skew
		if step <= have.step {
			continue // used before: a code that was overheard is worth nothing
		}
		ok, err := totp.ValidateCustom(code, secret, time.Unix(step*totpPeriod, 0), opts)
		if err != nil || !ok {
			continue
		}
		// Two log-ins with one code at the same time: only one moves the step.
		moved, err := sqldb.Exec(ctx, tx, useStep, step, person, kindTOTP)
		return moved == 1, err
	}
	return false, nil
}

// Code computes the code of a secret, for tests and for the demo's tour.
func Code(secret string, at time.Time) (string, error) {
	return totp.GenerateCode(secret, at.In(clock.Vietnam))
}
