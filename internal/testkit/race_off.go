// SPDX-License-Identifier: Apache-2.0

//go:build !race

package testkit

// Race is true where the race detector watches.
const Race = false
