// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"time"

	"lachan/directives"
	"lachan/duty"
	"lachan/duty/casework"
	"lachan/duty/detection"
	"lachan/duty/detection/crawl"
	"lachan/duty/reporting"
	"lachan/duty/schools"
	"lachan/duty/schools/online"
	"lachan/flow"
	"lachan/internal/authz"
	"lachan/internal/blobs"
	"lachan/internal/bus"
	"lachan/internal/bus/natsd"
	"lachan/internal/clock"
	"lachan/internal/config"
	"lachan/internal/fetch"
	"lachan/internal/identity"
	"lachan/internal/jobs"
	"lachan/internal/ledger"
	"lachan/internal/locale"
	"lachan/internal/logs"
	"lachan/internal/media"
	"lachan/internal/sqldb"
	"lachan/internal/telemetry"
	"lachan/internal/vault"
	"lachan/org"
	"lachan/policy"
	"lachan/web"
)

// Options are what differs between production, the demo and the tests.
type Options struct {
	Version string
	Clock   clock.Clock  // nil: the machine's
	Logger  *slog.Logger // nil: by the settings, to stderr
	Stderr  io.Writer    // for that logger
	Demo    bool         // pages say that the data are samples
	Offline bool         // open the data for one command: no pages, no bus, no jobs
	// Off switches arrows of the flow off, so that a test can see the tour
	// miss them.
	Off []flow.Arrow
	// Sites are addresses inside that scans may look at: the demo's own site,
	// and those of tests.
	Sites []netip.AddrPort
	// Names finds the addresses of sites for scans; nil: as the machine does.
	Names *net.Resolver
	// KDF is the cost of unlocking; zero is the product's own. Tests that
	// unlock often make it cheap.
	KDF vault.KDF
}

// Hub is one hub, put together.
type Hub struct {
	cfg    config.Hub
	opts   Options
	log    *slog.Logger
	clock  clock.Clock
	lock   *lock
	texts  *locale.Texts
	closes []func() error

	DB        *sqldb.DB
	Blobs     blobs.Store
	Ledger    *ledger.Log
	Vault     *vault.Vault
	Authz     *authz.Engine
	Identity  *identity.Service
	Org       *org.Service
	Casework  *casework.Service
	Schools   *schools.Service
	Online    *online.Service
	Detection *detection.Service
	Reporting *reporting.Service
	Web       *web.Server

	secrets  *vault.Secrets
	fetch    *fetch.Client   // the door out
	outside  *fetch.Client   // for what others name: reaches nothing inside
	browser  crawl.Browser   // draws pages that are found; without a path: none does
	examiner *media.Examiner // of pictures of strangers
	keys     *schools.Keyring
	queue    *jobs.Queue
	flow     *flow.Flow
	natsd    *natsd.Server
	bus      *bus.Bus
	pub      *publisher
	listener net.Listener
	zoneTCP  net.Listener   // of the name server for other filters; nil: there is none
	zoneUDP  net.PacketConn // its port, the same

	metrics   *telemetry.Metrics
	metricsAt net.Listener // nil: numbers are served nowhere
	observers []func(logs.Done)
}

