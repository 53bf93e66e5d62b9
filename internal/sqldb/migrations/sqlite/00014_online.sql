-- +goose Up
-- Room schools: lessons online (clause 3). No table here has a pupil's name.
CREATE TABLE schools_online_use (
    id       TEXT NOT NULL PRIMARY KEY,
    school   TEXT NOT NULL REFERENCES schools_school (id),
    platform TEXT NOT NULL, -- code of the register
    name     TEXT NOT NULL, -- of one that the register does not name; '' otherwise
    since    INTEGER NOT NULL,
    ended    INTEGER NOT NULL -- 0: in use
) STRICT;
CREATE INDEX schools_online_use_school ON schools_online_use (school);

CREATE TABLE schools_online_class (
    id      TEXT NOT NULL PRIMARY KEY,
    school  TEXT NOT NULL REFERENCES schools_school (id),
    title   TEXT NOT NULL,
    grade   INTEGER NOT NULL, -- 1 to 12; 0: several
    uses    TEXT NOT NULL REFERENCES schools_online_use (id),
    pupils  INTEGER NOT NULL, -- -1: not said
    first   TEXT NOT NULL, -- 2026-09-05
    last    TEXT NOT NULL, -- its last day
    keeper  TEXT NOT NULL, -- the account that keeps it
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX schools_online_class_school ON schools_online_class (school);

-- Each filling of a checklist stays: the newest of a subject counts.
CREATE TABLE schools_online_check (
    id        TEXT NOT NULL PRIMARY KEY,
    school    TEXT NOT NULL REFERENCES schools_school (id),
    kind      TEXT NOT NULL, -- class, platform
    subject   TEXT NOT NULL, -- id of the class or of the use
    answers   TEXT NOT NULL, -- JSON: item to yes, no, none
    gaps      INTEGER NOT NULL, -- answers that are no
    by_person TEXT NOT NULL,
    at        INTEGER NOT NULL,
    due       INTEGER NOT NULL -- when it must be answered again
) STRICT;
CREATE INDEX schools_online_check_school ON schools_online_check (school, at);

CREATE TABLE schools_online_ack (
    guidance TEXT NOT NULL,
    version  INTEGER NOT NULL,
    person   TEXT NOT NULL,
    school   TEXT NOT NULL REFERENCES schools_school (id),
    at       INTEGER NOT NULL,
    PRIMARY KEY (guidance, version, person)
) STRICT;
CREATE INDEX schools_online_ack_school ON schools_online_ack (school);

-- What a school says of itself, with its day; the newest of a kind counts.
CREATE TABLE schools_online_stated (
    id        TEXT NOT NULL PRIMARY KEY,
    school    TEXT NOT NULL REFERENCES schools_school (id),
    what      TEXT NOT NULL, -- rule, staff, skills, guidance
    ref       TEXT NOT NULL, -- number of the rule, school year, guidance/version
    day       TEXT NOT NULL,
    value     INTEGER NOT NULL,
    total     INTEGER NOT NULL,
    by_person TEXT NOT NULL,
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX schools_online_stated_school ON schools_online_stated (school, at);

-- That something happened in a lesson. What happened stands in casework alone.
CREATE TABLE schools_online_incident (
    id     TEXT NOT NULL PRIMARY KEY,
    school TEXT NOT NULL REFERENCES schools_school (id),
    kind   TEXT NOT NULL,
    day    TEXT NOT NULL
) STRICT;
CREATE INDEX schools_online_incident_day ON schools_online_incident (day, school);

CREATE TABLE schools_online_model (
    id         TEXT NOT NULL PRIMARY KEY,
    title      TEXT NOT NULL,
    design     TEXT NOT NULL,
    evaluation TEXT NOT NULL,
    state      TEXT NOT NULL, -- draft, pilot, evaluated, spread, ended
    first      TEXT NOT NULL, -- of the pilot; '' before
    last       TEXT NOT NULL,
    by_person  TEXT NOT NULL,
    created    INTEGER NOT NULL,
    changed    INTEGER NOT NULL
) STRICT;

CREATE TABLE schools_online_criterion (
    model  TEXT NOT NULL REFERENCES schools_online_model (id),
    place  INTEGER NOT NULL,
    text   TEXT NOT NULL,
    result TEXT NOT NULL, -- '', met, unmet
    note   TEXT NOT NULL,
    PRIMARY KEY (model, place)
) STRICT;

CREATE TABLE schools_online_member (
    model  TEXT NOT NULL REFERENCES schools_online_model (id),
    school TEXT NOT NULL REFERENCES schools_school (id),
    part   TEXT NOT NULL, -- pilot, adopter
    since  TEXT NOT NULL,
    PRIMARY KEY (model, school)
) STRICT;
