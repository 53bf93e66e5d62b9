// SPDX-License-Identifier: Apache-2.0

package resolver

import "lachan/internal/dnswire"

// specialNames are asked by devices that want to know whether they may go past
// the network's resolver. They are answered here before any list is looked at,
// because a list that carries one would do harm: a block page's address for
// Mozilla's canary is a positive answer and switches DNS over HTTPS on.
//
//   - use-application-dns.net: NXDOMAIN leaves Firefox's default DoH off.
//   - the mask names of iCloud Private Relay: NXDOMAIN makes the device tell
//     its user that the network does not allow it.
//   - _dns.resolver.arpa (RFC 9462): this node's own ways in, or an empty answer
//     (designate.go); forwarded, it would offer the upstream's own encrypted
//     service past the filter.
func specialNames() map[string]int {
	return map[string]int{
		"\x13use-application-dns\x03net\x00":   dnswire.NameError,
		"\x04mask\x06icloud\x03com\x00":        dnswire.NameError,
		"\x07mask-h2\x06icloud\x03com\x00":     dnswire.NameError,
		"\x08mask-api\x06icloud\x03com\x00":    dnswire.NameError,
		"\x0bmask-canary\x06icloud\x03com\x00": dnswire.NameError,
		"\x04mask\x09apple-dns\x03net\x00":     dnswire.NameError,
		"\x04_dns\x08resolver\x04arpa\x00":     dnswire.NoError,
	}
}
