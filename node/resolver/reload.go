// SPDX-License-Identifier: Apache-2.0

package resolver

import (
	"maps"
	"slices"
	"time"

	"lachan/node/upstream"
)

// grace is how long the upstreams of settings that no longer count stay, for
// the questions that are on their way to them.
const grace = 30 * time.Second

// Swap puts new settings in force: upstreams, certificate, clients, page
// address and all others but the sockets, which stay open. Questions under way
// end as they began; none is lost. With an error the old settings stay.
func (r *Resolver) Swap(cfg Config) error {
	r.swapping.Lock()
	defer r.swapping.Unlock()
	old := r.live.Load()
	next, err := newLive(cfg)
	if err != nil {
		return err
	}
	if sameUpstreams(old.cfg, next.cfg) {
		next.zones.close()
		next.zones = old.zones // with their connections and what is known of their health
	} else {
		time.AfterFunc(grace, old.zones.close)
	}
	r.live.Store(next)
	r.cache.resize(cfg.CacheBytes)
	if !sameMeaning(old, next) {
		r.cache.clear()
	}
	return nil
}

func sameUpstreams(a, b Config) bool {
	same := func(a, b []upstream.Server) bool {
		return slices.EqualFunc(a, b, func(a, b upstream.Server) bool { return a.String() == b.String() })
	}
	roots := a.Roots == b.Roots || a.Roots != nil && b.Roots != nil && a.Roots.Equal(b.Roots)
	return same(a.Upstreams, b.Upstreams) && a.Timeout == b.Timeout && a.Race == b.Race && roots &&
		slices.EqualFunc(a.Zones, b.Zones, func(a, b Zone) bool { return a.Name == b.Name && same(a.Servers, b.Servers) })
}

// sameMeaning reports whether answers that were kept under the old settings are
// those that the new ones would give.
func sameMeaning(old, next *live) bool {
	return old.cfg.StripECH == next.cfg.StripECH && old.cfg.Validate == next.cfg.Validate && old.cfg.Anchors == next.cfg.Anchors &&
		slices.Equal(old.cfg.Except, next.cfg.Except) && maps.Equal(old.private, next.private) && maps.Equal(old.always, next.always) &&
		slices.EqualFunc(old.cfg.Zones, next.cfg.Zones, func(a, b Zone) bool { return a.Name == b.Name })
}
