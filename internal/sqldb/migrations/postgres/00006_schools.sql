-- +goose Up
-- Room schools. Names of domains are kept as A-labels in lower case.

-- A counter is one row, taken inside the transaction that uses the number, so
-- that its numbers have no gap: delta, bundle, edition, side.
CREATE TABLE schools_counter (
    name  TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE schools_school (
    id           TEXT NOT NULL PRIMARY KEY,
    unit         TEXT NOT NULL UNIQUE, -- id of the unit in org
    code         TEXT NOT NULL,
    name         TEXT NOT NULL,
    name_fold    TEXT NOT NULL, -- for search
    name_sort    TEXT COLLATE "C" NOT NULL,
    place        TEXT NOT NULL, -- id of the commune in org, or ''
    level        TEXT NOT NULL, -- preschool, primary, lower_secondary, upper_secondary, mixed
    band         TEXT NOT NULL, -- of devices outside the listed networks
    pupils       BIGINT NOT NULL,
    devices      BIGINT NOT NULL, -- that the school says it protects
    side         BIGINT NOT NULL, -- number of its newest side file
    changed      BIGINT NOT NULL
);
CREATE INDEX schools_school_sort ON schools_school (name_sort, id);

CREATE TABLE schools_band_pupils (
    school TEXT NOT NULL REFERENCES schools_school (id),
    band   TEXT NOT NULL,
    pupils BIGINT NOT NULL,
    PRIMARY KEY (school, band)
);

CREATE TABLE schools_network (
    id      TEXT NOT NULL PRIMARY KEY,
    school  TEXT NOT NULL REFERENCES schools_school (id),
    cidr    TEXT COLLATE "C" NOT NULL,
    band    TEXT NOT NULL,
    note    TEXT NOT NULL,
    UNIQUE (school, cidr)
);

CREATE TABLE schools_rule (
    id      TEXT NOT NULL PRIMARY KEY,
    school  TEXT NOT NULL REFERENCES schools_school (id),
    domain  TEXT NOT NULL,
    allow   BOOLEAN NOT NULL,
    bands   BIGINT NOT NULL, -- bits, bundle.Bands
    reason  TEXT NOT NULL,
    until   BIGINT NOT NULL, -- 0: no end
    by_person TEXT NOT NULL,
    created BIGINT NOT NULL,
    UNIQUE (school, domain, allow)
);

CREATE TABLE schools_list (
    id         TEXT NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    category   TEXT NOT NULL,
    format     TEXT NOT NULL,
    trust      TEXT NOT NULL, -- ours, known, unproven
    source     TEXT NOT NULL,
    licence    TEXT NOT NULL,
    edition    BIGINT NOT NULL, -- of its names; 0: none yet
    names      BIGINT NOT NULL,
    report     TEXT NOT NULL, -- JSON of the last import
    updated    BIGINT NOT NULL
);

-- The names of one edition of one list. An edition is written beside the one
-- in force, which goes when the new one is whole.
CREATE TABLE schools_list_name (
    domain  TEXT COLLATE "C" NOT NULL,
    edition BIGINT NOT NULL,
    PRIMARY KEY (domain, edition)
);

-- Editions that no list points to: being written, or being dropped.
CREATE TABLE schools_edition (
    edition BIGINT NOT NULL PRIMARY KEY,
    begun   BIGINT NOT NULL
);

CREATE TABLE schools_block (
    id          TEXT NOT NULL PRIMARY KEY,
    decision    TEXT NOT NULL, -- id of the decision in casework, or ''
    case_id     TEXT NOT NULL,
    domain      TEXT NOT NULL,
    kind        TEXT NOT NULL, -- provisional, emergency, legal
    bands       BIGINT NOT NULL,
    basis       TEXT NOT NULL, -- code of the clause
    authority   TEXT NOT NULL, -- '' until a competent authority has decided
    doc_number  TEXT NOT NULL,
    doc_date    TEXT NOT NULL, -- 2026-11-23
    from_time   BIGINT NOT NULL,
    until       BIGINT NOT NULL,
    state       TEXT NOT NULL, -- proposed, active, confirmed, withdrawn, expired
    proposed_by TEXT NOT NULL,
    second_by   TEXT NOT NULL,
    ended_by    TEXT NOT NULL,
    ended       BIGINT NOT NULL,
    end_reason  TEXT NOT NULL, -- a code
    delta       BIGINT NOT NULL, -- number of the newest delta about it; 0: none yet
    assessment  TEXT NOT NULL, -- JSON: what it was seen to cover when it was made
    created     BIGINT NOT NULL
);
CREATE INDEX schools_block_domain ON schools_block (domain);
CREATE INDEX schools_block_state ON schools_block (state, until);
CREATE INDEX schools_block_decision ON schools_block (decision);

CREATE TABLE schools_delta (
    number  BIGINT NOT NULL PRIMARY KEY,
    block   TEXT NOT NULL,
    sealed  BYTEA NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE schools_bundle (
    number   BIGINT NOT NULL PRIMARY KEY,
    file     TEXT NOT NULL, -- key in the store of files
    sha256   TEXT NOT NULL,
    bytes    BIGINT NOT NULL,
    names    BIGINT NOT NULL,
    sets     BIGINT NOT NULL,
    folded   BIGINT NOT NULL, -- highest delta folded in
    lists    TEXT NOT NULL, -- JSON: the editions that went in
    created  BIGINT NOT NULL
);

CREATE TABLE schools_node (
    id        TEXT NOT NULL PRIMARY KEY,
    name      TEXT NOT NULL,
    nkey      TEXT NOT NULL UNIQUE,
    version   TEXT NOT NULL,
    bundle    BIGINT NOT NULL,
    delta     BIGINT NOT NULL,
    health    TEXT NOT NULL, -- code
    sequence  BIGINT NOT NULL, -- highest report of counts taken
    joined    BIGINT NOT NULL,
    seen      BIGINT NOT NULL,
    revoked   BIGINT NOT NULL
);

CREATE TABLE schools_node_school (
    node   TEXT NOT NULL REFERENCES schools_node (id),
    school TEXT NOT NULL REFERENCES schools_school (id),
    PRIMARY KEY (node, school)
);
CREATE INDEX schools_node_school_school ON schools_node_school (school);

CREATE TABLE schools_token (
    hash    TEXT NOT NULL PRIMARY KEY, -- SHA-256 of the token
    name    TEXT NOT NULL,
    schools TEXT NOT NULL, -- JSON
    by_person TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used    BIGINT NOT NULL,
    node    TEXT NOT NULL
);

-- One report of counts, so that sending it again changes nothing.
CREATE TABLE schools_count_report (
    node     TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    taken    BIGINT NOT NULL,
    PRIMARY KEY (node, sequence)
);

CREATE TABLE schools_count (
    school   TEXT NOT NULL,
    node     TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    band     TEXT NOT NULL,
    category TEXT NOT NULL, -- code of a category or service, emergency, legal, school
    span     TEXT NOT NULL, -- hour, day, week
    start    BIGINT NOT NULL,
    devices  BIGINT NOT NULL, -- 5 or more
    PRIMARY KEY (school, start, span, band, category, node, sequence)
);
CREATE INDEX schools_count_start ON schools_count (start);

CREATE TABLE schools_request (
    id       TEXT NOT NULL PRIMARY KEY,
    school   TEXT NOT NULL,
    band     TEXT NOT NULL,
    domain   TEXT NOT NULL,
    category TEXT NOT NULL, -- why it was refused
    day      TEXT NOT NULL, -- 2026-11-23
    asked    BIGINT NOT NULL, -- times, that day
    state    TEXT NOT NULL, -- open, granted, kept
    answer   TEXT NOT NULL, -- a code
    by_person TEXT NOT NULL,
    created  BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    UNIQUE (school, band, domain, day)
);
CREATE INDEX schools_request_state ON schools_request (state, created);
