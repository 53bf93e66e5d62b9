-- +goose Up

-- Whose queue a request to open a name lies in, and which lists were to blame.
-- What a child asks for about bodies and about wanting to die is the
-- department's, and the school never sees it: those that wait move over.
ALTER TABLE schools_request ADD COLUMN desk TEXT NOT NULL DEFAULT 'school'; -- school, province
ALTER TABLE schools_request ADD COLUMN passed INTEGER NOT NULL DEFAULT 0; -- when the school passed it on; 0: it did not
ALTER TABLE schools_request ADD COLUMN blame TEXT NOT NULL DEFAULT '[]'; -- JSON, names of lists
UPDATE schools_request SET desk = 'province' WHERE category IN ('adult', 'self_harm') AND state = 'open';
CREATE INDEX schools_request_desk ON schools_request (desk, state, created);

-- What the province decides about a single name for all schools: open it, take
-- it off a list, put it on the list of names that nothing refuses, or take it
-- off that one.
CREATE TABLE schools_ruling (
    id          TEXT NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL, -- open, off-list, never, not-never
    domain      TEXT NOT NULL,
    list        TEXT NOT NULL, -- id, of off-list
    bands       INTEGER NOT NULL,
    sources     TEXT NOT NULL, -- JSON, codes that an opening takes back
    reason      TEXT NOT NULL, -- a sentence
    basis       TEXT NOT NULL,
    until       INTEGER NOT NULL, -- 0: no end
    state       TEXT NOT NULL, -- proposed, active, dropped
    proposed_by TEXT NOT NULL,
    second_by   TEXT NOT NULL,
    ended_by    TEXT NOT NULL,
    ended       INTEGER NOT NULL,
    delta       INTEGER NOT NULL, -- the newest about it; 0: none
    created     INTEGER NOT NULL,
    decided     INTEGER NOT NULL -- when it came in force; 0: not yet
) STRICT;
CREATE INDEX schools_ruling_state ON schools_ruling (state, kind, created);
CREATE INDEX schools_ruling_domain ON schools_ruling (domain);

-- Who in a school is told, with care, of a rise in what asks for care.
CREATE TABLE schools_counsellor (
    school   TEXT NOT NULL PRIMARY KEY,
    person   TEXT NOT NULL,
    named_by TEXT NOT NULL,
    named    INTEGER NOT NULL
) STRICT;

CREATE TABLE schools_care_notice (
    school TEXT NOT NULL,
    week   INTEGER NOT NULL, -- its Monday
    person TEXT NOT NULL, -- who was told
    made   INTEGER NOT NULL,
    seen   INTEGER NOT NULL, -- 0: not yet
    PRIMARY KEY (school, week)
) STRICT;
CREATE INDEX schools_care_notice_person ON schools_care_notice (person, seen);
