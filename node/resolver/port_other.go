// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package resolver

import "syscall"

const canSharePort = false

func sharePort(_, _ string, _ syscall.RawConn) error { return nil }
