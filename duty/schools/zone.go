// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"lachan/internal/authz"
	"lachan/internal/clock"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Zone is a version of what a band is refused, for name servers that take a
// response policy zone by transfer (RFC 5936, RFC 1995). Versions lie in the
// database, so that all hubs give the same rules under the same serial.
type Zone struct {
	Band    string // code
	Serial  uint32 // at least bundle plus delta, and higher than that of the version before
	Names   int    // refused, each with all below it
	Allowed int    // below a refused one, and open
	Made    time.Time

	number     int64 // serial before it turns over at 2^32
	tag, file  string
	changes    []byte
	hasChanges bool
}

// ZoneRule is one name of a zone; it means itself and all below it.
type ZoneRule struct {
	Name string // A-labels, at most 200 letters
	Open bool   // stays open below a refused name; else it is refused
}

// ZoneStep is what changed from one version to the next.
type ZoneStep struct {
	From, To       uint32
	Removed, Added []ZoneRule
}

// ZoneName is a band's zone below a name; names of hosts have hyphens.
func ZoneName(band, below string) string { return strings.ReplaceAll(band, "_", "-") + "." + below }

const (
	// keepSteps is how many versions back a name server may be and still be sent
	// the difference only.
	keepSteps = 200
	// maxDifference is how many rules may differ between two versions for the
	// difference to be kept, and how many are sent at a time.
	maxDifference = 50_000
)

const zoneColumns = `band, serial, tag, file, changes, names, allowed, made`

