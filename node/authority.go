// SPDX-License-Identifier: Apache-2.0

package node

import (
	"os"
	"slices"
	"time"

	"lachan/internal/problem"
	"lachan/node/blockpage"
)

// neverOurs are names for which no school's authority speaks, whatever is
// refused: those of the state, the schools, the army and the party.
var neverOurs = [...]string{"gov.vn", "edu.vn", "mil.vn", "dcs.vn"}

// MakeAuthority makes the school's certificate authority at cfg.PageAuthority
// and, beside it, the certificate for the devices (".crt"), whose path it
// returns. It speaks for the names in only, with all below them, or for all if
// there are none; never for those of state and schools, the hub, or the node.
func MakeAuthority(cfg Config, only []string) (string, error) {
	p := problem.New("node/config")
	if cfg.PageAuthority == "" {
		p.Field("page_authority", "node/no-authority")
	}
	bounds := blockpage.Bounds{
		Only:     names("only", only, p),
		Excluded: slices.Concat(names("", neverOurs[:], p), names("always_resolve", cfg.AlwaysResolve, p)),
	}
	if cfg.Host != "" {
		bounds.Excluded = append(bounds.Excluded, names("host", []string{cfg.Host}, p)...)
	}
	if err := p.OrNil(); err != nil {
		return "", err
	}
	if i, _, err := loadIdentity(cfg.withDefaults().State); err == nil {
		bounds.Excluded = append(bounds.Excluded, i.hubNames()...)
	}
	name := "La Chan: " + cfg.Host
	if cfg.Host == "" {
		name = "La Chan"
	}
	public, err := blockpage.MakeAuthority(cfg.PageAuthority, name, bounds, time.Now())
	if err != nil {
		return "", err
	}
	path := cfg.PageAuthority + ".crt"
	if err := os.WriteFile(path, public, 0o644); err != nil {
		return "", problem.New("node/authority-file", "file", path).Wrap(err)
	}
	return path, nil
}
