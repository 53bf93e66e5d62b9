-- +goose Up
-- Room schools. Names of domains are kept as A-labels in lower case.

-- A counter is one row, taken inside the transaction that uses the number, so
-- that its numbers have no gap: delta, bundle, edition, side.
CREATE TABLE schools_counter (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

CREATE TABLE schools_school (
    id           TEXT NOT NULL PRIMARY KEY,
    unit         TEXT NOT NULL UNIQUE, -- id of the unit in org
    code         TEXT NOT NULL,
    name         TEXT NOT NULL,
    name_fold    TEXT NOT NULL, -- for search
    name_sort    TEXT NOT NULL,
    place        TEXT NOT NULL, -- id of the commune in org, or ''
    level        TEXT NOT NULL, -- preschool, primary, lower_secondary, upper_secondary, mixed
    band         TEXT NOT NULL, -- of devices outside the listed networks
    pupils       INTEGER NOT NULL,
    devices      INTEGER NOT NULL, -- that the school says it protects
    side         INTEGER NOT NULL, -- number of its newest side file
    changed      INTEGER NOT NULL
) STRICT;
CREATE INDEX schools_school_sort ON schools_school (name_sort, id);

CREATE TABLE schools_band_pupils (
    school TEXT NOT NULL REFERENCES schools_school (id),
    band   TEXT NOT NULL,
    pupils INTEGER NOT NULL,
    PRIMARY KEY (school, band)
) STRICT;

CREATE TABLE schools_network (
    id      TEXT NOT NULL PRIMARY KEY,
    school  TEXT NOT NULL REFERENCES schools_school (id),
    cidr    TEXT NOT NULL,
    band    TEXT NOT NULL,
    note    TEXT NOT NULL,
    UNIQUE (school, cidr)
) STRICT;

CREATE TABLE schools_rule (
    id      TEXT NOT NULL PRIMARY KEY,
    school  TEXT NOT NULL REFERENCES schools_school (id),
    domain  TEXT NOT NULL,
    allow   INTEGER NOT NULL,
    bands   INTEGER NOT NULL, -- bits, bundle.Bands
    reason  TEXT NOT NULL,
    until   INTEGER NOT NULL, -- 0: no end
    by_person TEXT NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (school, domain, allow)
) STRICT;

CREATE TABLE schools_list (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    category   TEXT NOT NULL,
    format     TEXT NOT NULL,
    trust      TEXT NOT NULL, -- ours, known, unproven
    source     TEXT NOT NULL,
    licence    TEXT NOT NULL,
    edition    INTEGER NOT NULL, -- of its names; 0: none yet
    names      INTEGER NOT NULL,
    report     TEXT NOT NULL, -- JSON of the last import
    updated    INTEGER NOT NULL
) STRICT;

-- The names of one edition of one list. An edition is written beside the one
-- in force, which goes when the new one is whole.
CREATE TABLE schools_list_name (
    domain  TEXT NOT NULL,
    edition INTEGER NOT NULL,
    PRIMARY KEY (domain, edition)
) STRICT, WITHOUT ROWID;

-- Editions that no list points to: being written, or being dropped.
CREATE TABLE schools_edition (
    edition INTEGER NOT NULL PRIMARY KEY,
    begun   INTEGER NOT NULL
) STRICT;

CREATE TABLE schools_block (
    id          TEXT NOT NULL PRIMARY KEY,
    decision    TEXT NOT NULL, -- id of the decision in casework, or ''
    case_id     TEXT NOT NULL,
    domain      TEXT NOT NULL,
    kind        TEXT NOT NULL, -- provisional, emergency, legal
    bands       INTEGER NOT NULL,
    basis       TEXT NOT NULL, -- code of the clause
    authority   TEXT NOT NULL, -- '' until a competent authority has decided
    doc_number  TEXT NOT NULL,
    doc_date    TEXT NOT NULL, -- 2026-11-23
    from_time   INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    state       TEXT NOT NULL, -- proposed, active, confirmed, withdrawn, expired
    proposed_by TEXT NOT NULL,
    second_by   TEXT NOT NULL,
    ended_by    TEXT NOT NULL,
    ended       INTEGER NOT NULL,
    end_reason  TEXT NOT NULL, -- a code
    delta       INTEGER NOT NULL, -- number of the newest delta about it; 0: none yet
    assessment  TEXT NOT NULL, -- JSON: what it was seen to cover when it was made
    created     INTEGER NOT NULL
) STRICT;
CREATE INDEX schools_block_domain ON schools_block (domain);
CREATE INDEX schools_block_state ON schools_block (state, until);
CREATE INDEX schools_block_decision ON schools_block (decision);

CREATE TABLE schools_delta (
    number  INTEGER NOT NULL PRIMARY KEY,
    block   TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

CREATE TABLE schools_bundle (
    number   INTEGER NOT NULL PRIMARY KEY,
    file     TEXT NOT NULL, -- key in the store of files
    sha256   TEXT NOT NULL,
    bytes    INTEGER NOT NULL,
    names    INTEGER NOT NULL,
    sets     INTEGER NOT NULL,
    folded   INTEGER NOT NULL, -- highest delta folded in
    lists    TEXT NOT NULL, -- JSON: the editions that went in
    created  INTEGER NOT NULL
) STRICT;

CREATE TABLE schools_node (
    id        TEXT NOT NULL PRIMARY KEY,
    name      TEXT NOT NULL,
    nkey      TEXT NOT NULL UNIQUE,
    version   TEXT NOT NULL,
    bundle    INTEGER NOT NULL,
    delta     INTEGER NOT NULL,
    health    TEXT NOT NULL, -- code
    sequence  INTEGER NOT NULL, -- highest report of counts taken
    joined    INTEGER NOT NULL,
    seen      INTEGER NOT NULL,
    revoked   INTEGER NOT NULL
) STRICT;

CREATE TABLE schools_node_school (
    node   TEXT NOT NULL REFERENCES schools_node (id),
    school TEXT NOT NULL REFERENCES schools_school (id),
    PRIMARY KEY (node, school)
) STRICT;
CREATE INDEX schools_node_school_school ON schools_node_school (school);

CREATE TABLE schools_token (
    hash    TEXT NOT NULL PRIMARY KEY, -- SHA-256 of the token
    name    TEXT NOT NULL,
    schools TEXT NOT NULL, -- JSON
    by_person TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    node    TEXT NOT NULL
) STRICT;

-- One report of counts, so that sending it again changes nothing.
CREATE TABLE schools_count_report (
    node     TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    taken    INTEGER NOT NULL,
    PRIMARY KEY (node, sequence)
) STRICT;

CREATE TABLE schools_count (
    school   TEXT NOT NULL,
    node     TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    band     TEXT NOT NULL,
    category TEXT NOT NULL, -- code of a category or service, emergency, legal, school
    span     TEXT NOT NULL, -- hour, day, week
    start    INTEGER NOT NULL,
    devices  INTEGER NOT NULL, -- 5 or more
    PRIMARY KEY (school, start, span, band, category, node, sequence)
) STRICT;
CREATE INDEX schools_count_start ON schools_count (start);

CREATE TABLE schools_request (
    id       TEXT NOT NULL PRIMARY KEY,
    school   TEXT NOT NULL,
    band     TEXT NOT NULL,
    domain   TEXT NOT NULL,
    category TEXT NOT NULL, -- why it was refused
    day      TEXT NOT NULL, -- 2026-11-23
    asked    INTEGER NOT NULL, -- times, that day
    state    TEXT NOT NULL, -- open, granted, kept
    answer   TEXT NOT NULL, -- a code
    by_person TEXT NOT NULL,
    created  INTEGER NOT NULL,
    answered INTEGER NOT NULL,
    UNIQUE (school, band, domain, day)
) STRICT;
CREATE INDEX schools_request_state ON schools_request (state, created);
