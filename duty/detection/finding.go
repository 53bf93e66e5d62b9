// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"time"

	"lachan/internal/pdq"
)

// Finding is what a scan met, or an officer brought, while it is in memory.
type Finding struct {
	Source  string // id; "" where an officer brought it
	Scan    string
	Kind    Kind
	Address string // personal
	Title   string // personal
	Text    string // personal
	Lang    string
	// TextDigest is equal for texts that are nearly equal; "" for none.
	TextDigest string
	Marks      []Mark // where the text gave a reason; Find adds those of its reader
	Published  time.Time
	Spoken     bool // in a child's words
	// Brought says that an officer named the page: that is a reason by itself.
	Brought  bool
	Pictures []FoundPicture
	Capture  []byte // WARC of what was seen; nil for none
	// Features that the finder knows; Find adds what the words show and the hits.
	Features Features
}

// Mark is a place of the text that gave a reason, in bytes of Text.
type Mark struct {
	From  int    `json:"from"`
	To    int    `json:"to"`
	Label string `json:"label"`
}

// FoundPicture is a picture, or the frames of a film, of a finding.
type FoundPicture struct {
	Address       string // personal
	Alt           string // personal
	Film          bool
	Width, Height int
	Quality       int
	Hash          pdq.Hash   // of the picture as it is stored
	Variants      []pdq.Hash // what is looked for: turned, mirrored, trimmed; frames of a film
	MD5, SHA256   string     // of the file
	Picture       []byte     // for who holds to reveal: JPEG
	Veil          []byte     // for everybody before: JPEG, blurred, grey and small
}

// content is what is sealed of an item.
type content struct {
	Address   string           `json:"address"`
	Title     string           `json:"title"`
	Text      string           `json:"text"`
	Lang      string           `json:"lang"`
	Marks     []Mark           `json:"marks"`
	Published int64            `json:"published"`
	Pictures  []contentPicture `json:"pictures"`
}

type contentPicture struct {
	Address string `json:"address"`
	Alt     string `json:"alt"`
	PDQ     string `json:"pdq"`
	MD5     string `json:"md5"`
	SHA256  string `json:"sha256"`
}
