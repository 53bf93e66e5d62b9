// SPDX-License-Identifier: Apache-2.0

package page

// HomeFilter tells families what the filter for homes is and leads to each
// band: GET /parents/filter.
type HomeFilter struct {
	Base
	Bands []HomeBand // none: the province offers no filter for homes
}

// HomeBand leads to the set-up of a band.
type HomeBand struct{ Href, Name string }

// HomeSetup is how the devices of a family are set to a band: GET
// /parents/filter/{word}.
type HomeSetup struct {
	Base
	Name      string
	TLS       string   // server name of DNS over TLS, for Android
	HTTPS     string   // address of DNS over HTTPS
	Profile   string   // where Apple's device profile is downloaded
	Addresses []string // of the server, for Windows and routers; none: not stated
	Others    []HomeBand
}
