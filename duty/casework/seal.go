// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"lachan/internal/authz"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// Group is a field group: one key, one mask. A unit sees the groups that its
// part in the case needs, and no other.
type Group vault.Group

// The groups of a case.
const (
	Narrative        = Group(vault.Narrative)
	AboutChild       = Group(vault.Child)
	AboutReported    = Group(vault.ReportedPerson)
	ReporterIdentity = Group(vault.ReporterIdentity)
	Counselling      = Group(vault.Counselling)
	Evidence         = Group(vault.Evidence)
)

// Groups lists the groups that a referral may hand over.
func Groups() []Group {
	return []Group{Narrative, AboutChild, AboutReported, ReporterIdentity, Counselling, Evidence}
}

// Valid reports whether g is one of the list.
func (g Group) Valid() bool { return slices.Contains(Groups(), g) }

// Key is the locale key of the group's name.
func (g Group) Key() string { return "casework.group." + string(g) }

// ownerGroups are the groups sealed to the unit that owns a case. The
// counsellor's talk with the child is not among them: counselling and police
// share an age and a number, nothing more.
func ownerGroups() []Group {
	return []Group{Narrative, AboutChild, AboutReported, ReporterIdentity}
}

// emergencyGroups are sealed at intake to the commune and its police when a
// floor was hit: what is needed to find and protect a child, not who told.
func emergencyGroups() []Group { return []Group{Narrative, AboutChild, AboutReported} }

// letter is something to be sealed: one group of one object (a report, a
// message, a note). Each object has data keys of its own, because a report
// joins a case, and a message follows, when nobody is there who could open the
// keys of what came before.
type letter struct {
	object   string // id of the report, message or event
	group    Group
	units    []string // whose members may open it
	reporter string   // public key of the reporter who may open it; "" for none
	plain    []byte   // personal
}

var (
	sealedPut = sqldb.Register("casework.sealed_put", `INSERT INTO casework_sealed (object, field_group, body) VALUES ($1,$2,$3)`)
	sealedGet = sqldb.Register("casework.sealed_get", `SELECT body FROM casework_sealed WHERE object = $1 AND field_group = $2`)
)

// contentVersion is the version of a sealed object: they are written once.
const contentVersion = 1

// seal seals a letter in memory and stores ciphertext and wrapped keys.
// missing are the units that have no key yet and will not be able to read it.
func (s *Service) seal(ctx context.Context, tx *sqldb.Tx, l letter) (missing []string, err error) {
	a := vault.Audience{Units: map[vault.Group][]string{vault.Group(l.group): l.units}}
	if l.reporter != "" {
		if a.Reporter, err = base64.RawStdEncoding.DecodeString(l.reporter); err != nil {
			return nil, fmt.Errorf("casework: reporter's key: %w", err)
		}
		a.ReporterGroups = []vault.Group{vault.Group(l.group)}
	}
	key, missing, err := s.Vault.Sealer().NewCase(ctx, tx, l.object, a)
	if err != nil {
		return nil, err
	}
	body, err := key.Seal(vault.Group(l.group), l.object, contentVersion, l.plain)
	if err != nil {
		return nil, err
	}
	_, err = sqldb.Exec(ctx, tx, sealedPut, l.object, string(l.group), body)
	return missing, err
}

// openWith opens one group of an object with keys already opened.
func openWith(ctx context.Context, q sqldb.Queryer, keys *vault.CaseKeys, object string, g Group) ([]byte, error) {
	body, err := sqldb.One(ctx, q, sealedGet, sqldb.Scalar[[]byte], object, string(g))
	if err != nil {
		return nil, err
	}
	return keys.Open(vault.Group(g), object, contentVersion, body)
}

// receipt is a parsed receipt. It lives as long as the request that brought
// it; of it only lookup and public are stored.
type receipt struct {
	secret vault.Receipt
	lookup string
}

// parseReceipt reads either spelling. A wrong check character is refused
// before anything is looked up.
func (s *Service) parseReceipt(text string) (receipt, error) {
	secret, err := vault.ParseReceipt(text)
	if err != nil {
		return receipt{}, err
	}
	return receipt{secret, s.Vault.Secrets().ReceiptHash(secret)}, nil
}

