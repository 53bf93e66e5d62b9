// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"lachan/internal/authz"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Group is a field group of a case: what is opened together.
type Group string

// The field groups of DESIGN.md §6. A unit's mask says which it may hold.
const (
	Narrative        Group = "narrative"
	Child            Group = "child"
	ReportedPerson   Group = "reported_person"
	ReporterIdentity Group = "reporter_identity"
	Counselling      Group = "counselling"
	Evidence         Group = "evidence"
)

// Groups lists the field groups.
func Groups() []Group {
	return []Group{Narrative, Child, ReportedPerson, ReporterIdentity, Counselling, Evidence}
}

// CaseKeys are the opened data keys of a case: some or all of its groups.
type CaseKeys struct {
	caseID string
	keys   map[Group]map[int64][]byte
}

// Groups lists what these keys open, sorted.
func (k *CaseKeys) Groups() []Group { return slices.Sorted(maps.Keys(k.keys)) }

// Has reports whether these keys open a group.
func (k *CaseKeys) Has(g Group) bool { return len(k.keys[g]) > 0 }

const contentFormat = 1

func (k *CaseKeys) context(g Group, keyVersion int64, object string, version int64) []byte {
	return bind("content", k.caseID, string(g), number(keyVersion), object, number(version))
}

// Seal seals one object of a group (a message, a field) at its version. The
// bytes open only with the same case, group, object and version, and their
// length shows no more than a bucket. vault/no-key without the group's key.
func (k *CaseKeys) Seal(g Group, object string, version int64, plaintext []byte) ([]byte, error) {
	keyVersion := int64(0)
	for v := range k.keys[g] {
		keyVersion = max(keyVersion, v)
	}
	if keyVersion == 0 {
		return nil, problem.New("vault/no-key")
	}
	body, err := sealAEAD(k.keys[g][keyVersion], k.context(g, keyVersion, object, version), pad(plaintext))
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint32([]byte{contentFormat}, uint32(keyVersion))
	return append(out, body...), nil
}

// Open opens what Seal sealed for the same place; vault/no-key without the
// key, vault/damaged when the bytes are not from this place.
func (k *CaseKeys) Open(g Group, object string, version int64, sealed []byte) ([]byte, error) {
	if len(sealed) < 5 || sealed[0] != contentFormat {
		return nil, problem.New("vault/damaged")
	}
	keyVersion := int64(binary.BigEndian.Uint32(sealed[1:5]))
	key := k.keys[g][keyVersion]
	if key == nil {
		return nil, problem.New("vault/no-key")
	}
	padded, err := openAEAD(key, k.context(g, keyVersion, object, version), sealed[5:])
	if err != nil {
		return nil, err
	}
	return unpad(padded)
}

// BlobKey is a key for one large object of a group, for SealBlob and OpenBlob.
// It follows from the group's first key, so that it need not be stored.
func (k *CaseKeys) BlobKey(g Group, object string) ([]byte, error) {
	key := k.keys[g][1]
	if key == nil {
		return nil, problem.New("vault/no-key")
	}
	return derive(key, "blob/"+string(bind(k.caseID, string(g), object))), nil
}

// CaseSeal can seal into a case that was just made, and open nothing.
type CaseSeal struct{ keys *CaseKeys }

// Seal is CaseKeys.Seal.
func (s *CaseSeal) Seal(g Group, object string, version int64, plaintext []byte) ([]byte, error) {
	return s.keys.Seal(g, object, version, plaintext)
}

// BlobKey is CaseKeys.BlobKey.
func (s *CaseSeal) BlobKey(g Group, object string) ([]byte, error) { return s.keys.BlobKey(g, object) }

// Audience is who will be able to open a new case.
type Audience struct {
	Units map[Group][]string // by group: ids of units
	// Reporter is the public half of the receipt's key; nil without a receipt.
	Reporter []byte
	// ReporterGroups is what the receipt opens: the thread, usually Narrative.
	ReporterGroups []Group
}

// Sealer is the vault with public keys only: for intake and background work.
type Sealer struct{ vault *Vault }

// Sealer is the half of the vault that seals and never opens.
func (v *Vault) Sealer() *Sealer { return &Sealer{v} }

