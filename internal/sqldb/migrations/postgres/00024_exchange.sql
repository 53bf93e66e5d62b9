-- +goose Up

-- Those with whom signals are exchanged. What would open their door (address,
-- credentials, tokens of pages) is boxed under the hub's own key: the hub asks
-- at night, without anybody's session.
CREATE TABLE detection_exchange (
    name      TEXT NOT NULL PRIMARY KEY, -- A-Z 0-9 _, as HMA has them
    bank      TEXT NOT NULL REFERENCES detection_bank (name),
    format    TEXT NOT NULL,
    pulls     BIGINT NOT NULL, -- 1: it is asked; 0: files are brought
    address   BYTEA NOT NULL,    -- boxed; empty for files
    options   TEXT NOT NULL,    -- JSON: type of bare values, columns of a table
    every     BIGINT NOT NULL, -- minutes between two pulls
    state     TEXT NOT NULL,    -- active, paused, dropped
    next_at   BIGINT NOT NULL, -- when it is due; 0: never
    place     BYTEA NOT NULL,    -- boxed JSON: the page to go on with, the source's mark, ETag
    failures  BIGINT NOT NULL, -- in a row
    fault     TEXT NOT NULL,    -- JSON: the last problem's code and arguments
    made      BIGINT NOT NULL,
    by_person TEXT NOT NULL
);
CREATE INDEX detection_exchange_due ON detection_exchange (state, next_at);

-- Credentials: of an exchange by its name, of all of a format by "api/format".
CREATE TABLE detection_access (
    name   TEXT NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL -- boxed
);

-- One list taken in: a pull with all of its pages, or a file.
CREATE TABLE detection_pull (
    id        TEXT NOT NULL PRIMARY KEY,
    exchange  TEXT NOT NULL REFERENCES detection_exchange (name),
    started   BIGINT NOT NULL,
    ended     BIGINT NOT NULL,
    state     TEXT NOT NULL, -- running, done, failed
    pages     BIGINT NOT NULL,
    counts    TEXT NOT NULL, -- JSON: entries, fresh, changed, same, withdrawn, skipped
    rejects   TEXT NOT NULL, -- JSON: counts by reason, lines by number; never a value
    fault     TEXT NOT NULL, -- JSON
    by_person TEXT NOT NULL
);
CREATE INDEX detection_pull_exchange ON detection_pull (exchange, started);

-- Which share of contents the matching API answers with for a type of signals.
CREATE TABLE detection_type (
    type     TEXT NOT NULL PRIMARY KEY,
    permille BIGINT NOT NULL
);
