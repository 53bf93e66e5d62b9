// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"errors"
	"syscall"
)

// IsUnique reports whether err says that a row with such a key is there
// already. Inside a transaction use ON CONFLICT instead.
func IsUnique(err error) bool { return sqliteIsUnique(err) || postgresIsUnique(err) }

// IsFull reports whether err says that the disk has no room left.
func IsFull(err error) bool {
	return sqliteIsFull(err) || postgresIsFull(err) || errors.Is(err, syscall.ENOSPC)
}

func isRetryable(err error) bool { return sqliteIsRetryable(err) || postgresIsRetryable(err) }
