-- +goose Up

-- A model of one label that learnt from verdicts. Its file is boxed under the
-- hub's own key: the hub reads at night, without anybody's session.
CREATE TABLE detection_model (
    id         TEXT NOT NULL PRIMARY KEY,
    number     INTEGER NOT NULL UNIQUE,
    unit       TEXT NOT NULL,
    label      TEXT NOT NULL,
    state      TEXT NOT NULL, -- candidate, live, past, dropped
    file       BLOB NOT NULL, -- boxed; empty once it can no longer be used
    threshold  INTEGER NOT NULL, -- thousandths of a probability
    lists      INTEGER NOT NULL, -- 1: its word alone lists a text
    provenance TEXT NOT NULL, -- JSON: which verdicts, by counts and times
    comparison TEXT NOT NULL, -- JSON
    parent     TEXT NOT NULL, -- the one in use that it was compared with; '' for none
    before     TEXT NOT NULL, -- the one that it took the place of; '' for none
    newest     INTEGER NOT NULL, -- the newest verdict that it has seen
    made       INTEGER NOT NULL,
    by_person  TEXT NOT NULL,
    used       INTEGER NOT NULL, -- since when; 0: never
    used_by    TEXT NOT NULL,
    ended      INTEGER NOT NULL, -- until when; 0: in use, or never
    ended_by   TEXT NOT NULL
) STRICT;
CREATE INDEX detection_model_label ON detection_model (label, number);
CREATE UNIQUE INDEX detection_model_live ON detection_model (label) WHERE state = 'live';

-- To whom learning was offered at the first unlock of a day.
CREATE TABLE detection_offer (
    unit   TEXT NOT NULL,
    day    TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (unit, day)
) STRICT;
