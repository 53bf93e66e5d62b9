-- +goose Up
-- Room schools: who fetches what a band is refused for a filter of another make.
CREATE TABLE schools_subscriber (
    id        TEXT NOT NULL PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    hash      TEXT NOT NULL UNIQUE, -- SHA-256 of the token, which is stored nowhere
    bands     TEXT NOT NULL, -- JSON: codes that it may fetch
    by_person TEXT NOT NULL,
    created   INTEGER NOT NULL
) STRICT;
