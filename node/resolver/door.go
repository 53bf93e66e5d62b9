// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net/netip"
	"strings"

	"lachan/internal/bundle"
)

// way is how a question came in.
type way uint8

const (
	byUDP way = iota
	byTCP
	byTLS
	byHTTPS
	byQUIC
)

// encrypted reports whether nobody on the way reads what is asked, so that
// padding is worth its bytes (RFC 7830 §6).
func (w way) encrypted() bool { return w >= byTLS }

// asker is who asks, as far as a filter cares: never a person.
type asker struct {
	addr netip.Addr
	word string // what the client calls itself, "" if nothing
	by   way
}

// wordOf is the word in a server name "word.host", "" if there is none. Words
// may be known to everybody in a school; they say which room a device stands
// in, and are no passwords.
func wordOf(serverName, host string) string {
	word, ok := strings.CutSuffix(strings.ToLower(strings.TrimSuffix(serverName, ".")), "."+host)
	if !ok || host == "" || !bundle.ValidDevice(word) {
		return ""
	}
	return word
}

// serves reports whether a client may ask: everybody on the school's own
// networks, nobody from the Internet unless listed. A resolver open to all is
// soon part of an attack on somebody else (RFC 5358).
func (l *live) serves(client netip.Addr) bool {
	client = client.Unmap()
	if client.IsPrivate() || client.IsLoopback() || client.IsLinkLocalUnicast() {
		return true
	}
	for _, p := range l.cfg.Clients {
		if p.Contains(client.WithZone("")) {
			return true
		}
	}
	return false
}

// knows reports whether a school lists the word of a client, which lets it in
// from anywhere where the settings say so. Over an encrypted way only: the
// sender's address is then its own, and nobody can be flooded with answers.
func (w *worker) knows(from asker) bool {
	if !from.by.encrypted() || !w.live.cfg.OpenToWords || from.word == "" {
		return false
	}
	view := w.live.cfg.View()
	if view == nil {
		return false
	}
	_, known := view.Device(from.word, w.live.cfg.Clock.Now().UnixMicro())
	return known
}
