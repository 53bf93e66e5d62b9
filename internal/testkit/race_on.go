// SPDX-License-Identifier: Apache-2.0

//go:build race

package testkit

// Race is true where the race detector watches: what only computes, at size,
// is cut there, since it costs ten times as much and runs whole without it.
const Race = true
