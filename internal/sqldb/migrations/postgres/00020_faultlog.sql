-- +goose Up

-- A school that looks for a fault: its node keeps what became of questions
-- until an end, and shows it to who knows the word. At most one a school.
CREATE TABLE schools_fault_log (
    school    TEXT NOT NULL PRIMARY KEY REFERENCES schools_school (id),
    until     BIGINT NOT NULL,
    word_hash BYTEA NOT NULL, -- SHA-256 of the word that was shown once
    by_person TEXT NOT NULL,
    since     BIGINT NOT NULL
);
