// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"lachan/internal/authz"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// zoneState remembers for which state of the database all zones were looked at,
// so that looking again costs four small queries.
type zoneState struct {
	mu   sync.Mutex
	seen string
}

var queryBlocksCount = sqldb.Register("schools.blocks_count", `
	SELECT COUNT(*) FROM schools_block WHERE state IN ('active', 'confirmed') AND until > $1`)

// RefreshZones makes a new version of each zone that somebody has a key for
// and whose rules have changed, and returns the versions that this call made.
// It is called every few seconds, on each hub; where two make the same version,
// one of them wins and the other takes it over.
//
// A block that runs out makes a version, like one that is withdrawn. All names
// of the band are gone over, a page at a time, so that what is sent never
// differs from Lookup; a million names take seconds.
func (s *Service) RefreshZones(ctx context.Context) (made []Zone, err error) {
	s.zones.mu.Lock()
	defer s.zones.mu.Unlock()
	keys, err := s.transferKeys(ctx)
	if err != nil {
		return nil, wrap("refresh zones", err)
	}
	var bands []string
	for _, k := range keys {
		for _, b := range k.subscriber.Bands {
			if !slices.Contains(bands, b) {
				bands = append(bands, b)
			}
		}
	}
	if len(bands) == 0 {
		return nil, nil
	}
	slices.Sort(bands)
	state, err := s.zonesFrom(ctx, bands)
	if problem.Is(err, "schools/no-bundle") {
		return nil, nil
	}
	if err != nil || state == s.zones.seen {
		return nil, wrap("refresh zones", err)
	}
	for _, band := range bands {
		z, fresh, err := s.refreshZone(ctx, band)
		if err != nil {
			return made, wrap("refresh zone", err)
		}
		if fresh {
			made = append(made, z)
		}
	}
	s.zones.seen = state
	return made, nil
}

// zonesFrom names all that zones are made of.
func (s *Service) zonesFrom(ctx context.Context, bands []string) (string, error) {
	current, err := s.CurrentBundle(ctx)
	if err != nil {
		return "", err
	}
	delta, err := s.HighestDelta(ctx)
	if err != nil {
		return "", err
	}
	blocks, err := sqldb.One(ctx, s.db.Read(), queryBlocksCount, sqldb.Scalar[int64], s.now())
	if err != nil {
		return "", err
	}
	lists, err := sqldb.All(ctx, s.db.Read(), queryLists, scanList)
	if err != nil {
		return "", err
	}
	state := fmt.Sprintln(bands, current.Number, delta, blocks)
	for _, l := range lists {
		state += fmt.Sprintf("%d %q\n", l.edition, l.Licence)
	}
	return state, nil
}

func (s *Service) refreshZone(ctx context.Context, band string) (z Zone, fresh bool, err error) {
	q := ExportQuery{Band: band, Format: RPZ}
	who, err := q.client(School{})
	if err != nil {
		return z, false, err
	}
	x, err := s.newExport(ctx, q, who)
	if err != nil {
		return z, false, err
	}
	last, err := sqldb.One(ctx, s.db.Read(), queryZone, scanZone, band)
	first := errors.Is(err, sqldb.ErrNoRows)
	if err != nil && !first {
		return z, false, err
	}
	if !first && last.tag == x.tag() && s.whole(ctx, last) {
		return last, false, nil
	}
	z = Zone{
		Band: band, tag: x.tag(), file: "zones/" + band + "-" + id.New(), Made: s.clock.Now(),
		number: max(x.info.Bundle+x.info.Delta, last.number+1),
	}
	z.Serial = uint32(z.number)
	if err := s.writeZone(ctx, x, &z, last); err != nil {
		return z, false, errors.Join(err, s.files.Delete(ctx, z.file))
	}
	if !first && z.hasChanges && len(z.changes) == 0 {
		err := s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := sqldb.Exec(ctx, tx, queryZoneTag, band, last.number, z.tag)
			return err
		})
		return last, false, errors.Join(err, s.files.Delete(ctx, z.file))
	}
	err = s.putZone(ctx, z, last)
	if errors.Is(err, errZoneTaken) {
		last, err = sqldb.One(ctx, s.db.Read(), queryZone, scanZone, band)
		return last, false, errors.Join(err, s.files.Delete(ctx, z.file))
	}
	return z, err == nil, err
}

