// SPDX-License-Identifier: Apache-2.0

package warc

import (
	"crypto/sha256"
	"encoding/base32"
	"net/netip"
	"time"
)

// Type is the kind of a record, §6.
type Type string

// The kinds that are written. Others may be read.
const (
	Info     Type = "warcinfo"
	Request  Type = "request"
	Response Type = "response"
	Revisit  Type = "revisit"
	Metadata Type = "metadata"
	Resource Type = "resource"
)

// Content types of blocks, §6.
const (
	TypeFields   = "application/warc-fields"
	TypeRequest  = "application/http;msgtype=request"
	TypeResponse = "application/http;msgtype=response"
)

// ProfileSame is the profile of a revisit whose payload is that of the record
// referred to, §6.7.2; ProfileNotModified one of which the server said so,
// §6.7.3.
const (
	ProfileSame        = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
	ProfileNotModified = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
)

// Head is what a record says of itself, §5.
type Head struct {
	Type          Type
	ID            string    // "urn:uuid:…"; made where empty
	Date          time.Time // to the microsecond
	URI           string    // WARC-Target-URI
	IP            netip.Addr
	ContentType   string
	Concurrent    []string // ids of the records of the same exchange
	RefersTo      string   // id
	RefersToURI   string
	RefersToDate  time.Time
	Profile       string
	Truncated     string // "length", "time", "disconnect", "unspecified"; empty: whole
	PayloadDigest string // as Digest makes it
	BlockDigest   string // made by the writer, checked by the reader
	Length        int64  // of the block, in bytes; made by the writer
	File          string // WARC-Filename, of a warcinfo alone
	InfoID        string // of the warcinfo that the record stands under
}

// Digest is SHA-256 in the labelled form of §5.8: "sha256:" and base 32.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return label(sum[:])
}

func label(sum []byte) string { return "sha256:" + base32.StdEncoding.EncodeToString(sum) }
