// SPDX-License-Identifier: Apache-2.0

package casework

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"lachan/internal/authz"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// FoundCommand is what another duty found and a person there judged harmful: a
// case without a reporter.
type FoundCommand struct {
	Link  string // of the page; personal; may be empty
	Words string // what the case begins with; personal
	Harms []string
	// Unit found it. It keeps a part in the case, so that it can ask for the
	// page to be taken down and hears what became of it.
	Unit    string
	By      authz.Actor // zero: the hub itself
	Raise   bool        // nobody may be able to look: ring who is on call
	Exhibit Exhibit
}

// Exhibit is a sealed record that lies in the room that found it.
type Exhibit struct {
	Item   string // id there; "" for none
	SHA256 string
	Size   int64
}

// Taken is the case that came of it.
type Taken struct{ Case, Code, Owner string }

// TakeFound makes a case of what another duty found, inside that duty's
// transaction. There is nobody to answer: its receipt is made here and thrown
// away.
func (s *Service) TakeFound(ctx context.Context, tx *sqldb.Tx, f FoundCommand) (Taken, error) {
	if f.By.Name() == "" {
		f.By = authz.System("casework.found")
	}
	secret := vault.NewReceipt()
	cmd := ReceiveCommand{
		Receipt: secret.Code(), Channel: string(Discovery), URL: f.Link, Words: f.Words, Harms: f.Harms, Who: string(Professional), Contact: string(OnlyCode),
	}
	if err := cmd.Validate(); err != nil {
		return Taken{}, err
	}
	receipt, err := s.parseReceipt(cmd.Receipt)
	if err != nil {
		return Taken{}, err
	}
	in, err := s.prepare(ctx, &cmd, receipt)
	if err != nil {
		return Taken{}, err
	}
	owner := in.row.Owner
	if f.Unit != owner {
		for n := range in.letters {
			if in.letters[n].group == Narrative {
				in.letters[n].units = append(in.letters[n].units, f.Unit)
			}
		}
	}
	got, err := s.admit(ctx, tx, f.By, in)
	if err != nil {
		return Taken{}, err
	}
	c, err := sqldb.One(ctx, tx, caseByID, scanCase, got.Case)
	if err != nil {
		return Taken{}, err
	}
	if f.Unit != owner {
		r := Referral{
			ID: id.New(), Case: c.ID, Kind: Coordinate, From: owner, To: f.Unit, Groups: []Group{Narrative}, Consent: ConsentLaw, Basis: "found",
			State: ReferralAccepted, Offered: in.at, OfferedBy: f.By.Name(), Due: in.at, Answered: in.at, AnsweredBy: f.By.Name(),
		}
		if err := putReferral(ctx, tx, r); err != nil {
			return Taken{}, err
		}
		if err := s.regain(ctx, tx, c, f.Unit); err != nil {
			return Taken{}, err
		}
	}
	if f.Exhibit.Item != "" {
		if err := s.exhibit(ctx, tx, f.By, c.ID, f.Exhibit); err != nil {
			return Taken{}, err
		}
	}
	if f.Raise && !c.Urgent {
		if err := s.raise(ctx, tx, f.By, c, in.at); err != nil {
			return Taken{}, err
		}
		if err := s.save(ctx, tx, c); err != nil {
			return Taken{}, err
		}
	}
	return Taken{Case: c.ID, Code: c.Code, Owner: owner}, nil
}

// AddExhibit notes in a case that another room holds a sealed record for it.
func (s *Service) AddExhibit(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, caseID string, e Exhibit) (Taken, error) {
	c, err := sqldb.One(ctx, tx, caseByID, scanCase, caseID)
	if err != nil {
		return Taken{}, err
	}
	return Taken{Case: c.ID, Code: c.Code, Owner: c.Owner}, s.exhibit(ctx, tx, actor, c.ID, e)
}

func (s *Service) exhibit(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, caseID string, e Exhibit) error {
	return putEvent(ctx, tx, caseID, EventRow{
		ID: id.New(), Kind: "exhibit", Actor: actor.Name(), Unit: actor.Unit, At: s.now(),
		Details: map[string]string{"item": e.Item, "sha256": e.SHA256, "size": strconv.FormatInt(e.Size, 10)},
	})
}

var reportsOfAddress = sqldb.Register("casework.open_of_address", `
	SELECT COUNT(DISTINCT h.case_id) FROM casework_hash h JOIN casework_case c ON c.id = h.case_id
	WHERE h.hash = $1 AND h.kind = 'url' AND h.expired = $2 AND c.closed_at = $3`)

// OpenAbout counts the open cases about the address of a page.
func (s *Service) OpenAbout(ctx context.Context, address string) (int, error) {
	canonical, _, ok := CanonicalURL(address)
	if !ok {
		return 0, nil
	}
	return sqldb.One(ctx, s.DB.Read(), reportsOfAddress, sqldb.Scalar[int], s.hash("url", canonical), false, int64(0))
}

var exhibitsOfCase = sqldb.Register("casework.exhibits_of_case", `SELECT details FROM casework_event WHERE case_id = $1 AND kind = 'exhibit'`)

// ExhibitUnits lists the units that may open the record of an item as evidence
// of a case which the actor may see: those with a part in it. That the case has
// this exhibit is asked here, as whoever asks for one names both.
func (s *Service) ExhibitUnits(ctx context.Context, actor authz.Actor, caseID, item string) ([]string, error) {
	c, _, err := s.load(ctx, s.DB.Read(), actor, caseID, "casework.view", nil)
	if err != nil {
		return nil, err
	}
	exhibits, err := sqldb.All(ctx, s.DB.Read(), exhibitsOfCase, scanExhibit, c.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(exhibits, func(e Exhibit) bool { return e.Item == item && e.SHA256 != "" }) {
		return nil, problem.New("authz/not-found")
	}
	access, err := sqldb.All(ctx, s.DB.Read(), accessOfCase, scanAccess, c.ID)
	if err != nil {
		return nil, err
	}
	var units []string
	for _, a := range access {
		if a.Mode != modeOffered {
			units = append(units, a.Unit)
		}
	}
	return units, nil
}

func scanExhibit(r sqldb.Row) (Exhibit, error) {
	var text string
	var details map[string]string
	if err := r.Scan(&text); err != nil {
		return Exhibit{}, err
	}
	err := json.Unmarshal([]byte(text), &details)
	return Exhibit{Item: details["item"], SHA256: details["sha256"]}, err
}

// CameBack notes that a page that had gone is there again, and lets the case
// be looked at.
func (s *Service) CameBack(ctx context.Context, tx *sqldb.Tx, caseID, item string) error {
	return putEvent(ctx, tx, caseID, EventRow{
		ID: id.New(), Kind: "page_back", Actor: "system:detection.watch", At: s.now(), Details: map[string]string{"item": item},
	})
}