// NewCase makes the data keys of a case and seals each to its audience. Units
// without a key yet are passed over and returned; a group that no unit at all
// could open is vault/unit-without-key, for content must not be sealed away.
func (s *Sealer) NewCase(ctx context.Context, tx *sqldb.Tx, caseID string, a Audience) (*CaseSeal, []string, error) {
	keys := &CaseKeys{caseID: caseID, keys: map[Group]map[int64][]byte{}}
	missing := map[string]bool{}
	for _, g := range slices.Sorted(maps.Keys(a.Units)) {
		key := random(32)
		keys.keys[g] = map[int64][]byte{1: key}
		sealed := 0
		for _, unit := range a.Units[g] {
			k, there, err := s.vault.latest(ctx, tx, unit)
			if err != nil {
				return nil, nil, err
			}
			if !there {
				missing[unit] = true
				continue
			}
			if err := s.vault.addCaseKey(ctx, tx, caseID, g, 1, kindUnit, unit, k.version, k.public, key); err != nil {
				return nil, nil, err
			}
			sealed++
		}
		if sealed == 0 {
			return nil, nil, problem.New("vault/unit-without-key")
		}
		if a.Reporter != nil && slices.Contains(a.ReporterGroups, g) {
			if err := s.vault.addCaseKey(ctx, tx, caseID, g, 1, kindReporter, "reporter", 0, a.Reporter, key); err != nil {
				return nil, nil, err
			}
		}
	}
	return &CaseSeal{keys}, slices.Sorted(maps.Keys(missing)), nil
}

func caseUse(caseID string, g Group, version int64, kind, holder string, holderVersion int64) []byte {
	return bind("case", caseID, string(g), number(version), kind, holder, number(holderVersion))
}

func (v *Vault) addCaseKey(ctx context.Context, tx *sqldb.Tx, caseID string, g Group, version int64, kind, holder string, holderVersion int64, public, key []byte) error {
	sealed, err := sealTo(public, caseUse(caseID, g, version, kind, holder, holderVersion), key)
	if err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryAddCaseKey, caseID, string(g), version, kind, holder, holderVersion, sealed, v.now())
	return err
}

type caseKeyRow struct {
	group         Group
	version       int64
	kind, holder  string
	holderVersion int64
	sealed        []byte
}

func scanCaseKey(r sqldb.Row) (k caseKeyRow, err error) {
	err = r.Scan(&k.group, &k.version, &k.kind, &k.holder, &k.holderVersion, &k.sealed)
	return k, err
}

// OpenCase opens the groups of a case that the person's units hold. permit
// must be the actor's own, for this case: a key alone does not open. Nothing
// to open is vault/no-key; Holders then says whom to ask.
func (u *Unlocked) OpenCase(ctx context.Context, on sqldb.Queryer, permit authz.Permit, caseID string) (*CaseKeys, error) {
	if !permit.Covers(permit.Action(), caseID) || permit.Person() != u.person {
		return nil, problem.New("authz/forbidden").Wrap(fmt.Errorf("vault: a permit for another case or person"))
	}
	rows, err := sqldb.All(ctx, on, queryCaseKeys, scanCaseKey, caseID)
	if err != nil {
		return nil, err
	}
	keys := &CaseKeys{caseID: caseID, keys: map[Group]map[int64][]byte{}}
	for _, r := range rows {
		if r.kind != kindUnit || keys.keys[r.group][r.version] != nil {
			continue
		}
		private, err := u.unit(ctx, on, r.holder, r.holderVersion)
		if problem.Is(err, "vault/no-key") {
			continue
		}
		if err != nil {
			return nil, err
		}
		key, err := openWith(private, caseUse(caseID, r.group, r.version, r.kind, r.holder, r.holderVersion), r.sealed)
		if err != nil {
			return nil, err
		}
		keys.put(r.group, r.version, key)
	}
	if len(keys.keys) == 0 {
		return nil, problem.New("vault/no-key")
	}
	return keys, nil
}

func (k *CaseKeys) put(g Group, version int64, key []byte) {
	if k.keys[g] == nil {
		k.keys[g] = map[int64][]byte{}
	}
	k.keys[g][version] = key
}

