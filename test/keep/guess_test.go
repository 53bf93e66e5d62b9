// SPDX-License-Identifier: Apache-2.0

package keep

import (
	"crypto/md5"  //nolint:gosec // a thief would try it
	"crypto/sha1" //nolint:gosec // a thief would try it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
)

// hashes are what somebody who holds a copy and a guess would look for: the
// plain hashes of the guess, raw, in hexadecimal and in base64.
func hashes(guesses ...string) (all [][]byte) {
	for _, g := range guesses {
		m, s1, s2, s5 := md5.Sum([]byte(g)), sha1.Sum([]byte(g)), sha256.Sum256([]byte(g)), sha512.Sum512([]byte(g)) //nolint:gosec // see above
		for _, sum := range [][]byte{m[:], s1[:], s2[:], s5[:]} {
			all = append(all, sum, []byte(hex.EncodeToString(sum)), []byte(base64.StdEncoding.EncodeToString(sum)), []byte(base64.RawURLEncoding.EncodeToString(sum)))
		}
	}
	return all
}
