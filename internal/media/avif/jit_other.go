// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package avif

func mayMakeCode() bool { return true }
