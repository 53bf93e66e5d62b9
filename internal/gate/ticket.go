// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ticket is a price that was named to one sender. As text it is
//
//	work "." from "." until "." mac
//
// with the two instants in seconds since 1970. The mac is also the challenge
// of the sum, so that no sum can be done before its ticket is known.
type ticket struct {
	work        int
	from, until int64
	mac         string // 64 hexadecimal digits; "": no ticket
}

// issue signs a price. Instants are cut to whole seconds, so that nobody waits
// longer than he is told.
func (g *Gate) issue(kind Kind, subject string, work int, wait time.Duration, now time.Time) ticket {
	t := ticket{work: work, from: now.Add(wait).Unix(), until: now.Add(wait + life).Unix()}
	t.mac = g.Sign(t.text(kind, subject))
	return t
}

// text is what is signed. The subject comes last: it is the only part of free
// length.
func (t ticket) text(kind Kind, subject string) string {
	return fmt.Sprintf("lachan-gate/1 %s %d %d %d %s", kind, t.work, t.from, t.until, subject)
}

func (t ticket) left(now time.Time) time.Duration {
	return max(0, time.Unix(t.from, 0).Sub(now))
}

func (t ticket) ask(wait time.Duration) *Ask {
	return &Ask{
		Ticket:    fmt.Sprintf("%d.%d.%d.%s", t.work, t.from, t.until, t.mac),
		Challenge: t.mac, Below: t.below(), Wait: (wait + time.Second - 1).Truncate(time.Second),
	}
}

// below is the limit of each piece: 2³² divided by a piece's share of the work.
func (t ticket) below() uint32 {
	return uint32(min(math.MaxUint32, (1<<32)/max(1, uint64(t.work)/Pieces)))
}

// payment is how a ticket was paid for.
type payment int

const (
	unpaid payment = iota
	bySum
	byWait
)

// read checks the ticket that came with a send. Of one that is not ours, not
// for this subject, or over, nothing is left: a new one is named.
func (g *Gate) read(kind Kind, s Send, now time.Time) (payment, ticket) {
	parts := strings.Split(s.Ticket, ".")
	if len(parts) != 4 {
		return unpaid, ticket{}
	}
	work, err1 := strconv.Atoi(parts[0])
	from, err2 := strconv.ParseInt(parts[1], 10, 64)
	until, err3 := strconv.ParseInt(parts[2], 10, 64)
	t := ticket{work: work, from: from, until: until, mac: parts[3]}
	if err1 != nil || err2 != nil || err3 != nil || now.Unix() > until || !hmac.Equal([]byte(g.Sign(t.text(kind, s.Subject))), []byte(t.mac)) {
		return unpaid, ticket{}
	}
	switch {
	case s.Answer != "" && t.solvedBy(s.Answer):
		return bySum, t
	case t.left(now) == 0:
		return byWait, t
	}
	return unpaid, t
}

// solvedBy checks an answer: one nonce a piece, in base 36, joined by points.
func (t ticket) solvedBy(answer string) bool {
	challenge, err := hex.DecodeString(t.mac)
	if err != nil || len(challenge) != sha256.Size || len(answer) > Pieces*8 {
		return false
	}
	nonces := strings.Split(answer, ".")
	if len(nonces) != Pieces {
		return false
	}
	for piece, text := range nonces {
		nonce, err := strconv.ParseUint(text, 36, 32)
		if err != nil || hashOf(challenge, uint32(piece), uint32(nonce)) >= t.below() {
			return false
		}
	}
	return true
}

// hashOf is the first 32 bits of SHA-256 over challenge, piece and nonce: one
// block, so that a script needs one round.
func hashOf(challenge []byte, piece, nonce uint32) uint32 {
	var block [sha256.Size + 8]byte
	copy(block[:], challenge)
	binary.BigEndian.PutUint32(block[sha256.Size:], piece)
	binary.BigEndian.PutUint32(block[sha256.Size+4:], nonce)
	sum := sha256.Sum256(block[:])
	return binary.BigEndian.Uint32(sum[:])
}

// Solve does the sum of an ask, as the page's script does: for programs that
// send reports by the form. It takes as many hashes as the price says.
func Solve(a *Ask) (string, error) {
	challenge, err := hex.DecodeString(a.Challenge)
	if err != nil || len(challenge) != sha256.Size || a.Below == 0 {
		return "", fmt.Errorf("gate: a challenge of %d digits", len(a.Challenge))
	}
	nonces := make([]string, Pieces)
	for piece := range nonces {
		nonce := uint32(0)
		for hashOf(challenge, uint32(piece), nonce) >= a.Below {
			nonce++
		}
		nonces[piece] = strconv.FormatUint(uint64(nonce), 36)
	}
	return strings.Join(nonces, "."), nil
}