var (
	queryZone = sqldb.Register("schools.zone", `
		SELECT `+zoneColumns+` FROM schools_zone WHERE band = $1 ORDER BY serial DESC LIMIT 1`)
	queryZoneSteps = sqldb.Register("schools.zone_steps", `
		SELECT `+zoneColumns+` FROM schools_zone WHERE band = $1 AND serial <= $2 ORDER BY serial DESC LIMIT $3`)
	queryZonePut = sqldb.Register("schools.zone_put", `
		INSERT INTO schools_zone (`+zoneColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`)
	queryZoneTag  = sqldb.Register("schools.zone_tag", `UPDATE schools_zone SET tag = $3 WHERE band = $1 AND serial = $2`)
	queryZoneFile = sqldb.Register("schools.zone_files_over", `
		SELECT file FROM schools_zone WHERE band = $1 AND serial < $2 AND file <> ''`)
	queryZoneThin = sqldb.Register("schools.zone_thin", `UPDATE schools_zone SET file = '' WHERE band = $1 AND serial < $2`)
	queryZoneDrop = sqldb.Register("schools.zone_drop", `
		DELETE FROM schools_zone WHERE band = $1 AND serial NOT IN (
			SELECT serial FROM schools_zone WHERE band = $1 ORDER BY serial DESC LIMIT $2)`)
)

func scanZone(r sqldb.Row) (z Zone, err error) {
	var made int64
	if err := r.Scan(&z.Band, &z.number, &z.tag, &z.file, &z.changes, &z.Names, &z.Allowed, &made); err != nil {
		return z, err
	}
	z.Serial, z.Made, z.hasChanges = uint32(z.number), clock.FromMicro(made), z.changes != nil
	return z, nil
}

// ZoneFor is the newest version of a band's zone for the holder of a transfer
// key; the zero Zone before the first. schools/no-export: the key is not known
// or not for this band, it does not say which.
func (s *Service) ZoneFor(ctx context.Context, keyName, band string) (Zone, error) {
	key, err := s.transferKey(ctx, keyName)
	if err != nil {
		return Zone{}, err
	}
	if _, err := s.authz.Check(ctx, authz.System("schools.subscriber"), "schools.export", room("subscriber", key.subscriber.ID)); err != nil {
		return Zone{}, err
	}
	if !key.subscriber.takes(band) {
		return Zone{}, problem.New("schools/no-export")
	}
	z, err := sqldb.One(ctx, s.db.Read(), queryZone, scanZone, band)
	if errors.Is(err, sqldb.ErrNoRows) {
		return Zone{}, nil
	}
	return z, wrap("zone", err)
}

// ZoneWhole calls with every rule of a version, by name. A version that is no
// longer kept whole is schools/list-changed: ask for the newest.
func (s *Service) ZoneWhole(ctx context.Context, keyName string, z Zone, call func(ZoneRule) error) error {
	if z.file == "" {
		return problem.New("schools/list-changed", "name", z.Band)
	}
	if err := s.zoneSent(ctx, keyName, z, 0, z.Names+z.Allowed); err != nil {
		return err
	}
	return wrap("zone", s.readZone(ctx, z.file, call))
}

func (s *Service) readZone(ctx context.Context, file string, call func(ZoneRule) error) error {
	r, err := s.files.Get(ctx, file)
	if err != nil {
		return err
	}
	defer r.Close()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if err := call(readRule(lines.Text())); err != nil {
			return err
		}
	}
	return lines.Err()
}

// ZoneSince is what changed since a serial, version by version. ok is false if
// it is not known any more, or more than a transfer of the whole would be.
func (s *Service) ZoneSince(ctx context.Context, keyName string, z Zone, serial uint32) (steps []ZoneStep, ok bool, err error) {
	versions, err := sqldb.All(ctx, s.db.Read(), queryZoneSteps, scanZone, z.Band, z.number, keepSteps+1)
	if err != nil {
		return nil, false, wrap("zone", err)
	}
	rules := 0
	for i, v := range versions {
		if v.Serial == serial {
			ok = true
			break
		}
		if !v.hasChanges || i+1 == len(versions) {
			return nil, false, nil
		}
		step := ZoneStep{From: versions[i+1].Serial, To: v.Serial}
		step.Removed, step.Added = readChanges(v.changes)
		if rules += len(step.Removed) + len(step.Added); rules > min(maxDifference, z.Names+z.Allowed) {
			return nil, false, nil
		}
		steps = append([]ZoneStep{step}, steps...)
	}
	if !ok || len(steps) == 0 {
		return nil, ok, nil
	}
	return steps, true, s.zoneSent(ctx, keyName, z, serial, rules)
}

// zoneSent tells the ledger what a subscriber is about to get.
func (s *Service) zoneSent(ctx context.Context, keyName string, z Zone, from uint32, rules int) error {
	key, err := s.transferKey(ctx, keyName)
	if err != nil {
		return err
	}
	actor := authz.System("schools.subscriber")
	permit, err := s.authz.Check(ctx, actor, "schools.export", room("subscriber", key.subscriber.ID))
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		if err := s.fetched(ctx, tx, key.subscriber.ID); err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.zone_sent", actor: actor.Name(), object: key.subscriber.ID, permit: permit,
			details: map[string]any{"band": z.Band, "serial": z.Serial, "from": from, "rules": rules},
		})
	})
	return wrap("zone", err)
}

// A rule is a line: the name, and " +" behind it if it is open.

func (r ZoneRule) line() string {
	if r.Open {
		return r.Name + " +"
	}
	return r.Name
}

func readRule(line string) ZoneRule {
	name, open := strings.CutSuffix(line, " +")
	return ZoneRule{name, open}
}

func (r ZoneRule) compare(o ZoneRule) int {
	if c := cmp.Compare(r.Name, o.Name); c != 0 {
		return c
	}
	switch {
	case r.Open == o.Open:
		return 0
	case o.Open:
		return -1
	}
	return 1
}

// A change is a rule's line behind "-" or "+".

func readChanges(text []byte) (removed, added []ZoneRule) {
	for line := range bytes.Lines(text) {
		rule := readRule(strings.TrimSuffix(string(line[1:]), "\n"))
		if line[0] == '-' {
			removed = append(removed, rule)
		} else {
			added = append(added, rule)
		}
	}
	return removed, added
}

// comparison writes down how a new version differs from the one before, while
// both are read in order.
type comparison struct {
	before  *bufio.Scanner // nil: there is none
	pending *ZoneRule
	text    bytes.Buffer
	count   int
	ended   bool
}

func newComparison(before io.Reader) *comparison {
	c := &comparison{ended: before == nil}
	if before != nil {
		c.before = bufio.NewScanner(before)
	}
	return c
}

func (c *comparison) peek() *ZoneRule {
	if c.pending == nil && !c.ended {
		if c.before.Scan() {
			rule := readRule(c.before.Text())
			c.pending = &rule
		} else {
			c.ended = true
		}
	}
	return c.pending
}

func (c *comparison) note(sign byte, r ZoneRule) {
	if c.count++; c.count <= maxDifference {
		c.text.WriteByte(sign)
		c.text.WriteString(r.line())
		c.text.WriteByte('\n')
	}
}

// add takes the next rule of the new version.
func (c *comparison) add(r ZoneRule) {
	for old := c.peek(); old != nil && old.compare(r) < 0; old = c.peek() {
		c.note('-', *old)
		c.pending = nil
	}
	if old := c.peek(); old != nil && old.compare(r) == 0 {
		c.pending = nil
		return
	}
	c.note('+', r)
}

// end takes what is left of the old one. The result is nil if nothing can be
// said, for want of an old version or because it is too much.
func (c *comparison) end() ([]byte, error) {
	if c.before == nil {
		return nil, nil
	}
	for old := c.peek(); old != nil; old = c.peek() {
		c.note('-', *old)
		c.pending = nil
	}
	if c.count > maxDifference {
		return nil, c.before.Err()
	}
	return append([]byte{}, c.text.Bytes()...), c.before.Err()
}

// errZoneTaken says that another hub was quicker with the same serial.
var errZoneTaken = errors.New("schools: another hub made this version")
