// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lachan/api"
	"lachan/internal/authz"
	"lachan/internal/gate"
	"lachan/internal/ledger"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/web"
)

// openPages: the listener first, so that the address is known, then the pages.
func (h *Hub) openPages(context.Context) (err error) {
	if h.opts.Offline {
		return nil
	}
	if h.listener, err = net.Listen("tcp", h.cfg.HTTP.Listen); err != nil {
		return problem.New("hub/cannot-listen", "address", h.cfg.HTTP.Listen).Wrap(err)
	}
	h.onClose(func() error {
		if err := h.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	h.Web, err = web.New(web.Deps{
		Settings: web.Settings{
			Language: h.cfg.Language, Place: h.cfg.Province.Name, Leave: h.cfg.Province.Leave,
			BaseURL: h.URL(), Secure: h.cfg.Secure(), Demo: h.opts.Demo,
			Homes: web.Homes(h.cfg.Homes), Transfer: web.Transfer{Address: h.ZoneAddr(), Zone: h.cfg.Transfer.Zone},
		},
		Texts: h.texts, Clock: h.clock, Log: h.log,
		Gate: gate.New(gate.Deps{
			Settings: gate.Settings{
				Free: h.cfg.Intake.FreePerMinute, MaxWork: h.cfg.Intake.MaxWork, MaxWait: time.Duration(h.cfg.Intake.MaxWait) * time.Second,
			},
			Clock: h.clock, Log: h.log, Sign: func(text string) string { return h.secrets.KeyedHash("gate.ticket", text) },
		}),
		Services: web.Services{
			Identity: h.Identity, Authz: h.Authz, Org: h.Org, Casework: h.Casework, Schools: h.Schools, Online: h.Online, Detection: h.Detection, Reporting: h.Reporting,
			Ledger: ledgerPages{h}, Directive: Directive, Translate: translate,
		},
	})
	return err
}

// URL is the address of the pages, with the port that was given.
func (h *Hub) URL() string {
	if h.cfg.HTTP.PublicURL != "" || h.listener == nil {
		return h.cfg.BaseURL()
	}
	scheme := "http://"
	if h.cfg.HTTP.CertFile != "" {
		scheme = "https://"
	}
	return scheme + h.listener.Addr().String()
}

// translate says what a person should hear of the machine's own trouble.
func translate(err error) error {
	if sqldb.IsFull(err) {
		return problem.New("store/disk-full").Wrap(err)
	}
	return err
}

// Handler is everything that the hub serves, outermost first: whatever a
// proxy tells of the client is dropped before anything can read it.
func (h *Hub) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", h.Web.Handler())
	machines := api.New(api.Deps{
		Texts: h.texts, Log: h.log, Machine: h.machine, Authz: h.Authz, Schools: h.Schools, Online: h.Online, Clock: h.clock,
		Detection: h.Detection, Hasher: &hasher{h.outside, h.examiner},
		Enrol: func(ctx context.Context, token, key, version string) (any, error) {
			return h.EnrolNode(ctx, token, key, version)
		},
		Export: h.exportFor,
		Ready:  h.ready,
	})
	mux.Handle("/api/", machines)
	mux.Handle(api.HMAPrefix+"/", machines)
	mux.Handle("/healthz", machines)
	mux.Handle("/readyz", machines)
	var proxies []netip.Prefix
	for _, p := range h.cfg.HTTP.TrustedProxy {
		if prefix, err := netip.ParsePrefix(p); err == nil { // checked by config
			proxies = append(proxies, prefix)
		}
	}
	return web.DropClient(mux, proxies)
}

// errRoom ends the probe for room without leaving anything behind.
var errRoom = errors.New("hub: there is room")

// room is how much must fit for the hub to call itself ready, in bytes.
const room = 256 << 10

// ready reports whether the hub can do its work: read, write and sync a row,
// and find room for a report of some length.
func (h *Hub) ready(ctx context.Context) error {
	err := h.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := sqldb.Exec(ctx, tx, noteReady, "ready", h.clock.Now().UTC().Format(time.RFC3339))
		return err
	})
	if err != nil {
		return translate(err)
	}
	err = h.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if _, err := sqldb.Exec(ctx, tx, noteReady, "room", strings.Repeat(".", room)); err != nil {
			return err
		}
		return errRoom
	})
	if !errors.Is(err, errRoom) {
		return translate(err)
	}
	return nil
}

var noteReady = sqldb.Register("hub.note_ready", `
	INSERT INTO hub_setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`)

// ledgerPages shows the ledger on pages, after asking the policies.
type ledgerPages struct{ h *Hub }

var _ web.Ledger = ledgerPages{}

const ledgerRows = 50

// Page implements web.Ledger.
func (l ledgerPages) Page(ctx context.Context, actor authz.Actor, from, room string) (web.LedgerPage, error) {
	if _, err := l.h.Authz.Check(ctx, actor, "ledger.view", authz.Resource{Type: "ledger.log"}); err != nil {
		return web.LedgerPage{}, err
	}
	page := ledger.Page{Limit: ledgerRows}
	if from != "" {
		if _, err := fmt.Sscanf(from, "%d.%s", &page.Before.At, &page.Before.ID); err != nil {
			return web.LedgerPage{}, problem.New("page/not-found")
		}
	}
	leaves, next, err := l.h.Ledger.List(ctx, ledger.Filter{Room: room}, page)
	if err != nil {
		return web.LedgerPage{}, err
	}
	head, err := l.h.Ledger.Head(ctx)
	if err != nil {
		return web.LedgerPage{}, err
	}
	out := web.LedgerPage{Size: head.Size, Root: head.Root, SignedAt: head.At, Checkpoint: head.Signed, Key: l.h.Ledger.PublicKey()}
	if next != (ledger.Cursor{}) {
		out.Next = fmt.Sprintf("%d.%s", next.At, next.ID)
	}
	for _, leaf := range leaves {
		out.Entries = append(out.Entries, web.LedgerEntry{
			Index: leaf.Index, ID: leaf.ID, At: leaf.At, Kind: leaf.Kind, Actor: leaf.Actor, Object: leaf.Object, Policies: leaf.Policies,
		})
	}
	return out, nil
}

// Export implements web.Ledger.
func (l ledgerPages) Export(ctx context.Context, actor authz.Actor, w io.Writer) error {
	if _, err := l.h.Authz.Check(ctx, actor, "ledger.export", authz.Resource{Type: "ledger.log"}); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(l.h.cfg.DataDir, ".export-")
	if err != nil {
		return fmt.Errorf("hub: export: %w", err)
	}
	defer os.RemoveAll(dir)
	if _, err := l.h.Ledger.Export(ctx, dir, nil); err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := tw.WriteHeader(&tar.Header{Name: filepath.ToSlash(rel), Size: int64(len(data)), Mode: 0o644}); err != nil {
			return err
		}
		_, err = tw.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("hub: export: %w", err)
	}
	return tw.Close()
}

// Proof implements web.Ledger.
func (l ledgerPages) Proof(ctx context.Context, entryID string) ([]byte, error) {
	p, err := l.h.Ledger.Prove(ctx, entryID)
	if problem.Is(err, "ledger/not-yet") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p.Text(), nil
}
