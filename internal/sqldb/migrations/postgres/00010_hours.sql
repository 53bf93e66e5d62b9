-- +goose Up
-- Room schools: a school's hours, the devices that name themselves, and where
-- its policy differs from the one that all schools share.
ALTER TABLE schools_network ADD COLUMN evening TEXT NOT NULL DEFAULT ''; -- band in the evening; '': the same

CREATE TABLE schools_slot (
    id       TEXT NOT NULL PRIMARY KEY,
    school   TEXT NOT NULL REFERENCES schools_school (id),
    place    BIGINT NOT NULL, -- in the list; a later slot lies over an earlier one
    days     BIGINT NOT NULL, -- bits, bundle.Slot
    from_min BIGINT NOT NULL, -- since midnight
    to_min   BIGINT NOT NULL,
    period   TEXT NOT NULL -- lesson, break, evening
);
CREATE INDEX schools_slot_school ON schools_slot (school, place);

CREATE TABLE schools_holiday (
    school TEXT NOT NULL REFERENCES schools_school (id),
    first  TEXT NOT NULL, -- 2026-09-02
    last   TEXT NOT NULL,
    PRIMARY KEY (school, first)
);

CREATE TABLE schools_device (
    id      TEXT NOT NULL PRIMARY KEY,
    school  TEXT NOT NULL REFERENCES schools_school (id),
    word    TEXT NOT NULL UNIQUE, -- by which the device names itself
    band    TEXT NOT NULL,
    evening TEXT NOT NULL, -- '': the same
    note    TEXT NOT NULL
);
CREATE INDEX schools_device_school ON schools_device (school);

CREATE TABLE schools_change (
    id      TEXT NOT NULL PRIMARY KEY,
    school  TEXT NOT NULL REFERENCES schools_school (id),
    band    TEXT NOT NULL,
    period  TEXT NOT NULL, -- any, lesson, break, evening, holiday
    code    TEXT NOT NULL, -- of a category or service
    block   BOOLEAN NOT NULL,
    created BIGINT NOT NULL,
    UNIQUE (school, band, period, code)
);
