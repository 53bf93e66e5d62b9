-- +goose Up
CREATE TABLE reporting_directive (
    id        TEXT NOT NULL PRIMARY KEY,
    number    TEXT NOT NULL,
    source    TEXT NOT NULL,
    digest    TEXT NOT NULL,
    loaded_at INTEGER NOT NULL,
    loaded_by TEXT NOT NULL
) STRICT;
-- One duty in one unit's worklist for one year. duty is '' for a unit that
-- only receives a copy; role is assignee, coordinator or copied.
CREATE TABLE reporting_assignment (
    id          TEXT NOT NULL PRIMARY KEY,
    directive   TEXT NOT NULL REFERENCES reporting_directive (id),
    duty        TEXT NOT NULL,
    year        INTEGER NOT NULL,
    unit_id     TEXT NOT NULL REFERENCES org_unit (id),
    role        TEXT NOT NULL,
    due_at      INTEGER NOT NULL,
    assigned_at INTEGER NOT NULL,
    ack_at      INTEGER NOT NULL,
    ack_by      TEXT NOT NULL,
    UNIQUE (directive, duty, year, unit_id)
) STRICT;
CREATE INDEX reporting_assignment_unit ON reporting_assignment (unit_id, year);
CREATE TABLE reporting_draft (
    form       TEXT NOT NULL,
    unit_id    TEXT NOT NULL REFERENCES org_unit (id),
    year       INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    cells      BLOB NOT NULL,
    notes      TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    PRIMARY KEY (form, unit_id, year)
) STRICT;
-- Rows of submission and decision are written once and never changed.
CREATE TABLE reporting_submission (
    id           TEXT NOT NULL PRIMARY KEY,
    form         TEXT NOT NULL,
    form_version INTEGER NOT NULL,
    unit_id      TEXT NOT NULL REFERENCES org_unit (id),
    year         INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    cells        BLOB NOT NULL,
    notes        TEXT NOT NULL,
    on_time      INTEGER NOT NULL,
    submitted_at INTEGER NOT NULL,
    submitted_by TEXT NOT NULL,
    UNIQUE (form, year, unit_id, revision)
) STRICT;
-- pin numbers the acceptances of a form and year 1, 2, 3 …; 0 for a return.
CREATE TABLE reporting_decision (
    submission_id TEXT NOT NULL PRIMARY KEY REFERENCES reporting_submission (id),
    form          TEXT NOT NULL,
    year          INTEGER NOT NULL,
    accepted      INTEGER NOT NULL,
    pin           INTEGER NOT NULL,
    reasons       TEXT NOT NULL,
    decided_at    INTEGER NOT NULL,
    decided_by    TEXT NOT NULL
) STRICT;
CREATE INDEX reporting_decision_pin ON reporting_decision (form, year, pin);
CREATE TABLE reporting_pin (
    form TEXT NOT NULL,
    year INTEGER NOT NULL,
    pin  INTEGER NOT NULL,
    PRIMARY KEY (form, year)
) STRICT;
