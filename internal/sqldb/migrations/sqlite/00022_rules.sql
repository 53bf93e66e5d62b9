-- +goose Up

-- A rule of the province. A version is never changed, only what becomes of it.
CREATE TABLE detection_rule (
    name      TEXT NOT NULL,
    version   INTEGER NOT NULL, -- from 1
    title     TEXT NOT NULL,
    body      TEXT NOT NULL, -- JSON: conditions and effects
    state     TEXT NOT NULL, -- draft, staged, live, off
    author    TEXT NOT NULL,
    made      INTEGER NOT NULL,
    changed   INTEGER NOT NULL, -- of the state
    by_person TEXT NOT NULL,    -- who changed it
    PRIMARY KEY (name, version)
) STRICT;
CREATE INDEX detection_rule_state ON detection_rule (state);

-- Why a rule held of a finding, or would have while it was staged.
CREATE TABLE detection_rule_hit (
    finding TEXT NOT NULL,
    item    TEXT NOT NULL, -- '' where none came of it
    rule    TEXT NOT NULL,
    version INTEGER NOT NULL,
    staged  INTEGER NOT NULL, -- 1: it had no effect
    effect  TEXT NOT NULL,    -- queued, raised, left_out, marked, none
    made    INTEGER NOT NULL,
    why     TEXT NOT NULL, -- JSON: conditions with values, no text
    PRIMARY KEY (finding, rule, version)
) STRICT;
CREATE INDEX detection_rule_hit_item ON detection_rule_hit (item);
CREATE INDEX detection_rule_hit_rule ON detection_rule_hit (rule, made);
CREATE INDEX detection_rule_hit_made ON detection_rule_hit (made);

-- What a rule noted of an address, a host or a source, until it runs out.
CREATE TABLE detection_mark (
    entity     TEXT NOT NULL, -- address, host, source
    hash       TEXT NOT NULL, -- keyed
    mark       TEXT NOT NULL,
    rule       TEXT NOT NULL,
    until_time INTEGER NOT NULL,
    PRIMARY KEY (entity, hash, mark, rule)
) STRICT;
CREATE INDEX detection_mark_rule ON detection_mark (rule);
CREATE INDEX detection_mark_until ON detection_mark (until_time);

-- What was met by scans, also what gave no reason, for back-tests: numbers and
-- ids, no text and no address.
CREATE TABLE detection_feature (
    id       TEXT NOT NULL PRIMARY KEY,
    scan     TEXT NOT NULL,
    source   TEXT NOT NULL,
    found    INTEGER NOT NULL,
    features TEXT NOT NULL,
    item     TEXT NOT NULL -- '' where nothing came into the queue
) STRICT;
CREATE INDEX detection_feature_found ON detection_feature (found);

CREATE TABLE detection_backtest (
    id        TEXT NOT NULL PRIMARY KEY,
    rule      TEXT NOT NULL,
    version   INTEGER NOT NULL,
    made      INTEGER NOT NULL,
    by_person TEXT NOT NULL,
    result    TEXT NOT NULL -- JSON: counts, and ids of items
) STRICT;
CREATE INDEX detection_backtest_rule ON detection_backtest (rule, version, made);
CREATE INDEX detection_item_found_host ON detection_item (host_hash, found);
