// SPDX-License-Identifier: Apache-2.0

// Package fence runs a program in a place from which it reaches nothing: what
// strangers send is opened there, and whoever takes over a decoder through a
// fault in it has no file, no network, no other program and no more memory or
// time than one picture needs.
//
// A program enters in two steps. Enter sets what outlives exec: limits of the
// kernel, no new privileges, no capabilities, landlock over files and ports, a
// filter of system calls without sockets or traces; and becomes the program. A
// program of ours then calls Seal before it reads anything: from there on, only
// the system calls that computing needs are left.
//
// All of it is Linux. Elsewhere, or where a kernel lacks a part, the program
// runs with what there is, and Held says what that is.
package fence

import "time"

// Spec is a program and what it is let. Memory and CPU of zero are unlimited.
type Spec struct {
	Program string        // its path
	Args    []string      // from the name of the program on
	Memory  int64         // bytes beyond what a program of Go reserves and does not use
	CPU     time.Duration // of computing over its whole life, in whole seconds
	Files   uint64        // descriptors
	Read    []string      // folders and files that it may read
}

// Held are the words for what may be kept from a program, in the order in which
// a person should read them. Each is proven by the program itself: it tries.
const (
	HeldFiles      = "files"      // opens no file
	HeldNetwork    = "network"    // opens no socket
	HeldPrograms   = "programs"   // starts no program
	HeldPrivileges = "privileges" // gains none, and has no capability
	HeldMemory     = "memory"     // is refused more than Memory
	HeldTime       = "time"       // is ended after CPU
	HeldWriting    = "writing"    // makes no file longer than nothing, leaves no core
	HeldParent     = "parent"     // ends with who started it
)

// Words are all of them.
func Words() []string {
	return []string{HeldFiles, HeldNetwork, HeldPrograms, HeldPrivileges, HeldMemory, HeldTime, HeldWriting, HeldParent}
}
