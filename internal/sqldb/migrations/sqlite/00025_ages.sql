-- +goose Up

-- Since when a domain is registered, so that no name is asked about twice. What
-- name it is cannot be read here: its hash is keyed.
CREATE TABLE detection_domain (
    domain_hash TEXT NOT NULL PRIMARY KEY,
    registered  INTEGER NOT NULL, -- 0: not known
    asked       INTEGER NOT NULL,
    next_at     INTEGER NOT NULL  -- when it may be asked about again; 0: never
) STRICT;
