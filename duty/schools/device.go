// SPDX-License-Identifier: Apache-2.0

package schools

import (
	"context"

	"lachan/internal/authz"
	"lachan/internal/bundle"
	"lachan/internal/id"
	"lachan/internal/problem"
	"lachan/internal/sqldb"
)

// Device is a word by which devices of a school name themselves to the node,
// in the path of DNS over HTTPS or the server name of DNS over TLS: for tablets
// that leave the school's networks. It stands for a set of devices of one band,
// never for a child.
type Device struct {
	ID      string
	Word    string
	Band    bundle.Band
	Evening bundle.Band
	Note    string
}

// DeviceCommand adds a word or gives it another band.
type DeviceCommand struct {
	School  string
	Word    string // a–z, 0–9 and "-", up to 63; unique in the province
	Band    string
	Evening string // "": the same
	Note    string // up to 100 letters
}

func (c DeviceCommand) read() (Device, error) {
	p := problem.New("input/faulty")
	if !bundle.ValidDevice(c.Word) {
		p.Field("word", "schools/not-a-word")
	}
	d := Device{Word: c.Word, Note: c.Note}
	d.Band, d.Evening = readBands(p, "device_", c.Band, c.Evening)
	needText(p, "device_note", c.Note, 100, false)
	return d, p.OrNil()
}

// readBands reads the band by day and the one in the evening, "" for the same.
// The faulty fields are named with the prefix, since a school's page has
// several forms with bands.
func readBands(p *problem.Error, prefix, day, evening string) (bundle.Band, bundle.Band) {
	band, ok := bundle.ParseBand(day)
	if !ok {
		p.Field(prefix+"band", "input/not-a-choice")
	}
	if evening == "" {
		return band, band
	}
	later, ok := bundle.ParseBand(evening)
	if !ok {
		p.Field(prefix+"evening", "input/not-a-choice")
	}
	return band, later
}

var (
	queryDevices    = sqldb.Register("schools.devices", `SELECT id, word, band, evening, note FROM schools_device WHERE school = $1 ORDER BY word`)
	queryDeviceOf   = sqldb.Register("schools.device_of", `SELECT school FROM schools_device WHERE word = $1`)
	queryDeviceSave = sqldb.Register("schools.device_save", `
		INSERT INTO schools_device (id, school, word, band, evening, note) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (word) DO UPDATE SET band = excluded.band, evening = excluded.evening, note = excluded.note`)
	queryDeviceDrop = sqldb.Register("schools.device_drop", `DELETE FROM schools_device WHERE id = $1 AND school = $2`)
)

// Devices are a school's words.
func (s *Service) Devices(ctx context.Context, actor authz.Actor, schoolID string) ([]Device, error) {
	if _, err := s.loadSchool(ctx, s.db.Read(), actor, "schools.view", schoolID); err != nil {
		return nil, err
	}
	return sqldb.All(ctx, s.db.Read(), queryDevices, scanDevice, schoolID)
}

// SaveDevice adds or changes a word; one of another school is taken.
func (s *Service) SaveDevice(ctx context.Context, actor authz.Actor, cmd DeviceCommand) error {
	d, err := cmd.read()
	if err != nil {
		return err
	}
	return s.editSchool(ctx, actor, cmd.School, "schools.device_saved", cmd, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		of, err := sqldb.All(ctx, tx, queryDeviceOf, sqldb.Scalar[string], d.Word)
		if err != nil {
			return err
		}
		if len(of) > 0 && of[0] != school.ID {
			return problem.New("input/faulty").Field("word", "schools/word-taken")
		}
		_, err = sqldb.Exec(ctx, tx, queryDeviceSave, id.New(), school.ID, d.Word, d.Band.String(), d.Evening.String(), d.Note)
		return err
	})
}

// DropDevice takes a word away; who uses it is then one of the school's
// unlisted clients.
func (s *Service) DropDevice(ctx context.Context, actor authz.Actor, schoolID, deviceID string) error {
	return s.editSchool(ctx, actor, schoolID, "schools.device_dropped", map[string]string{"device": deviceID}, func(ctx context.Context, tx *sqldb.Tx, school *School) error {
		n, err := sqldb.Exec(ctx, tx, queryDeviceDrop, deviceID, schoolID)
		if err == nil && n == 0 {
			err = problem.New("schools/no-device")
		}
		return err
	})
}

func scanDevice(r sqldb.Row) (d Device, err error) {
	var band, evening string
	err = r.Scan(&d.ID, &d.Word, &band, &evening, &d.Note)
	d.Band, _ = bundle.ParseBand(band)
	d.Evening = eveningOf(d.Band, evening)
	return d, err
}

// eveningOf reads the stored band of the evening, "" for the same.
func eveningOf(day bundle.Band, evening string) bundle.Band {
	if b, ok := bundle.ParseBand(evening); ok {
		return b
	}
	return day
}
