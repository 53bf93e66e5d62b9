// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"io"
	"time"

	"lachan/duty/casework"
	"lachan/duty/detection"
	"lachan/duty/reporting"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/internal/authz"
	"lachan/internal/identity"
	"lachan/org"
)

// Services are the duties and the plumbing that pages act on.
type Services struct {
	Identity  *identity.Service
	Authz     *authz.Engine
	Org       *org.Service
	Casework  *casework.Service
	Schools   *schools.Service
	Online    *online.Service
	Detection *detection.Service
	Reporting *reporting.Service
	Ledger    Ledger
	// Directive is the id of the directive that the province carries out.
	Directive string
	// Translate turns an error of the machine that a person should hear about
	// (a full disk) into its problem. It may be nil.
	Translate func(error) error
}

// Ledger is what pages show of the ledger; hub satisfies it, since pages do
// not reach into the plumbing. Every method asks the policies first.
type Ledger interface {
	// Page lists entries, newest first, after the place where the last page
	// ended (LedgerPage.Next; "": from the newest), of one room or all ("").
	Page(ctx context.Context, actor authz.Actor, from, room string) (LedgerPage, error)
	// Export writes the export as a tar of tlog-tiles.
	Export(ctx context.Context, actor authz.Actor, w io.Writer) error
	// Proof is the proof of one entry, once it is in the tree; nil before.
	Proof(ctx context.Context, entryID string) ([]byte, error)
}

// LedgerPage is one page of the ledger with the newest signed tree head.
type LedgerPage struct {
	Entries    []LedgerEntry
	Next       string // to go on with; "": the end
	Size       int64
	Root       string
	SignedAt   time.Time
	Checkpoint string
	Key        string
}

// LedgerEntry is one entry without its sealed details.
type LedgerEntry struct {
	Index         int64 // -1: not in the tree yet
	ID            string
	At            time.Time
	Kind          string
	Actor, Object string
	Policies      []string
}