// public is the public half of the reporter's key, as stored.
func (r receipt) public() (string, error) {
	key, err := r.secret.Public()
	if err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(key), nil
}

// openByReceipt opens what was sealed to the reporter.
func (s *Service) openByReceipt(ctx context.Context, q sqldb.Queryer, r receipt, object string) ([]byte, error) {
	keys, err := s.Vault.OpenAsReporter(ctx, q, r.secret, object)
	if err != nil {
		return nil, err
	}
	return openWith(ctx, q, keys, object, Narrative)
}

// opener opens the objects of one case for one person. The vault asks for a
// permit for each object; each is asked for with the case's own attributes.
type opener struct {
	s        *Service
	actor    authz.Actor
	action   string
	resource authz.Resource
	unlocked *vault.Unlocked
}

func (s *Service) opener(ctx context.Context, q sqldb.Queryer, actor authz.Actor, action string, c *caseRow, u *vault.Unlocked) (*opener, error) {
	r, err := s.resource(ctx, q, actor, c)
	if err != nil {
		return nil, err
	}
	return &opener{s, actor, action, r, u}, nil
}

func (o *opener) permit(ctx context.Context, object string) (authz.Permit, error) {
	r := o.resource
	r.ID = object
	return o.s.Authz.Check(ctx, o.actor, o.action, r)
}

// keys opens the data keys of an object; vault/no-key if the units of the
// session hold none.
func (o *opener) keys(ctx context.Context, q sqldb.Queryer, object string) (*vault.CaseKeys, error) {
	permit, err := o.permit(ctx, object)
	if err != nil {
		return nil, err
	}
	return o.unlocked.OpenCase(ctx, q, permit, object)
}

// grant wraps an object's keys for one more unit.
func (o *opener) grant(ctx context.Context, tx *sqldb.Tx, object string, groups []Group, unit string) error {
	permit, err := o.permit(ctx, object)
	if err != nil {
		return err
	}
	plain := make([]vault.Group, len(groups))
	for i, g := range groups {
		plain[i] = vault.Group(g)
	}
	return o.unlocked.GrantUnit(ctx, tx, permit, object, plain, unit)
}

// objects lists what a case's groups consist of: its reports, and with the
// narrative its messages and notes.
func (s *Service) objects(ctx context.Context, q sqldb.Queryer, caseID string, groups []Group) (map[string][]Group, error) {
	out := map[string][]Group{}
	reports, err := sqldb.All(ctx, q, reportsOfCase, scanReport, caseID)
	if err != nil {
		return nil, err
	}
	for _, p := range reports {
		for _, g := range p.Groups {
			if slices.Contains(groups, g) {
				out[p.ID] = append(out[p.ID], g)
			}
		}
	}
	if !slices.Contains(groups, Narrative) {
		return out, nil
	}
	messages, err := sqldb.All(ctx, q, messagesOfCase, scanMessage, caseID)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		out[m.ID] = []Group{Narrative}
	}
	events, err := sqldb.All(ctx, q, eventsOfCase, scanEvent, caseID)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.HasNote {
			out[e.ID] = []Group{Narrative}
		}
	}
	return out, nil
}

// grantAll wraps every key of the groups of a case for one more unit, as they
// stand today. What is written later is sealed to the unit when it is written.
func (s *Service) grantAll(ctx context.Context, tx *sqldb.Tx, o *opener, caseID string, groups []Group, unit string) error {
	objects, err := s.objects(ctx, tx, caseID, groups)
	if err != nil {
		return err
	}
	for object, has := range objects {
		if err := o.grant(ctx, tx, object, has, unit); err != nil {
			return err
		}
	}
	return nil
}

// ungrant takes a unit's wrapped keys away from all of a case.
func (s *Service) ungrant(ctx context.Context, tx *sqldb.Tx, caseID, unit string) error {
	objects, err := s.objects(ctx, tx, caseID, Groups())
	if err != nil {
		return err
	}
	for object := range objects {
		if err := s.Vault.RevokeUnit(ctx, tx, object, unit); err != nil {
			return err
		}
	}
	return nil
}

// phoneBox keeps the phone numbers of the roster under the hub's own key: the
// hub must ring at night, without anybody's session.
func (s *Service) phoneBox() vault.Box { return s.Vault.Secrets().Box("casework.phone") }
