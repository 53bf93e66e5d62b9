// SPDX-License-Identifier: Apache-2.0

package bundle

// Home is a band that families may choose for their devices (dispatch 4569,
// clause 1.1). They name it by a word: over HTTPS as a path behind HomePath,
// over TLS and QUIC as a name below the node's own.
type Home struct {
	Word string // "tieu-hoc"
	Band Band
}

// HomePath begins the address of a home's band for DNS over HTTPS.
const HomePath = "/tre-em/"

// Homes are the three bands of pupils. The words stand in the settings of
// families' devices: they never change.
func Homes() []Home {
	return []Home{{"tieu-hoc", Primary}, {"trung-hoc-co-so", LowerSecondary}, {"trung-hoc-pho-thong", UpperSecondary}}
}

// ParseHome finds a home's band by its word.
func ParseHome(word string) (Home, bool) {
	for _, h := range Homes() {
		if h.Word == word {
			return h, true
		}
	}
	return Home{}, false
}
