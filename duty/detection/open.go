// SPDX-License-Identifier: Apache-2.0

package detection

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/id"
	"lachan/internal/locale"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
	"lachan/internal/vault"
)

// View is an item as its reviewer sees it: the words first, every picture
// veiled.
type View struct {
	Item
	Address   string // personal, as all of these
	Title     string
	Text      string
	Lang      string
	Marks     []Mark
	Published time.Time
	Alts      []string // of the pictures
	Covered   bool     // the words are a child's and were not opened yet
	Notes     []Note
	Clusters  []Cluster
	Rules     []RuleHit // of the province that held, live and staged
	Care      Care
	Budget    Budget
}

// Note is what reviewers wrote to each other about an item.
type Note struct {
	By   string // id of the person
	At   time.Time
	Text string // personal
}

var (
	queryNotes   = sqldb.Register("detection.notes", `SELECT id, by_person, made FROM detection_note WHERE item = $1 ORDER BY made, id`)
	queryNotePut = sqldb.Register("detection.note_put", `INSERT INTO detection_note (id, item, by_person, made) VALUES ($1,$2,$3,$4)`)
)

// Open shows an item to the reviewer who holds it, or what was decided to its
// unit. A child's own words stay covered until ReadWords.
func (s *Service) Open(ctx context.Context, actor authz.Actor, u *vault.Unlocked, item string) (View, error) {
	q := s.DB.Read()
	i, permit, err := s.load(ctx, q, actor, "detection.review", item)
	if err != nil {
		return View{}, err
	}
	if i.State != Decided && !i.heldBy(actor.Person, s.now()) {
		return View{}, problem.New("detection/take-first")
	}
	k, err := keys(ctx, q, u, permit, i.ID)
	if err != nil {
		return View{}, err
	}
	v := View{Item: i}
	if i.Spoken {
		_, err := sqldb.One(ctx, q, queryOpened, sqldb.Scalar[int64], i.ID, "text", actor.Person)
		if v.Covered = errors.Is(err, sqldb.ErrNoRows); err != nil && !v.Covered {
			return View{}, wrap("open", err)
		}
	}
	c, err := openContent(ctx, q, k, i.ID)
	if err != nil {
		return View{}, wrap("open", err)
	}
	v.Address, v.Lang, v.Published = c.Address, c.Lang, fromMicro(c.Published)
	for _, p := range c.Pictures {
		v.Alts = append(v.Alts, p.Alt)
	}
	if !v.Covered {
		v.Title, v.Text, v.Marks = c.Title, c.Text, c.Marks
	}
	if v.Notes, err = s.notes(ctx, q, actor, u, i.ID); err != nil {
		return View{}, wrap("open", err)
	}
	if v.Clusters, err = s.clusters(ctx, q, &i); err != nil {
		return View{}, wrap("open", err)
	}
	if v.Rules, err = s.ruleHits(ctx, q, i.ID); err != nil {
		return View{}, wrap("open", err)
	}
	stars, err := sqldb.All(ctx, q, queryStars, sqldb.Scalar[string], actor.Person)
	if err != nil {
		return View{}, wrap("open", err)
	}
	v.Starred = slices.Contains(stars, i.ID)
	r, err := s.reviewer(ctx, q, actor.Person)
	if err != nil {
		return View{}, wrap("open", err)
	}
	v.Care = r.Care
	v.Budget, err = s.budget(ctx, q, actor.Person)
	return v, wrap("open", err)
}

// revealFor is how long a picture that was asked for is given out.
const revealFor = time.Minute

// RevealCommand asks to see one picture of an item.
type RevealCommand struct {
	Item    string
	Picture int
	// Why is needed for a picture that was judged before.
	Why string
}

// RevealReasons lists why a known picture may be seen again.
func RevealReasons() []string { return []string{"evidence", "doubt", "victim"} }

// Reveal charges the reviewer for a picture and lets Picture give it out for a
// minute. Each time goes into the ledger. A picture whose verdict is known
// needs a reason: it is not to be seen twice.
func (s *Service) Reveal(ctx context.Context, actor authz.Actor, u *vault.Unlocked, cmd RevealCommand) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		i, permit, err := s.load(ctx, tx, actor, "detection.reveal", cmd.Item)
		if err != nil {
			return err
		}
		if cmd.Picture < 0 || cmd.Picture >= len(i.Pictures) || !i.Pictures[cmd.Picture].Kept {
			return problem.New("authz/not-found")
		}
		facts := i.Pictures[cmd.Picture]
		if facts.Known != "" && !slices.Contains(RevealReasons(), cmd.Why) {
			return problem.New("detection/known-needs-reason").Field("why", "input/required")
		}
		if _, err := keys(ctx, tx, u, permit, i.ID); err != nil {
			return err
		}
		if err := s.mayExpose(ctx, tx, actor, &i, picturePart(cmd.Picture)); err != nil {
			return err
		}
		again, err := s.expose(ctx, tx, actor.Person, &i, picturePart(cmd.Picture), SawPicture)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, actor, i.ID, "detection.revealed", permit, map[string]any{
			"picture": cmd.Picture, "known": facts.Known, "why": cmd.Why, "again": again,
		})
	})
}

// ReadWords uncovers the words of an item in which a child speaks.
func (s *Service) ReadWords(ctx context.Context, actor authz.Actor, item string) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		i, permit, err := s.load(ctx, tx, actor, "detection.reveal", item)
		if err != nil {
			return err
		}
		if err := s.mayExpose(ctx, tx, actor, &i, "text"); err != nil {
			return err
		}
		again, err := s.expose(ctx, tx, actor.Person, &i, "text", ReadWords)
		if err != nil {
			return err
		}
		return s.record(ctx, tx, actor, i.ID, "detection.words_read", permit, map[string]bool{"again": again})
	})
}

