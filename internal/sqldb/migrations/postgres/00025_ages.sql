-- +goose Up

-- Since when a domain is registered, so that no name is asked about twice. What
-- name it is cannot be read here: its hash is keyed.
CREATE TABLE detection_domain (
    domain_hash TEXT NOT NULL PRIMARY KEY,
    registered  BIGINT NOT NULL, -- 0: not known
    asked       BIGINT NOT NULL,
    next_at     BIGINT NOT NULL  -- when it may be asked about again; 0: never
);
