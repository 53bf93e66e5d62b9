-- +goose Up
-- When the list was first taken.
ALTER TABLE schools_list ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE schools_list SET since = updated;

-- Names that an edition of a list takes out again: below a name of the list,
-- and not of its category after all.
CREATE TABLE schools_list_exception (
    edition INTEGER NOT NULL,
    domain  TEXT NOT NULL,
    PRIMARY KEY (edition, domain)
) STRICT, WITHOUT ROWID;

-- Where a list comes from by itself, and what became of the last try.
CREATE TABLE schools_subscription (
    list     TEXT NOT NULL PRIMARY KEY, -- schools_list.id
    url      TEXT NOT NULL, -- may hold a key: never in a log, the ledger has the host
    hours    INTEGER NOT NULL, -- between two fetches
    etag     TEXT NOT NULL,
    modified TEXT NOT NULL,
    due      INTEGER NOT NULL,
    fetched  INTEGER NOT NULL, -- the last try; 0: none yet
    outcome  TEXT NOT NULL, -- '', unchanged, applied, held, failed
    why      TEXT NOT NULL, -- code of the problem of a try that failed
    failures INTEGER NOT NULL, -- in a row
    refused  TEXT NOT NULL -- digest of the edition that a person discarded last
) STRICT;
CREATE INDEX schools_subscription_due ON schools_subscription (due);

-- An edition that waits for a person beside the one in force.
CREATE TABLE schools_list_held (
    list    TEXT NOT NULL PRIMARY KEY, -- schools_list.id
    edition INTEGER NOT NULL,
    report  TEXT NOT NULL, -- JSON
    reasons TEXT NOT NULL, -- JSON: why it waits
    found   INTEGER NOT NULL
) STRICT;
