// SPDX-License-Identifier: Apache-2.0

package web

import (
	"net/http"
	"strings"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/web/page"
)

// ledgerRoutes is the list of what was done, for an auditor or a court. An
// entry names no person: who acted stands there by id.
func (s *Server) ledgerRoutes() []Route {
	return []Route{
		{Method: http.MethodGet, Path: "/ledger", Do: s.ledgerPage},
		{Method: http.MethodGet, Path: "/ledger/export", Do: s.ledgerExport},
		{Method: http.MethodGet, Path: "/ledger/proof/{id}", Do: s.ledgerProof},
	}
}

// ledgerRooms are the first words of the kinds of entries, in the order of the
// menu.
func ledgerRooms() []string {
	return []string{"casework", "schools", "reporting", "identity", "org", "ledger", "hub"}
}

func (s *Server) ledgerPage(c *visit) error {
	room := c.query("kind")
	got, err := s.Ledger.Page(c.r.Context(), c.who.Actor, c.query("from"), room)
	if err != nil {
		return err
	}
	c.in("ledger", c.p.T("pages.ledger.title"))
	p := page.Ledger{Base: c.base, Size: got.Size, Root: got.Root, Signed: got.SignedAt, KeyName: got.Key, Note: got.Checkpoint}
	p.Kinds = []page.Option{{Label: c.p.T("pages.ledger.every-room"), On: room == ""}}
	for _, r := range ledgerRooms() {
		p.Kinds = append(p.Kinds, page.Option{Value: r, Label: c.p.T("pages.ledger.room." + r), On: r == room})
	}
	for _, e := range got.Entries {
		p.Entries = append(p.Entries, page.LedgerRow{
			Index: e.Index, At: e.At, Kind: e.Kind, KindText: c.ledgerKind(e.Kind), Actor: c.ledgerActor(e.Actor),
			Object: e.Object, Href: c.ledgerHref(e), Policies: e.Policies,
		})
	}
	p.Pager = page.Pager{From: 1, To: len(p.Entries), Total: int(got.Size)}
	if got.Next != "" {
		p.Pager.Next = withQuery("/ledger", "from", got.Next, "kind", room)
	}
	if n := len(got.Entries); n > 0 && got.Entries[0].Index >= 0 && room == "" {
		p.Pager.From = int(got.Size - got.Entries[0].Index)
		p.Pager.To = p.Pager.From + n - 1
	}
	if c.may("ledger.export", authz.Resource{Type: "ledger.log"}) {
		p.Export = []page.File{{Name: c.p.T("pages.ledger.export"), Href: "/ledger/export", Kind: "tar"}}
	}
	return c.show("ledger/ledger", p)
}

// ledgerKind is what happened, in words; the code itself for a kind without.
func (c *visit) ledgerKind(kind string) string {
	key := "pages.ledger.kind." + strings.ReplaceAll(kind, "_", "-")
	if c.p.Has(key) {
		return c.p.T(key)
	}
	return kind
}

// ledgerActor shortens a person's id to what tells two people apart.
func (c *visit) ledgerActor(actor string) string {
	switch before, after, found := strings.Cut(actor, ":"); {
	case actor == "":
		return c.p.T("pages.ledger.actor.public")
	case !found:
		return c.p.T("pages.ledger.actor.person", "id", actor[max(0, len(actor)-8):])
	case before == "system":
		return c.p.T("pages.ledger.actor.system", "id", after)
	case before == "node":
		return c.p.T("pages.ledger.actor.node", "id", after[max(0, len(after)-8):])
	default:
		return actor
	}
}

// ledgerHref leads to what the entry is about, where it has a page that the
// reader may open.
func (c *visit) ledgerHref(e LedgerEntry) string {
	room, _, _ := strings.Cut(e.Kind, ".")
	if !c.mayEnter(room) {
		return ""
	}
	switch e.Kind {
	case "schools.school_saved", "schools.network_saved", "schools.network_dropped", "schools.rule_saved", "schools.rule_dropped":
		return "/schools/" + e.Object
	case "schools.node_joined", "schools.node_revoked":
		return "/schools/nodes"
	case "schools.list_subscribed", "schools.list_unsubscribed", "schools.list_updated", "schools.list_held", "schools.list_applied", "schools.list_discarded":
		return listPath(e.Object)
	case "schools.list_imported", "schools.bundle_built", "schools.exported", "schools.subscriber_added", "schools.subscriber_dropped":
		return "/schools/lists"
	case "reporting.directive_loaded", "reporting.distributed":
		return "/reporting/directives/" + e.Object
	}
	return ""
}

// ledgerExport takes the whole ledger out, so the second factor must be fresh.
func (s *Server) ledgerExport(c *visit) error {
	if err := c.fresh(); err != nil {
		return err
	}
	c.slowly()
	out := &late{c: c, name: "ledger.tar", kind: "application/x-tar"}
	err := s.Ledger.Export(c.r.Context(), c.who.Actor, out)
	if err != nil && out.begun {
		// Half a file has gone: the connection is cut, so that nobody takes
		// it for a whole one.
		panic(http.ErrAbortHandler)
	}
	return err
}

// late sends the head of a download with its first byte, so that an error
// before it is an error page.
type late struct {
	c          *visit
	name, kind string
	begun      bool
}

func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		l.c.attach(l.name, l.kind)
	}
	return l.c.w.Write(b)
}

// ledgerProof is the proof of one entry, to be kept with a document.
func (s *Server) ledgerProof(c *visit) error {
	if !c.may("ledger.view", authz.Resource{Type: "ledger.log"}) {
		return problem.New("authz/forbidden")
	}
	proof, err := s.Ledger.Proof(c.r.Context(), c.r.PathValue("id"))
	if err != nil {
		return err
	}
	if proof == nil {
		return problem.New("pages/no-proof-yet")
	}
	c.attach("proof.txt", "text/plain; charset=utf-8")
	_, _ = c.w.Write(proof) // an error is a reader who has gone
	return nil
}
