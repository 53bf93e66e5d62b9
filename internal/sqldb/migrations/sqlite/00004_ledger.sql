-- +goose Up
-- One row for each act that must be provable. leaf_index is given by the
-- sequencer after the commit; until then it is NULL.
CREATE TABLE ledger_entry (
    id         TEXT NOT NULL PRIMARY KEY,
    kind       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    object     TEXT NOT NULL,
    policies   TEXT NOT NULL,
    commitment TEXT NOT NULL,
    leaf_index INTEGER UNIQUE
) STRICT;
CREATE INDEX ledger_entry_at ON ledger_entry (at, id);
CREATE INDEX ledger_entry_object ON ledger_entry (object, at, id);
CREATE INDEX ledger_entry_waiting ON ledger_entry (at, id) WHERE leaf_index IS NULL;

-- What the commitment is about: salt and details, sealed together.
CREATE TABLE ledger_detail (
    entry_id TEXT NOT NULL PRIMARY KEY REFERENCES ledger_entry (id),
    sealed   BLOB NOT NULL
) STRICT;

-- The hashes of all complete subtrees (RFC 6962 section 2.1).
CREATE TABLE ledger_hash (
    level INTEGER NOT NULL,
    n     INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (level, n)
) STRICT, WITHOUT ROWID;

-- The tree head: exactly one row, moved by compare-and-set.
CREATE TABLE ledger_head (
    one  INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_head (one, size) VALUES (1, 0);

-- One signed checkpoint a size: two roots of one size cannot be stored.
CREATE TABLE ledger_checkpoint (
    size INTEGER NOT NULL PRIMARY KEY,
    root TEXT NOT NULL,
    note TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;
