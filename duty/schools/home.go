// SPDX-License-Identifier: Apache-2.0

package schools

import "lachan/internal/bundle"

// HomeProfile is a band that families may choose for their devices, with the
// word that names it in their settings.
type HomeProfile struct {
	Word string // "tieu-hoc"
	Band string // code; its name is schools.band.<code>
	Path string // of DNS over HTTPS, "/tre-em/tieu-hoc"
}

// HomeProfiles are the three bands of pupils. Who uses them is not known here
// or anywhere: homes are not counted.
func HomeProfiles() (all []HomeProfile) {
	for _, h := range bundle.Homes() {
		all = append(all, HomeProfile{Word: h.Word, Band: h.Band.String(), Path: bundle.HomePath + h.Word})
	}
	return all
}