// OpenAsReporter opens what a receipt opens of a case; vault/no-key if nothing.
func (v *Vault) OpenAsReporter(ctx context.Context, on sqldb.Queryer, r Receipt, caseID string) (*CaseKeys, error) {
	private, err := r.private()
	if err != nil {
		return nil, err
	}
	rows, err := sqldb.All(ctx, on, queryCaseKeys, scanCaseKey, caseID)
	if err != nil {
		return nil, err
	}
	keys := &CaseKeys{caseID: caseID, keys: map[Group]map[int64][]byte{}}
	for _, row := range rows {
		if row.kind != kindReporter {
			continue
		}
		key, err := openWith(private, caseUse(caseID, row.group, row.version, row.kind, row.holder, row.holderVersion), row.sealed)
		if err != nil {
			return nil, err
		}
		keys.put(row.group, row.version, key)
	}
	if len(keys.keys) == 0 {
		return nil, problem.New("vault/no-key")
	}
	return keys, nil
}

// GrantUnit seals groups of a case to another unit, as a referral is offered.
// The person must hold each of them.
func (u *Unlocked) GrantUnit(ctx context.Context, tx *sqldb.Tx, permit authz.Permit, caseID string, groups []Group, unit string) error {
	keys, err := u.OpenCase(ctx, tx, permit, caseID)
	if err != nil {
		return err
	}
	k, there, err := u.vault.latest(ctx, tx, unit)
	if err != nil {
		return err
	}
	if !there {
		return problem.New("vault/unit-without-key")
	}
	for _, g := range groups {
		if !keys.Has(g) {
			return problem.New("vault/no-key")
		}
		for _, version := range slices.Sorted(maps.Keys(keys.keys[g])) {
			if err := u.vault.addCaseKey(ctx, tx, caseID, g, version, kindUnit, unit, k.version, k.public, keys.keys[g][version]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rekey makes a new data key for a group, for what is sealed from now on: to
// units, and to the reporter if he is given. It follows RevokeUnit, after
// which the former holder may still remember the old key.
func (u *Unlocked) Rekey(ctx context.Context, tx *sqldb.Tx, permit authz.Permit, caseID string, g Group, units []string, reporter []byte) error {
	keys, err := u.OpenCase(ctx, tx, permit, caseID)
	if err != nil {
		return err
	}
	if !keys.Has(g) {
		return problem.New("vault/no-key")
	}
	version := slices.Max(slices.Collect(maps.Keys(keys.keys[g]))) + 1
	key := random(32)
	for _, unit := range units {
		k, there, err := u.vault.latest(ctx, tx, unit)
		if err != nil {
			return err
		}
		if !there {
			return problem.New("vault/unit-without-key")
		}
		if err := u.vault.addCaseKey(ctx, tx, caseID, g, version, kindUnit, unit, k.version, k.public, key); err != nil {
			return err
		}
	}
	if reporter == nil {
		return nil
	}
	return u.vault.addCaseKey(ctx, tx, caseID, g, version, kindReporter, "reporter", 0, reporter, key)
}

// Holders lists, by group, the units that hold a case's keys.
func (v *Vault) Holders(ctx context.Context, on sqldb.Queryer, caseID string) (map[Group][]string, error) {
	rows, err := sqldb.All(ctx, on, queryCaseKeys, scanCaseKey, caseID)
	if err != nil {
		return nil, err
	}
	holders := map[Group][]string{}
	for _, r := range rows {
		if r.kind == kindUnit && !slices.Contains(holders[r.group], r.holder) {
			holders[r.group] = append(holders[r.group], r.holder)
		}
	}
	return holders, nil
}

// RevokeUnit takes a unit's seals of a case away, as a referral is returned.
func (v *Vault) RevokeUnit(ctx context.Context, tx *sqldb.Tx, caseID, unit string) error {
	_, err := sqldb.Exec(ctx, tx, queryRevokeCase, caseID, unit)
	return err
}

// Shred destroys every seal of a case's keys: its content stays unreadable for
// ever, in every copy that has no older database beside it.
func (v *Vault) Shred(ctx context.Context, tx *sqldb.Tx, caseID string) error {
	_, err := sqldb.Exec(ctx, tx, queryShredCase, caseID)
	return err
}
