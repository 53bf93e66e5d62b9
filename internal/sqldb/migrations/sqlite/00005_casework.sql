-- +goose Up
-- Everything a person wrote is sealed elsewhere (vault_*) or in the columns
-- named sealed; here stand enumerations, scores, keyed hashes, counts, times.
CREATE TABLE casework_number (
    year INTEGER NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;
CREATE TABLE casework_case (
    id          TEXT NOT NULL PRIMARY KEY,
    code        TEXT NOT NULL UNIQUE,
    received_at INTEGER NOT NULL,
    state       TEXT NOT NULL,
    owner_unit  TEXT NOT NULL,
    handler     TEXT NOT NULL,
    urgent      INTEGER NOT NULL,
    urgent_at   INTEGER NOT NULL,
    score       INTEGER NOT NULL,
    tier        TEXT NOT NULL,
    floor       TEXT NOT NULL,
    rank_due    INTEGER NOT NULL,
    soon_at     INTEGER NOT NULL,
    harms       TEXT NOT NULL,
    mediums     TEXT NOT NULL,
    ages        INTEGER NOT NULL,
    relation    TEXT NOT NULL,
    channel     TEXT NOT NULL,
    place       TEXT NOT NULL,
    contact     TEXT NOT NULL,
    reports     INTEGER NOT NULL,
    first_look  INTEGER NOT NULL,
    outcome     TEXT NOT NULL,
    closed_at   INTEGER NOT NULL,
    merged_into TEXT NOT NULL,
    version     INTEGER NOT NULL
) STRICT;
CREATE INDEX casework_case_received ON casework_case (received_at);
CREATE TABLE casework_access (
    case_id     TEXT NOT NULL REFERENCES casework_case (id),
    unit_id     TEXT NOT NULL,
    mode        TEXT NOT NULL,
    groups      TEXT NOT NULL,
    open        INTEGER NOT NULL,
    rank        INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (case_id, unit_id)
) STRICT;
CREATE INDEX casework_access_queue ON casework_access (unit_id, open, rank, due, received_at, case_id);
CREATE TABLE casework_exclusion (
    case_id TEXT NOT NULL REFERENCES casework_case (id),
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    why     TEXT NOT NULL,
    at      INTEGER NOT NULL,
    by_whom TEXT NOT NULL,
    PRIMARY KEY (case_id, kind, subject)
) STRICT;
CREATE TABLE casework_report (
    id            TEXT NOT NULL PRIMARY KEY,
    case_id       TEXT NOT NULL REFERENCES casework_case (id),
    receipt_hash  TEXT NOT NULL UNIQUE,
    reporter_key  TEXT NOT NULL,
    reporter_id   TEXT NOT NULL,
    received_at   INTEGER NOT NULL,
    channel       TEXT NOT NULL,
    reporter      TEXT NOT NULL,
    harms         TEXT NOT NULL,
    mediums       TEXT NOT NULL,
    age           TEXT NOT NULL,
    relation      TEXT NOT NULL,
    danger        TEXT NOT NULL,
    still_with    TEXT NOT NULL,
    contact       TEXT NOT NULL,
    lang          TEXT NOT NULL,
    entry         TEXT NOT NULL,
    asked         INTEGER NOT NULL,
    outcome       TEXT NOT NULL,
    groups        TEXT NOT NULL
) STRICT;
CREATE INDEX casework_report_case ON casework_report (case_id, received_at);
CREATE INDEX casework_report_received ON casework_report (received_at);
CREATE TABLE casework_hash (
    report_id TEXT NOT NULL REFERENCES casework_report (id),
    case_id   TEXT NOT NULL,
    kind      TEXT NOT NULL,
    hash      TEXT NOT NULL,
    expired   INTEGER NOT NULL,
    PRIMARY KEY (report_id, kind, hash)
) STRICT;
CREATE INDEX casework_hash_hash ON casework_hash (hash, kind);
CREATE INDEX casework_hash_case ON casework_hash (case_id);
CREATE TABLE casework_link (
    case_id  TEXT NOT NULL REFERENCES casework_case (id),
    other_id TEXT NOT NULL REFERENCES casework_case (id),
    kind     TEXT NOT NULL,
    state    TEXT NOT NULL,
    at       INTEGER NOT NULL,
    by_whom  TEXT NOT NULL,
    PRIMARY KEY (case_id, other_id)
) STRICT;
CREATE INDEX casework_link_other ON casework_link (other_id);
CREATE TABLE casework_score (
    id      TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES casework_case (id),
    at      INTEGER NOT NULL,
    by_whom TEXT NOT NULL,
    second  TEXT NOT NULL,
    points  INTEGER NOT NULL,
    score   TEXT NOT NULL
) STRICT;
CREATE INDEX casework_score_case ON casework_score (case_id, at);
CREATE TABLE casework_track (
    case_id    TEXT NOT NULL REFERENCES casework_case (id),
    track      TEXT NOT NULL,
    opened_at  INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    end_code   TEXT NOT NULL,
    number     TEXT NOT NULL,
    unit_id    TEXT NOT NULL,
    registered INTEGER NOT NULL,
    PRIMARY KEY (case_id, track)
) STRICT;
CREATE TABLE casework_clock (
    id      TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES casework_case (id),
    track   TEXT NOT NULL,
    code    TEXT NOT NULL,
    version TEXT NOT NULL,
    basis   TEXT NOT NULL,
    legal   INTEGER NOT NULL,
    urgent  INTEGER NOT NULL,
    started INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    paused  INTEGER NOT NULL,
    met     INTEGER NOT NULL,
    notes   TEXT NOT NULL
) STRICT;
CREATE INDEX casework_clock_case ON casework_clock (case_id, started);
CREATE TABLE casework_event (
    id      TEXT NOT NULL PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES casework_case (id),
    at      INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    actor   TEXT NOT NULL,
    unit_id TEXT NOT NULL,
    details TEXT NOT NULL,
    note    INTEGER NOT NULL
) STRICT;
CREATE INDEX casework_event_case ON casework_event (case_id, at);
CREATE TABLE casework_message (
    id        TEXT NOT NULL PRIMARY KEY,
    case_id   TEXT NOT NULL REFERENCES casework_case (id),
    report_id TEXT NOT NULL REFERENCES casework_report (id),
    at        INTEGER NOT NULL,
    mine      INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    seen_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX casework_message_report ON casework_message (report_id, at);
CREATE INDEX casework_message_case ON casework_message (case_id, at);
CREATE TABLE casework_decision (
    id        TEXT NOT NULL PRIMARY KEY,
    case_id   TEXT NOT NULL REFERENCES casework_case (id),
    kind      TEXT NOT NULL,
    domain    TEXT NOT NULL,
    category  TEXT NOT NULL,
    block     TEXT NOT NULL,
    basis     TEXT NOT NULL,
    authority TEXT NOT NULL,
    number    TEXT NOT NULL,
    dated     TEXT NOT NULL,
    until     INTEGER NOT NULL,
    by_whom   TEXT NOT NULL,
    second    TEXT NOT NULL,
    at        INTEGER NOT NULL,
    lifted_at INTEGER NOT NULL,
    lifted_by TEXT NOT NULL,
    lift_why  TEXT NOT NULL
) STRICT;
CREATE INDEX casework_decision_case ON casework_decision (case_id, at);
CREATE TABLE casework_proposal (
    id         TEXT NOT NULL PRIMARY KEY,
    case_id    TEXT NOT NULL REFERENCES casework_case (id),
    kind       TEXT NOT NULL,
    payload    TEXT NOT NULL,
    state      TEXT NOT NULL,
    by_whom    TEXT NOT NULL,
    at         INTEGER NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL
) STRICT;
CREATE INDEX casework_proposal_case ON casework_proposal (case_id, at);
CREATE TABLE casework_referral (
    id          TEXT NOT NULL PRIMARY KEY,
    case_id     TEXT NOT NULL REFERENCES casework_case (id),
    kind        TEXT NOT NULL,
    from_unit   TEXT NOT NULL,
    to_unit     TEXT NOT NULL,
    groups      TEXT NOT NULL,
    consent     TEXT NOT NULL,
    basis       TEXT NOT NULL,
    state       TEXT NOT NULL,
    offered_at  INTEGER NOT NULL,
    offered_by  TEXT NOT NULL,
    due         INTEGER NOT NULL,
    answered_at INTEGER NOT NULL,
    answered_by TEXT NOT NULL,
    reason      TEXT NOT NULL,
    alerted_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX casework_referral_case ON casework_referral (case_id, offered_at);
CREATE INDEX casework_referral_state ON casework_referral (state, due);
CREATE TABLE casework_shift (
    id           TEXT NOT NULL PRIMARY KEY,
    unit_id      TEXT NOT NULL,
    person       TEXT NOT NULL,
    stand_in     TEXT NOT NULL,
    starts       INTEGER NOT NULL,
    ends         INTEGER NOT NULL,
    phone_sealed TEXT NOT NULL
) STRICT;
CREATE INDEX casework_shift_ends ON casework_shift (ends, starts);
CREATE TABLE casework_ring (
    id       TEXT NOT NULL PRIMARY KEY,
    case_id  TEXT NOT NULL REFERENCES casework_case (id),
    unit_id  TEXT NOT NULL,
    person   TEXT NOT NULL,
    stand_in TEXT NOT NULL,
    opened   INTEGER NOT NULL,
    step     TEXT NOT NULL,
    taken_by TEXT NOT NULL,
    taken_at INTEGER NOT NULL
) STRICT;
CREATE INDEX casework_ring_step ON casework_ring (step, opened);
-- What a person wrote, sealed: a group of a report, a message, a note. Its
-- data key is in vault_case_key under the same object.
CREATE TABLE casework_sealed (
    object      TEXT NOT NULL,
    field_group TEXT NOT NULL,
    body        BLOB NOT NULL,
    PRIMARY KEY (object, field_group)
) STRICT;
