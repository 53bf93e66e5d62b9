-- +goose Up
-- Room schools: zones that name servers of another make take, and their keys.
ALTER TABLE schools_subscriber ADD COLUMN fetched BIGINT NOT NULL DEFAULT 0; -- when it last took an export or a zone; 0: never

CREATE TABLE schools_transfer_key (
    subscriber TEXT NOT NULL PRIMARY KEY,
    key_name   TEXT NOT NULL UNIQUE,
    algorithm  TEXT NOT NULL,
    secret     BYTEA NOT NULL, -- sealed under a secret of the hub's own
    notify     TEXT NOT NULL, -- address told of a new version; '': none
    created    BIGINT NOT NULL
);

CREATE TABLE schools_zone (
    band    TEXT NOT NULL,
    serial  BIGINT NOT NULL,
    tag     TEXT NOT NULL, -- of what it was made from
    file    TEXT NOT NULL, -- key of its rules; '': only the changes are kept
    changes BYTEA, -- against the version before; NULL: too many, or there was none
    names   BIGINT NOT NULL,
    allowed BIGINT NOT NULL,
    made    BIGINT NOT NULL,
    PRIMARY KEY (band, serial)
);
