// SPDX-License-Identifier: Apache-2.0

package dnssec

import (
	"bytes"
	"strings"

	"github.com/miekg/dns"
)

// lastLabels is the end of a name with so many labels.
func lastLabels(name string, n int) string {
	starts := dns.Split(name)
	if n <= 0 || len(starts) == 0 {
		return "."
	}
	return name[starts[max(len(starts)-n, 0)]:]
}

// below is the wildcard directly below a name.
func below(name string) string { return "*." + strings.TrimPrefix(name, ".") }

// compare orders names as a signed zone does: label by label from the right, by
// their bytes (RFC 4034 §6.1). Both are in canonical form.
func compare(a, b string) int {
	x, y := labels(a), labels(b)
	for i := 1; i <= len(x) && i <= len(y); i++ {
		if c := bytes.Compare(x[len(x)-i], y[len(y)-i]); c != 0 {
			return c
		}
	}
	return len(x) - len(y)
}

// labels are those of a name with escapes undone.
func labels(name string) (all [][]byte) {
	wire := make([]byte, 256)
	n, err := dns.PackDomainName(name, wire, 0, nil, false)
	if err != nil {
		return nil
	}
	for at := 0; at < n && wire[at] != 0; at += int(wire[at]) + 1 {
		all = append(all, wire[at+1:at+1+int(wire[at])])
	}
	return all
}