// mayExpose: who holds the item and has something left of the day, has opened
// the part before, or holds an emergency, which is never parked.
func (s *Service) mayExpose(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, i *Item, part string) error {
	if i.State != Decided && !i.heldBy(actor.Person, s.now()) {
		return problem.New("detection/take-first")
	}
	b, err := s.budget(ctx, tx, actor.Person)
	if err != nil {
		return err
	}
	if !b.Spent() || i.Tier == Emergency {
		return nil
	}
	_, err = sqldb.One(ctx, tx, queryOpened, sqldb.Scalar[int64], i.ID, part, actor.Person)
	return notFound(err, "detection/budget-spent")
}

// Picture gives out a picture that the reviewer asked for within the last
// minute. The caller closes it.
func (s *Service) Picture(ctx context.Context, actor authz.Actor, u *vault.Unlocked, item string, n int) (io.ReadCloser, error) {
	q := s.DB.Read()
	i, permit, err := s.load(ctx, q, actor, "detection.reveal", item)
	if err != nil {
		return nil, err
	}
	at, err := sqldb.One(ctx, q, queryOpened, sqldb.Scalar[int64], i.ID, picturePart(n), actor.Person)
	if err != nil {
		return nil, notFound(err, "detection/reveal-first")
	}
	if s.now().Sub(clock.FromMicro(at)) > revealFor {
		return nil, problem.New("detection/reveal-first")
	}
	k, err := keys(ctx, q, u, permit, i.ID)
	if err != nil {
		return nil, err
	}
	return s.openFile(ctx, k, i.ID, picturePart(n))
}

// Veil is the picture as everybody first sees it: small, blurred and grey.
func (s *Service) Veil(ctx context.Context, actor authz.Actor, u *vault.Unlocked, item string, n int) ([]byte, error) {
	q := s.DB.Read()
	i, permit, err := s.load(ctx, q, actor, "detection.review", item)
	if err != nil {
		return nil, err
	}
	k, err := keys(ctx, q, u, permit, i.ID)
	if err != nil {
		return nil, err
	}
	return openPart(ctx, q, k, i.ID, veilPart(n))
}

// Capture gives out the sealed record of the page (WARC) as evidence to those
// that a case handed it to, and never to who reviews: its pictures are neither
// veiled nor counted. Before the verdict it is nobody's. caseUnits are the units
// that have a part in a case with this exhibit. The caller closes it.
func (s *Service) Capture(ctx context.Context, actor authz.Actor, u *vault.Unlocked, item string, caseUnits []string) (io.ReadCloser, error) {
	i, err := sqldb.One(ctx, s.DB.Read(), queryItem, scanItem, item)
	if err != nil {
		return nil, notFound(err, "authz/not-found")
	}
	r := i.resource()
	if i.State == Decided && i.Case != "" {
		r.Attrs["case_units"] = caseUnits
	}
	permit, err := s.Authz.Check(ctx, actor, "detection.capture", r)
	if err != nil {
		return nil, err
	}
	if i.Capture.Size == 0 {
		return nil, problem.New("detection/no-capture")
	}
	k, err := keys(ctx, s.DB.Read(), u, permit, i.ID)
	if err != nil {
		return nil, err
	}
	err = s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		return s.record(ctx, tx, actor, i.ID, "detection.capture_opened", permit, map[string]string{"sha256": i.Capture.SHA256})
	})
	if err != nil {
		return nil, err
	}
	return s.openFile(ctx, k, i.ID, capturePart)
}

// AddNote writes a note that the item's unit can read.
func (s *Service) AddNote(ctx context.Context, actor authz.Actor, item, text string) error {
	text = locale.Normalize(text)
	p := problem.New("input/faulty")
	if text == "" {
		p.Field("note", "input/required")
	}
	if len([]rune(text)) > 2000 {
		p.Field("note", "input/too-long", "max", 2000)
	}
	if err := p.OrNil(); err != nil {
		return err
	}
	return s.DB.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		i, _, err := s.load(ctx, tx, actor, "detection.review", item)
		if err != nil {
			return err
		}
		return s.note(ctx, tx, actor, &i, text)
	})
}

func (s *Service) note(ctx context.Context, tx *sqldb.Tx, actor authz.Actor, i *Item, text string) error {
	note := id.New()
	key, _, err := s.Vault.Sealer().NewCase(ctx, tx, note, vault.Audience{Units: map[vault.Group][]string{words: {i.Unit}}})
	if err != nil {
		return err
	}
	if err := put(ctx, tx, key, note, "text", []byte(text)); err != nil {
		return err
	}
	_, err = sqldb.Exec(ctx, tx, queryNotePut, note, i.ID, actor.Person, clock.Micro(s.now()))
	return err
}

func (s *Service) notes(ctx context.Context, q sqldb.Queryer, actor authz.Actor, u *vault.Unlocked, item string) ([]Note, error) {
	type row struct {
		id string
		Note
	}
	all, err := sqldb.All(ctx, q, queryNotes, func(r sqldb.Row) (n row, err error) {
		var made int64
		err = r.Scan(&n.id, &n.By, &made)
		n.At = clock.FromMicro(made)
		return n, err
	}, item)
	if err != nil {
		return nil, err
	}
	var out []Note
	for _, n := range all {
		permit, err := s.Authz.Check(ctx, actor, "detection.review", ofUnit("item", n.id, actor.Unit))
		if err != nil {
			return nil, err
		}
		k, err := u.OpenCase(ctx, q, permit, n.id)
		if err != nil {
			return nil, err
		}
		text, err := openPart(ctx, q, k, n.id, "text")
		if err != nil {
			return nil, err
		}
		n.Text = string(text)
		out = append(out, n.Note)
	}
	return out, nil
}
