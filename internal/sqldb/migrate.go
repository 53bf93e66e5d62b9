// SPDX-License-Identifier: Apache-2.0

package sqldb

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"lachan/internal/problem"
)

//go:embed migrations
var migrations embed.FS

func (db *DB) provider() (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	folder, err := fs.Sub(migrations, "migrations/"+string(db.dialect))
	if err != nil {
		return nil, fmt.Errorf("sqldb: migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, db.write, folder)
	if err != nil {
		return nil, fmt.Errorf("sqldb: migrations: %w", err)
	}
	return p, nil
}

// Migrate brings the schema to the version of this program. It goes forward
// only, and refuses a schema that is newer than the program knows
// (store/newer-schema). Applied again it does nothing.
func (db *DB) Migrate(ctx context.Context) error {
	p, err := db.provider()
	if err != nil {
		return err
	}
	have, want, err := db.versions(ctx, p)
	if err != nil {
		return err
	}
	if have > want {
		return problem.New("store/newer-schema", "have", have, "want", want)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("sqldb: migrate: %w", err)
	}
	return nil
}

// SchemaVersions says which schema the database has and which one this
// program wants. A new database has 0.
func (db *DB) SchemaVersions(ctx context.Context) (have, want int64, err error) {
	p, err := db.provider()
	if err != nil {
		return 0, 0, err
	}
	return db.versions(ctx, p)
}

func (db *DB) versions(ctx context.Context, p *goose.Provider) (have, want int64, err error) {
	for _, s := range p.ListSources() {
		want = max(want, s.Version)
	}
	have, err = p.GetDBVersion(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("sqldb: schema version: %w", err)
	}
	return have, want, nil
}