// New puts a hub together. What it opened before it failed, it closes again.
func New(ctx context.Context, cfg config.Hub, opts Options) (_ *Hub, err error) {
	h := &Hub{cfg: cfg, opts: opts, clock: opts.Clock, log: opts.Logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if h.clock == nil {
		h.clock = clock.System{}
	}
	if h.log == nil {
		h.log = logs.New(opts.Stderr, cfg.Log.Level, cfg.Log.JSON)
	}
	if h.texts, err = locale.Load(); err != nil {
		return nil, err
	}
	for _, build := range []func(context.Context) error{
		h.openStores, h.openTrust, h.openDuties, h.loadProvince, h.openBus, h.openTransfers, h.openPages, h.openMetrics, h.openTraces,
	} {
		if err := build(ctx); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *Hub) onClose(fn func() error) { h.closes = append(h.closes, fn) }

// Close releases everything, in the opposite order of New.
func (h *Hub) Close() error {
	var errs []error
	for i := len(h.closes) - 1; i >= 0; i-- {
		errs = append(errs, h.closes[i]())
	}
	h.closes = nil
	return errors.Join(errs...)
}

// openStores: the lock, the database with its schema, the sealed files.
func (h *Hub) openStores(ctx context.Context) (err error) {
	if h.cfg.SingleMachine() {
		if h.lock, err = lockFolder(h.cfg.DataDir); err != nil {
			return err
		}
		h.onClose(h.lock.release)
	}
	url, err := h.cfg.DatabaseURL()
	if err != nil {
		return err
	}
	if h.DB, err = sqldb.Open(ctx, url); err != nil {
		return err
	}
	h.onClose(h.DB.Close)
	if err := h.migrate(ctx); err != nil {
		return err
	}
	if h.Blobs, err = blobs.Open(ctx, h.cfg.Blobs.URL, filepath.Join(h.cfg.DataDir, "blobs")); err != nil {
		return err
	}
	h.onClose(h.Blobs.Close)
	return nil
}

// openTrust: secrets, ledger, keys, permissions, accounts.
func (h *Hub) openTrust(ctx context.Context) (err error) {
	if h.secrets, err = vault.OpenSecrets(h.cfg.SecretsDir); err != nil {
		return err
	}
	key, err := ledger.LoadOrCreateKey(filepath.Join(h.cfg.SecretsDir, "ledger.key"), "lachan/"+h.cfg.Province.Pack)
	if err != nil {
		return err
	}
	h.Ledger, err = ledger.New(ledger.Deps{DB: h.DB, Clock: h.clock, Key: key, Sealer: h.secrets.Box("ledger")})
	if err != nil {
		return err
	}
	if h.Vault, err = vault.New(vault.Deps{DB: h.DB, Clock: h.clock, Secrets: h.secrets, KDF: h.opts.KDF}); err != nil {
		return err
	}
	if h.Authz, err = authz.New(policy.FS); err != nil {
		return err
	}
	h.Identity = identity.New(identity.Deps{
		DB: h.DB, Clock: h.clock, Keys: h.secrets, Ledger: h.Ledger, Authz: h.Authz, Vault: h.Vault,
		StandIn: func(_ context.Context, unit string) (string, error) { return h.standIn(unit), nil },
	})
	return nil
}

// openDuties: organisation, the duties, and the flow between them.
func (h *Hub) openDuties(ctx context.Context) (err error) {
	h.Org = org.New(org.Deps{DB: h.DB, Clock: h.clock, Authz: h.Authz, Ledger: h.Ledger})
	h.queue = jobs.New(h.DB, h.log)
	h.flow = flow.New(h.queue, h.clock, h.opts.Off...)
	jobs.Handle(h.queue, h.sweep)
	jobs.Every(h.queue, 10*time.Minute, sweepJob{})
	jobs.Handle(h.queue, func(ctx context.Context, _ rolloutJob) error { return h.Schools.AdvanceRollout(ctx) })
	jobs.Every(h.queue, time.Minute, rolloutJob{})
	h.handleLists()
	h.handleRules()
	h.handleExchanges()
	if err := h.queue.Prepare(); err != nil {
		return err
	}
	catalogue, err := loadCatalogue(h.cfg)
	if err != nil {
		return err
	}
	h.keys, err = schools.OpenKeyring(h.cfg.SecretsDir)
	if err != nil {
		return err
	}
	h.pub = &publisher{log: h.log}
	h.fetch = fetch.New(fetch.Options{Agent: "lachan/" + h.opts.Version, AllowInside: h.cfg.Lists.AllowInside})
	h.Schools, err = schools.New(schools.Deps{
		DB: h.DB, Ledger: h.Ledger, Authz: h.Authz, Clock: h.clock, Catalogue: catalogue,
		Keys: h.keys, Files: h.Blobs, Publisher: h.pub, Log: h.log, Reach: h.reach, Seal: h.secrets.Box("schools.transfer"), Days: workingDays{h.Org},
		Fetch:    h.fetch,
		Settings: schools.Settings{HoldGrowth: h.cfg.Lists.HoldGrowth, HoldShrink: h.cfg.Lists.HoldShrink, HoldFrom: h.cfg.Lists.HoldFrom},
	})
	if err != nil {
		return err
	}
	if _, err := h.Schools.FollowKeys(ctx); err != nil {
		return err
	}
	h.Casework, err = casework.New(casework.Deps{
		DB: h.DB, Clock: h.clock, Authz: h.Authz, Ledger: h.Ledger, Vault: h.Vault,
		Units: units{h}, Days: workingDays{h.Org}, Names: names{h.Schools}, Registrable: schools.Registered, Emit: h.flow.Emit,
	})
	if err != nil {
		return err
	}
	h.Online, err = online.New(online.Deps{DB: h.DB, Ledger: h.Ledger, Authz: h.Authz, Clock: h.clock, Schools: h.Schools})
	if err != nil {
		return err
	}
	if h.Detection, err = h.newDetection(catalogue); err != nil {
		return err
	}
	h.flow.Join(h.Casework, h.Schools, h.Online, h.Detection)
	indicators, err := reporting.ReadCatalogue(directives.Indicators)
	if err != nil {
		return err
	}
	h.Reporting = reporting.New(reporting.Deps{
		DB: h.DB, Clock: h.clock, Org: h.Org, Authz: h.Authz, Ledger: h.Ledger, Catalogue: indicators, Texts: h.texts,
		Sources: map[duty.ID]reporting.Figures{
			duty.Casework:  h.flow.CaseworkSource(h.answersForProvince),
			duty.Schools:   h.flow.SchoolsSource(),
			duty.Detection: h.flow.DetectionSource(),
		},
	})
	return nil
}

func (h *Hub) migrate(ctx context.Context) error {
	have, want, err := h.DB.SchemaVersions(ctx)
	if err != nil {
		return err
	}
	if have > 0 && have < want {
		// Nothing is changed before there is a way back.
		dir := filepath.Join(h.cfg.DataDir, "backups", fmt.Sprintf("before-schema-%d-%s", want, h.clock.Now().Format("20060102-150405")))
		if err := h.snapshotBefore(ctx, dir); err != nil {
			return err
		}
	}
	if err := h.DB.Migrate(ctx); err != nil {
		return err
	}
	return jobs.Migrate(ctx, h.DB)
}
