-- +goose Up
-- One row for each act that must be provable. leaf_index is given by the
-- sequencer after the commit; until then it is NULL.
CREATE TABLE ledger_entry (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    object     TEXT COLLATE "C" NOT NULL,
    policies   TEXT NOT NULL,
    commitment TEXT NOT NULL,
    leaf_index BIGINT UNIQUE
);
CREATE INDEX ledger_entry_at ON ledger_entry (at, id);
CREATE INDEX ledger_entry_object ON ledger_entry (object, at, id);
CREATE INDEX ledger_entry_waiting ON ledger_entry (at, id) WHERE leaf_index IS NULL;

-- What the commitment is about: salt and details, sealed together.
CREATE TABLE ledger_detail (
    entry_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES ledger_entry (id),
    sealed   BYTEA NOT NULL
);

-- The hashes of all complete subtrees (RFC 6962 section 2.1).
CREATE TABLE ledger_hash (
    level BIGINT NOT NULL,
    n     BIGINT NOT NULL,
    hash  BYTEA NOT NULL,
    PRIMARY KEY (level, n)
);

-- The tree head: exactly one row, moved by compare-and-set.
CREATE TABLE ledger_head (
    one  BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    size BIGINT NOT NULL
);
INSERT INTO ledger_head (one, size) VALUES (1, 0);

-- One signed checkpoint a size: two roots of one size cannot be stored.
CREATE TABLE ledger_checkpoint (
    size BIGINT NOT NULL PRIMARY KEY,
    root TEXT NOT NULL,
    note TEXT NOT NULL,
    at   BIGINT NOT NULL
);
