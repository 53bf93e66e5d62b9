// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"
	"slices"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// mayRule asks for a permit to see rulings, or to end one.
func (s *Service) mayRule(ctx context.Context, actor authz.Actor, k RulingKind, rulingID string) (authz.Permit, error) {
	if k.never() {
		return s.authz.Check(ctx, actor, "schools.never_propose", room("ruling", rulingID))
	}
	return s.authz.Check(ctx, actor, "schools.review", room("ruling", rulingID))
}

// ProposeRuling decides about a name, or proposes it where a second person must
// agree: for the never-block list always, and wherever what would be opened is
// not a school's own to open.
func (s *Service) ProposeRuling(ctx context.Context, actor authz.Actor, cmd RulingCommand) (Ruling, error) {
	action := "schools.ruling_propose"
	if cmd.Kind.never() {
		action = "schools.never_propose"
	}
	permit, err := s.authz.Check(ctx, actor, action, room("ruling", ""))
	if err != nil {
		return Ruling{}, err
	}
	now := s.clock.Now()
	name, err := cmd.read(now)
	if err != nil {
		return Ruling{}, err
	}
	r := Ruling{
		ID: id.New(), Kind: cmd.Kind, Domain: name.String(), Bands: cmd.Bands, Reason: cmd.Reason, Basis: cmd.Basis, Until: cmd.Until,
		State: RulingProposed, ProposedBy: actor.Person, Created: now, Sources: []string{},
	}
	if r.Bands == 0 {
		r.Bands = bundle.EveryBand
	}
	second := true
	switch cmd.Kind {
	case OpenForAll:
		second, err = s.readOpening(ctx, name, &r)
	case OffList:
		second, err = s.readOffList(ctx, name, cmd.List, &r)
	default:
		err = s.readNever(ctx, name, cmd.Kind)
	}
	if err != nil {
		return Ruling{}, err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		live, err := sqldb.All(ctx, tx, queryRulingsLive, scanRuling, s.now())
		if err != nil {
			return err
		}
		if slices.ContainsFunc(live, func(o Ruling) bool {
			return o.Domain == r.Domain && o.List == r.List && (o.Kind == r.Kind || o.Kind.never() && r.Kind.never() && o.State == RulingProposed)
		}) {
			return problem.New("schools/ruling-exists", "name", name.Unicode())
		}
		kind := "schools.ruling_proposed"
		if !second {
			kind = "schools.ruling_made"
			if err := s.putInForce(ctx, tx, &r); err != nil {
				return err
			}
		}
		if err := saveRuling(ctx, tx, r); err != nil {
			return err
		}
		return s.record(ctx, tx, step{kind: kind, actor: actor.Name(), object: r.ID, permit: permit, details: r.details()})
	})
	return r, err
}

// readOpening finds what an opening takes back: the categories and services in
// which the name is refused for a band that it is for.
func (s *Service) readOpening(ctx context.Context, name bundle.Name, r *Ruling) (second bool, err error) {
	parts, err := s.parts(ctx)
	if err != nil {
		return false, err
	}
	view, err := bundle.NewView(parts)
	if err != nil {
		return false, err
	}
	for _, band := range bundle.AllBands() {
		if !r.Bands.Has(band) {
			continue
		}
		for _, period := range bundle.AllPeriods() {
			for _, m := range view.Explain(name, bundle.Client{Band: band, Period: period}, s.now()).Matches {
				switch {
				case !m.Refuses || m.Lapsed:
				case m.Rule == bundle.ByEmergency || m.Rule == bundle.ByLegal:
					return false, problem.New("schools/stands-on-a-block", "name", name.Unicode())
				case !slices.Contains(r.Sources, m.Code):
					r.Sources = append(r.Sources, m.Code)
				}
			}
		}
	}
	if len(r.Sources) == 0 {
		return false, problem.New("schools/not-refused", "name", name.Unicode())
	}
	return slices.ContainsFunc(r.Sources, s.needsTwo), nil
}

// readOffList makes sure that the list names it.
func (s *Service) readOffList(ctx context.Context, name bundle.Name, listID string, r *Ruling) (second bool, err error) {
	hits, err := s.listHits(ctx, name, map[int64]bool{})
	if err != nil {
		return false, wrap("off list", err)
	}
	i := slices.IndexFunc(hits, func(h ListHit) bool { return h.id == listID && h.Excepted == "" })
	if i < 0 {
		return false, problem.New("input/faulty").Field("list", "schools/not-on-list")
	}
	r.List, r.Sources = listID, []string{hits[i].Category}
	return s.needsTwo(hits[i].Category), nil
}

func (s *Service) readNever(ctx context.Context, name bundle.Name, k RulingKind) error {
	set, err := s.neverBlock(ctx, s.db.Read())
	switch {
	case err != nil:
		return err
	case k == NeverAdd && set.covers(name):
		return problem.New("input/faulty").Field("domain", "schools/never-already")
	case k == NeverDrop && (!set.has(name) || s.catalogue.own[name]):
		return problem.New("input/faulty").Field("domain", "schools/never-not-yours")
	}
	return nil
}

// needsTwo says that two persons open what is refused under a code: harm is
// never one person's to let in.
func (s *Service) needsTwo(code string) bool {
	k, ok := s.catalogue.Category(code)
	return ok && !k.School
}

