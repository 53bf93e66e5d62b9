// SPDX-License-Identifier: Apache-2.0

// Package id makes the permanent names of things: UUIDs of version 7
// (RFC 9562 §5.7), whose first 48 bits are the time in milliseconds, so that
// rows made one after another lie one after another in an index.
//
// An id says nothing about the thing but when it was made. Official codes are
// not ids: 95 of the 96 communes of 2025 carry a code that an older commune
// had (see package org).
package id

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// New returns a fresh id in its usual text form of 36 characters.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Named returns the id of version 5 (RFC 9562 §5.5) that anybody gets who names
// the same thing under the same address. It is for formats of others that want
// an id where we have a value; nothing of ours is kept under one.
func Named(address, name string) string {
	return uuid.NewSHA1(uuid.NewSHA1(uuid.NameSpaceURL, []byte(address)), []byte(name)).String()
}

// Valid reports whether s is an id of this package: version 7, lower case.
func Valid(s string) bool {
	u, err := uuid.Parse(s)
	return err == nil && u.Version() == 7 && u.String() == s
}

// Time is the instant at which an id was made, to the millisecond.
func Time(s string) (time.Time, error) {
	u, err := uuid.Parse(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("id: %w", err)
	}
	if u.Version() != 7 {
		return time.Time{}, fmt.Errorf("id: version %d carries no time", u.Version())
	}
	ms := int64(u[0])<<40 | int64(u[1])<<32 | int64(u[2])<<24 | int64(u[3])<<16 | int64(u[4])<<8 | int64(u[5])
	return time.UnixMilli(ms), nil
}
