-- +goose Up

-- Domains that reports link to. A name is boxed until it was visited, and only
-- its keyed hash tells afterwards that it was.
CREATE TABLE detection_name (
    domain_hash TEXT NOT NULL PRIMARY KEY,
    domain      BYTEA NOT NULL, -- boxed; empty once it was visited
    heard       BIGINT NOT NULL, -- the day
    reporters   BIGINT NOT NULL, -- how many people told of it
    likened     BIGINT NOT NULL, -- 1: compared with protected names
    scan        TEXT NOT NULL -- that visits or visited it; '' for none
);
CREATE INDEX detection_name_scan ON detection_name (scan, reporters);
CREATE INDEX detection_name_likened ON detection_name (likened);
