// SPDX-License-Identifier: Apache-2.0

package crawl

import "time"

// What an item is.
const (
	ItemPage    = "page"
	ItemPicture = "picture" // an address that is a picture itself
	ItemEntry   = "entry"   // an entry of a feed that has a text and no address
)

// Found is one item as it was seen. Texts come from strangers: they are cut to
// maxText and are otherwise as they were written. An entry of a feed has no
// address of its own and comes again with each reading of the feed: what it is
// known by is PayloadSHA256.
type Found struct {
	URL       string // as it was asked for
	FinalURL  string // after redirects
	Kind      string
	Title     string
	Text      string // the article, or what is visible where none is found
	Visible   string // all visible text, comments and menus too
	Lang      string // as the page says: "vi"
	Published time.Time
	Pictures  []Picture
	Videos    []Video
	Links     []string // canonical, in the page's order
	Reach     int      // followers or views that a page states; -1: none, and of what is no page
	Fetched   time.Time
	Status    int
	ETag      string
	Modified  string
	Charset   string
	// Short says that the end of the page is missing: it was too large, too slow
	// or broken off.
	Short         bool
	PayloadSHA256 string // hex, of the body without its transfer's chunks
	NearDigest    uint64 // simhash of the text, see Near
}

// Picture is a picture of a page.
type Picture struct {
	URL    string
	Alt    string
	Body   []byte // where it was fetched
	SHA256 string
	Type   string // Content-Type, as it came
}

// Video is a video of a page. Videos are never fetched.
type Video struct {
	URL    string
	Poster string
}
