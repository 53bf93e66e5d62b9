// SPDX-License-Identifier: Apache-2.0

package hub

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"lachan/duty/schools"
	"lachan/internal/dnswire"
	"lachan/internal/problem"
)

// zonesEvery is how soon a decision is in the zones that others take.
const zonesEvery = 2 * time.Second

// openTransfers takes the addresses of the name server, so that one that is
// taken is told at the start.
func (h *Hub) openTransfers(ctx context.Context) (err error) {
	address := h.cfg.Transfer.Listen
	if address == "" || h.opts.Offline {
		return nil
	}
	var listen net.ListenConfig
	if h.zoneTCP, err = listen.Listen(ctx, "tcp", address); err != nil {
		return problem.New("hub/cannot-listen", "address", address).Wrap(err)
	}
	h.onClose(func() error { closeQuietly(h.zoneTCP); return nil })
	if h.zoneUDP, err = listen.ListenPacket(ctx, "udp", h.zoneTCP.Addr().String()); err != nil {
		return problem.New("hub/cannot-listen", "address", address).Wrap(err)
	}
	h.onClose(func() error { closeQuietly(h.zoneUDP); return nil })
	return nil
}

// closeQuietly closes what its server has mostly closed already.
func closeQuietly(c interface{ Close() error }) { _ = c.Close() }

// ZoneAddr is where zones are given, "" if nowhere.
func (h *Hub) ZoneAddr() string {
	if h.zoneTCP == nil {
		return ""
	}
	return h.zoneTCP.Addr().String()
}

func (h *Hub) serveZones(ctx context.Context, g *errgroup.Group) {
	if h.zoneTCP == nil {
		return
	}
	source := zones{h}
	server := dnswire.NewTransfers(source, h.log)
	g.Go(func() error { return server.Serve(ctx, h.zoneTCP, h.zoneUDP) })
	g.Go(func() error {
		tick := time.NewTicker(zonesEvery)
		defer tick.Stop()
		for {
			made, err := h.Schools.RefreshZones(ctx)
			if err != nil && ctx.Err() == nil {
				h.log.ErrorContext(ctx, "zones", slog.String("error", err.Error()))
			}
			for _, z := range made {
				h.notify(ctx, g, source, z)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-tick.C:
			}
		}
	})
}

// notify tells name servers of a version, each for itself: one that does not
// answer asks by itself some time.
func (h *Hub) notify(ctx context.Context, g *errgroup.Group, source zones, z schools.Zone) {
	keys, err := h.Schools.ToNotify(ctx, z.Band)
	if err != nil {
		h.log.ErrorContext(ctx, "zones", slog.String("error", err.Error()))
	}
	for _, k := range keys {
		g.Go(func() error {
			if err := dnswire.Notify(ctx, k.Notify, h.zoneName(z.Band), z.Serial, k.Name, source); err != nil && ctx.Err() == nil {
				h.log.InfoContext(ctx, "a name server did not hear of a new zone", slog.String("key", k.Name), slog.String("error", err.Error()))
			}
			return nil
		})
	}
}

func (h *Hub) zoneName(band string) string { return schools.ZoneName(band, h.cfg.Transfer.Zone) }

// zones shows the room's zones to the name server.
type zones struct{ h *Hub }

var _ dnswire.ZoneSource = zones{}

// Secret implements dnswire.ZoneSource.
func (s zones) Secret(ctx context.Context, key string) ([]byte, string, error) {
	return s.h.Schools.TransferSecret(ctx, key)
}

// Zone implements dnswire.ZoneSource.
func (s zones) Zone(ctx context.Context, key, name string) (dnswire.ZoneVersion, error) {
	band, ok := strings.CutSuffix(name, "."+s.h.cfg.Transfer.Zone)
	if !ok {
		return nil, problem.New("schools/no-export")
	}
	z, err := s.h.Schools.ZoneFor(ctx, key, strings.ReplaceAll(band, "-", "_"))
	if err != nil || z.Serial == 0 {
		return nil, err
	}
	return zoneVersion{s.h.Schools, key, z}, nil
}

type zoneVersion struct {
	room *schools.Service
	key  string
	zone schools.Zone
}

// Serial implements dnswire.ZoneVersion.
func (v zoneVersion) Serial() uint32 { return v.zone.Serial }

// Whole implements dnswire.ZoneVersion.
func (v zoneVersion) Whole(ctx context.Context, call func(dnswire.ZoneRule) error) error {
	return v.room.ZoneWhole(ctx, v.key, v.zone, func(r schools.ZoneRule) error { return call(dnswire.ZoneRule(r)) })
}

// Since implements dnswire.ZoneVersion.
func (v zoneVersion) Since(ctx context.Context, serial uint32) ([]dnswire.ZoneStep, bool, error) {
	steps, ok, err := v.room.ZoneSince(ctx, v.key, v.zone, serial)
	out := make([]dnswire.ZoneStep, len(steps))
	for i, s := range steps {
		out[i] = dnswire.ZoneStep{From: s.From, To: s.To, Removed: wireRules(s.Removed), Added: wireRules(s.Added)}
	}
	return out, ok, err
}

func wireRules(rules []schools.ZoneRule) []dnswire.ZoneRule {
	out := make([]dnswire.ZoneRule, len(rules))
	for i, r := range rules {
		out[i] = dnswire.ZoneRule(r)
	}
	return out
}

// adminKeyAdd gives a subscriber a key for zones.
func (h *Hub) adminKeyAdd(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	key, secret, err := h.Schools.GiveTransferKey(ctx, operator(), schools.TransferKeyCommand{
		Subscriber: q.Get("name"), Algorithm: q.Get("algorithm"), Notify: q.Get("notify"),
	})
	if err != nil {
		return nil, err
	}
	zones := []string{}
	for _, band := range key.Bands() {
		zones = append(zones, h.zoneName(band))
	}
	return map[string]any{
		"key": key.Name, "algorithm": key.Algorithm, "secret": base64.StdEncoding.EncodeToString(secret), "zones": zones, "address": h.ZoneAddr(),
	}, nil
}

func (h *Hub) adminKeyDrop(ctx context.Context, q url.Values, _ *http.Request) (any, error) {
	return map[string]string{"name": q.Get("name")}, h.Schools.DropTransferKey(ctx, operator(), q.Get("name"))
}
