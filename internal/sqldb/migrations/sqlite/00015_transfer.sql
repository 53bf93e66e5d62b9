-- +goose Up
-- Room schools: zones that name servers of another make take, and their keys.
ALTER TABLE schools_subscriber ADD COLUMN fetched INTEGER NOT NULL DEFAULT 0; -- when it last took an export or a zone; 0: never

CREATE TABLE schools_transfer_key (
    subscriber TEXT NOT NULL PRIMARY KEY,
    key_name   TEXT NOT NULL UNIQUE,
    algorithm  TEXT NOT NULL,
    secret     BLOB NOT NULL, -- sealed under a secret of the hub's own
    notify     TEXT NOT NULL, -- address told of a new version; '': none
    created    INTEGER NOT NULL
) STRICT;

CREATE TABLE schools_zone (
    band    TEXT NOT NULL,
    serial  INTEGER NOT NULL,
    tag     TEXT NOT NULL, -- of what it was made from
    file    TEXT NOT NULL, -- key of its rules; '': only the changes are kept
    changes BLOB, -- against the version before; NULL: too many, or there was none
    names   INTEGER NOT NULL,
    allowed INTEGER NOT NULL,
    made    INTEGER NOT NULL,
    PRIMARY KEY (band, serial)
) STRICT;
