// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"net/netip"
	"slices"
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

// local reports whether an address is of the school's own networks, where
// everybody may ask.
func local(client netip.Addr) bool {
	client = client.Unmap()
	return client.IsPrivate() || client.IsLoopback() || client.IsLinkLocalUnicast()
}

// serves reports whether a client with a public address may ask: nobody from
// the Internet unless listed. A resolver open to all is soon part of an attack
// on somebody else (RFC 5358).
func (l *live) serves(client netip.Addr) bool {
	client = client.Unmap().WithZone("")
	return slices.ContainsFunc(l.cfg.Clients, func(p netip.Prefix) bool { return p.Contains(client) })
}

// home is the band that a family chose, where this node serves families. Over an
// encrypted way only, as for knows. A school's word of the same spelling does
// not count on such a node.
func (w *worker) home(from asker) (bundle.Home, bool) {
	if !w.live.cfg.Homes || !from.by.encrypted() {
		return bundle.Home{}, false
	}
	return bundle.ParseHome(from.word)
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
