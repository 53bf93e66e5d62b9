// SPDX-License-Identifier: Apache-2.0

package bus

import (
	"strings"

	"lachan/internal/problem"
)

// The subjects that every node may read.
const (
	SubjectHeartbeat = "lachan.v1.bundle.heartbeat"
	SubjectDelta     = "lachan.v1.bundle.delta"
	SubjectNew       = "lachan.v1.bundle.new"

	subjectBundles = "lachan.v1.bundle.>"
	subjectSide    = "lachan.v1.side."
	subjectNode    = "lachan.v1.node."
)

// The verbs of a node's requests.
const (
	verbState  = "state"
	verbChunk  = "chunk"
	verbPatch  = "patch"
	verbDeltas = "deltas"
	verbSide   = "side"
	verbKeys   = "keys"
	verbCounts = "counts"
	verbHealth = "health"
	verbAsk    = "ask"
)

// SubjectSide is where a school's side file is published.
func SubjectSide(school string) string { return subjectSide + school }

// subjectRequest is where a node sends a request.
func subjectRequest(node, verb string) string { return subjectNode + node + "." + verb }

// nodeOf reads the node id out of the subject of a request.
func nodeOf(subject string) string {
	node, _, _ := strings.Cut(strings.TrimPrefix(subject, subjectNode), ".")
	return node
}

// inbox is the prefix under which a node receives its replies.
func inbox(node string) string { return "_INBOX." + node }

// checkToken refuses what would widen a subject: an id is letters, digits, "-"
// and "_".
func checkToken(id string) error {
	if id == "" || len(id) > 64 {
		return problem.New("bus/bad-id")
	}
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return problem.New("bus/bad-id")
		}
	}
	return nil
}