// whole reports whether a version can be sent. A restored backup may lack the
// file of a zone that was made while it ran; then another version is made.
func (s *Service) whole(ctx context.Context, z Zone) bool {
	file, err := s.files.Get(ctx, z.file)
	if err != nil {
		return false
	}
	return file.Close() == nil
}

// writeZone goes over the names twice, as an export does, and stores the rules
// in order of their names, comparing them with the version before.
func (s *Service) writeZone(ctx context.Context, x *export, z *Zone, last Zone) error {
	if err := x.count(ctx); err != nil {
		return err
	}
	z.Names, z.Allowed = x.info.Names, x.info.Allowed
	var before io.Reader
	if last.file != "" {
		old, err := s.files.Get(ctx, last.file)
		if err != nil {
			s.log.WarnContext(ctx, "the last zone cannot be read; name servers will take the next one whole", "band", z.Band, "error", err)
		} else {
			defer old.Close()
			before = old
		}
	}
	read, write := io.Pipe()
	stored := make(chan error, 1)
	go func() {
		err := s.files.Put(ctx, z.file, read)
		read.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // nobody reads on
		stored <- err
	}()
	compared := newComparison(before)
	err := x.rules(ctx, bufio.NewWriterSize(write, 64<<10), compared)
	write.CloseWithError(err) // nil is the end of the file
	if err := errors.Join(err, <-stored); err != nil {
		return err
	}
	z.changes, err = compared.end()
	z.hasChanges = z.changes != nil
	return err
}

// rules writes refused and open names in one order.
func (x *export) rules(ctx context.Context, out *bufio.Writer, compared *comparison) error {
	var open []string
	for _, name := range x.open { // sorted
		if x.allowed[name] {
			open = append(open, name)
		}
	}
	say := func(r ZoneRule) {
		put(out, r.line(), "\n")
		compared.add(r)
	}
	count := 0
	_, err := x.each(ctx, func(name string) error {
		for len(open) > 0 && open[0] < name {
			say(ZoneRule{open[0], true})
			open = open[1:]
		}
		count++
		say(ZoneRule{name, false})
		return nil
	})
	if err != nil {
		return err
	}
	if count != x.info.Names { // a list was replaced between the two
		return problem.New("schools/list-changed", "name", x.info.Band)
	}
	for _, name := range open {
		say(ZoneRule{name, true})
	}
	return out.Flush()
}

// putZone makes a version the newest and forgets what is too old. The file of
// the version before stays, for whoever is being sent it.
func (s *Service) putZone(ctx context.Context, z, last Zone) error {
	var over []string
	err := s.db.Tx(ctx, func(ctx context.Context, tx *sqldb.Tx) (err error) {
		newest, err := sqldb.One(ctx, tx, queryZone, scanZone, z.Band)
		if err != nil && !errors.Is(err, sqldb.ErrNoRows) {
			return err
		}
		if newest.number != last.number {
			return errZoneTaken
		}
		var changes any // nil is NULL
		if z.hasChanges {
			changes = z.changes
		}
		_, err = sqldb.Exec(ctx, tx, queryZonePut, z.Band, z.number, z.tag, z.file, changes, z.Names, z.Allowed, z.Made.UnixMicro())
		if sqldb.IsUnique(err) {
			return errZoneTaken
		}
		if err != nil {
			return err
		}
		if over, err = sqldb.All(ctx, tx, queryZoneFile, sqldb.Scalar[string], z.Band, last.number); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryZoneThin, z.Band, last.number); err != nil {
			return err
		}
		if _, err := sqldb.Exec(ctx, tx, queryZoneDrop, z.Band, keepSteps+1); err != nil {
			return err
		}
		return s.record(ctx, tx, step{
			kind: "schools.zone_made", actor: authz.System("schools.zone").Name(), object: z.Band,
			details: map[string]any{"serial": z.Serial, "names": z.Names, "allowed": z.Allowed},
		})
	})
	if err != nil {
		return err
	}
	for _, file := range over {
		if err := s.files.Delete(ctx, file); err != nil {
			s.log.WarnContext(ctx, "old zone not deleted", "band", z.Band, "error", err)
		}
	}
	return nil
}
