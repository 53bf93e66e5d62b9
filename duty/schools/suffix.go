// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"golang.org/x/net/publicsuffix"

	"lachan/internal/bundle"
)

// A public suffix is a name under which other people's names are given out:
// "vn", "com.vn", "github.io" (publicsuffix.org). To block one is to block all
// of them. The list has a part of registries and a private part, in which
// owners such as hosts of blogs enter themselves.

// publicSuffix reports whether name is a public suffix, and whether a registry
// says so rather than an owner.
func publicSuffix(name bundle.Name) (is, byRegistry bool) {
	text := name.String()
	suffix, icann := publicsuffix.PublicSuffix(text)
	return suffix == text, icann || name.Labels() == 1
}

// registered is the name that somebody registered and under which name lies:
// one label more than its public suffix. For a suffix it is the suffix itself.
func registered(name bundle.Name) bundle.Name {
	text := name.String()
	suffix, _ := publicsuffix.PublicSuffix(text)
	labels := 2
	for i := range len(suffix) {
		if suffix[i] == '.' {
			labels++
		}
	}
	return name.Suffix(labels)
}
