-- +goose Up
-- Days are text, 2025-07-01; the first day that counts and the last day that
-- counts. 0001-01-01 is "from before our records", 9999-12-31 "still".
CREATE TABLE org_pack (
    key       TEXT NOT NULL PRIMARY KEY,
    digest    TEXT NOT NULL,
    loaded_at INTEGER NOT NULL
) STRICT;
CREATE TABLE org_version (
    one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL
) STRICT;
INSERT INTO org_version (one, version) VALUES (1, 1);
CREATE TABLE org_unit (
    id         TEXT NOT NULL PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    pack       TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to   TEXT NOT NULL,
    verified   INTEGER NOT NULL
) STRICT;
CREATE TABLE org_name (
    unit_id    TEXT NOT NULL REFERENCES org_unit (id),
    valid_from TEXT NOT NULL,
    valid_to   TEXT NOT NULL,
    name       TEXT NOT NULL,
    PRIMARY KEY (unit_id, valid_from)
) STRICT;
CREATE TABLE org_code (
    unit_id    TEXT NOT NULL REFERENCES org_unit (id),
    valid_from TEXT NOT NULL,
    valid_to   TEXT NOT NULL,
    code       TEXT NOT NULL,
    PRIMARY KEY (unit_id, valid_from)
) STRICT;
CREATE TABLE org_kind (
    unit_id    TEXT NOT NULL REFERENCES org_unit (id),
    valid_from TEXT NOT NULL,
    valid_to   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    form       TEXT NOT NULL,
    level      TEXT NOT NULL,
    school     TEXT NOT NULL,
    PRIMARY KEY (unit_id, valid_from)
) STRICT;
CREATE TABLE org_parent (
    unit_id    TEXT NOT NULL REFERENCES org_unit (id),
    tree       TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to   TEXT NOT NULL,
    parent_id  TEXT NOT NULL REFERENCES org_unit (id),
    PRIMARY KEY (unit_id, tree, valid_from)
) STRICT;
CREATE TABLE org_function (
    function   TEXT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to   TEXT NOT NULL,
    unit_id    TEXT NOT NULL REFERENCES org_unit (id),
    pack       TEXT NOT NULL,
    verified   INTEGER NOT NULL,
    PRIMARY KEY (function, valid_from)
) STRICT;
CREATE TABLE org_event (
    key   TEXT NOT NULL PRIMARY KEY,
    pack  TEXT NOT NULL,
    day   TEXT NOT NULL,
    basis TEXT NOT NULL
) STRICT;
CREATE TABLE org_succession (
    event     TEXT NOT NULL REFERENCES org_event (key),
    from_unit TEXT NOT NULL REFERENCES org_unit (id),
    to_unit   TEXT NOT NULL REFERENCES org_unit (id),
    mode      TEXT NOT NULL,
    type      TEXT NOT NULL,
    verified  INTEGER NOT NULL,
    PRIMARY KEY (event, from_unit, to_unit)
) STRICT;
CREATE TABLE org_rest_day (
    day      TEXT NOT NULL PRIMARY KEY,
    rest     INTEGER NOT NULL,
    name     TEXT NOT NULL,
    verified INTEGER NOT NULL
) STRICT;