// putInForce lets a ruling count and answers what asked for it.
func (s *Service) putInForce(ctx context.Context, tx *sqldb.Tx, r *Ruling) error {
	r.State, r.Decided = RulingActive, s.clock.Now()
	switch r.Kind {
	case OpenForAll:
		entries, err := r.entries(false)
		if err != nil {
			return err
		}
		if r.Delta, err = s.decide(ctx, tx, r.ID, entries); err != nil {
			return err
		}
	case NeverAdd, NeverDrop:
		if err := s.undoNever(ctx, tx, *r); err != nil {
			return err
		}
	case OffList:
	}
	if r.Kind == NeverDrop {
		return nil
	}
	return s.answerAll(ctx, tx, r.Domain, Granted, string(r.Kind), r.ProposedBy)
}

// undoNever ends the contrary ruling on the same name, if there is one.
func (s *Service) undoNever(ctx context.Context, tx *sqldb.Tx, r Ruling) error {
	other := NeverAdd
	if r.Kind == NeverAdd {
		other = NeverDrop
	}
	all, err := s.rulings(ctx, tx, other)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.Domain != r.Domain {
			continue
		}
		o.State, o.EndedBy, o.Ended = RulingDropped, r.SecondBy, s.clock.Now()
		if err := saveRuling(ctx, tx, o); err != nil {
			return err
		}
	}
	return nil
}

// ConfirmRuling agrees to a proposed ruling as the second person.
func (s *Service) ConfirmRuling(ctx context.Context, actor authz.Actor, rulingID string) (Ruling, error) {
	return s.changeRuling(ctx, rulingID, func(ctx context.Context, tx *sqldb.Tx, r *Ruling) (step, error) {
		action := "schools.ruling_confirm"
		if r.Kind.never() {
			action = "schools.never_confirm"
		}
		permit, err := s.authz.Check(ctx, actor, action, authz.Resource{
			Type: "schools.ruling", ID: r.ID, Attrs: map[string]any{"needs_second": true, "first_person": r.ProposedBy},
		})
		if err != nil && actor.Person == r.ProposedBy {
			return step{}, problem.New("schools/same-person").Wrap(err)
		}
		if err != nil {
			return step{}, err
		}
		if r.State != RulingProposed {
			return step{}, problem.New("schools/ruling-decided")
		}
		if !r.Until.IsZero() && !r.Until.After(s.clock.Now()) {
			return step{}, problem.New("schools/ruling-decided")
		}
		r.SecondBy = actor.Person
		if err := s.putInForce(ctx, tx, r); err != nil {
			return step{}, err
		}
		return step{kind: "schools.ruling_made", actor: actor.Name(), permit: permit}, nil
	})
}

// DropRuling refuses a proposal or ends an opening or a list's exception that
// is in force. What is on the never-block list, or was taken off it, is changed
// by a ruling of its own, since that needs two persons as well.
func (s *Service) DropRuling(ctx context.Context, actor authz.Actor, rulingID string) (Ruling, error) {
	return s.changeRuling(ctx, rulingID, func(ctx context.Context, tx *sqldb.Tx, r *Ruling) (step, error) {
		permit, err := s.mayRule(ctx, actor, r.Kind, r.ID)
		if err != nil {
			return step{}, err
		}
		now := s.clock.Now()
		if r.State != RulingProposed && (!r.InForce(now) || r.Kind.never()) {
			return step{}, problem.New("schools/ruling-decided")
		}
		if r.State == RulingActive && r.Kind == OpenForAll {
			// Until the next bundle an entry puts back what the opening took away.
			entries, err := r.entries(true)
			if err != nil {
				return step{}, err
			}
			if r.Delta, err = s.decide(ctx, tx, r.ID, entries); err != nil {
				return step{}, err
			}
		}
		r.State, r.EndedBy, r.Ended = RulingDropped, actor.Person, now
		return step{kind: "schools.ruling_dropped", actor: actor.Name(), permit: permit}, nil
	})
}

func (s *Service) changeRuling(ctx context.Context, rulingID string, do func(context.Context, *sqldb.Tx, *Ruling) (step, error)) (r Ruling, err error) {
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if r, err = sqldb.One(ctx, tx, queryRuling, scanRuling, rulingID); err != nil {
			return notFound(err, "schools/no-ruling")
		}
		done, err := do(ctx, tx, &r)
		if err != nil {
			return err
		}
		if err := saveRuling(ctx, tx, r); err != nil {
			return err
		}
		done.object, done.details = r.ID, r.details()
		return s.record(ctx, tx, done)
	})
	return r, err
}

// Rulings are those proposed or in force, newest first; never says of which
// sort.
func (s *Service) Rulings(ctx context.Context, actor authz.Actor, never bool) ([]Ruling, error) {
	kind := OpenForAll
	if never {
		kind = NeverAdd
	}
	if _, err := s.mayRule(ctx, actor, kind, ""); err != nil {
		return nil, err
	}
	all, err := sqldb.All(ctx, s.db.Read(), queryRulingsLive, scanRuling, s.now())
	return slices.DeleteFunc(all, func(r Ruling) bool { return r.Kind.never() != never }), wrap("rulings", err)
}

// runOpenings carries the openings in force on into a bundle.
func (s *Service) runOpenings(ctx context.Context, b *bundle.Builder, folded int64) error {
	all, err := s.rulings(ctx, s.db.Read(), OpenForAll)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Delta > folded {
			continue // nodes get it as a delta
		}
		entries, err := r.entries(false)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := b.Run(e); err != nil {
				return err
			}
		}
	}
	return nil
}
