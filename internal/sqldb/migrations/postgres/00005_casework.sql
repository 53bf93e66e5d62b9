-- +goose Up
-- Everything a person wrote is sealed elsewhere (vault_*) or in the columns
-- named sealed; here stand enumerations, scores, keyed hashes, counts, times.
CREATE TABLE casework_number (
    year BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);
CREATE TABLE casework_case (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    code        TEXT COLLATE "C" NOT NULL UNIQUE,
    received_at BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    owner_unit  TEXT COLLATE "C" NOT NULL,
    handler     TEXT COLLATE "C" NOT NULL,
    urgent      BOOLEAN NOT NULL,
    urgent_at   BIGINT NOT NULL,
    score       BIGINT NOT NULL,
    tier        TEXT COLLATE "C" NOT NULL,
    floor       TEXT COLLATE "C" NOT NULL,
    rank_due    BIGINT NOT NULL,
    soon_at     BIGINT NOT NULL,
    harms       TEXT COLLATE "C" NOT NULL,
    mediums     TEXT COLLATE "C" NOT NULL,
    ages        BIGINT NOT NULL,
    relation    TEXT COLLATE "C" NOT NULL,
    channel     TEXT COLLATE "C" NOT NULL,
    place       TEXT COLLATE "C" NOT NULL,
    contact     TEXT COLLATE "C" NOT NULL,
    reports     BIGINT NOT NULL,
    first_look  BIGINT NOT NULL,
    outcome     TEXT COLLATE "C" NOT NULL,
    closed_at   BIGINT NOT NULL,
    merged_into TEXT COLLATE "C" NOT NULL,
    version     BIGINT NOT NULL
);
CREATE INDEX casework_case_received ON casework_case (received_at);
CREATE TABLE casework_access (
    case_id     TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    unit_id     TEXT COLLATE "C" NOT NULL,
    mode        TEXT COLLATE "C" NOT NULL,
    groups      TEXT COLLATE "C" NOT NULL,
    open        BOOLEAN NOT NULL,
    rank        BIGINT NOT NULL,
    due         BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (case_id, unit_id)
);
CREATE INDEX casework_access_queue ON casework_access (unit_id, open, rank, due, received_at, case_id);
CREATE TABLE casework_exclusion (
    case_id TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    kind    TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    why     TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id, kind, subject)
);
CREATE TABLE casework_report (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id       TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    receipt_hash  TEXT COLLATE "C" NOT NULL UNIQUE,
    reporter_key  TEXT COLLATE "C" NOT NULL,
    reporter_id   TEXT COLLATE "C" NOT NULL,
    received_at   BIGINT NOT NULL,
    channel       TEXT COLLATE "C" NOT NULL,
    reporter      TEXT COLLATE "C" NOT NULL,
    harms         TEXT COLLATE "C" NOT NULL,
    mediums       TEXT COLLATE "C" NOT NULL,
    age           TEXT COLLATE "C" NOT NULL,
    relation      TEXT COLLATE "C" NOT NULL,
    danger        TEXT COLLATE "C" NOT NULL,
    still_with    TEXT COLLATE "C" NOT NULL,
    contact       TEXT COLLATE "C" NOT NULL,
    lang          TEXT COLLATE "C" NOT NULL,
    entry         TEXT COLLATE "C" NOT NULL,
    asked         BOOLEAN NOT NULL,
    outcome       TEXT COLLATE "C" NOT NULL,
    groups        TEXT COLLATE "C" NOT NULL
);
CREATE INDEX casework_report_case ON casework_report (case_id, received_at);
CREATE INDEX casework_report_received ON casework_report (received_at);
CREATE TABLE casework_hash (
    report_id TEXT COLLATE "C" NOT NULL REFERENCES casework_report (id),
    case_id   TEXT COLLATE "C" NOT NULL,
    kind      TEXT COLLATE "C" NOT NULL,
    hash      TEXT COLLATE "C" NOT NULL,
    expired   BOOLEAN NOT NULL,
    PRIMARY KEY (report_id, kind, hash)
);
CREATE INDEX casework_hash_hash ON casework_hash (hash, kind);
CREATE INDEX casework_hash_case ON casework_hash (case_id);
CREATE TABLE casework_link (
    case_id  TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    other_id TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    kind     TEXT COLLATE "C" NOT NULL,
    state    TEXT COLLATE "C" NOT NULL,
    at       BIGINT NOT NULL,
    by_whom  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id, other_id)
);
CREATE INDEX casework_link_other ON casework_link (other_id);
CREATE TABLE casework_score (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    at      BIGINT NOT NULL,
    by_whom TEXT COLLATE "C" NOT NULL,
    second  TEXT COLLATE "C" NOT NULL,
    points  BIGINT NOT NULL,
    score   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX casework_score_case ON casework_score (case_id, at);
CREATE TABLE casework_track (
    case_id    TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    track      TEXT COLLATE "C" NOT NULL,
    opened_at  BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    end_code   TEXT COLLATE "C" NOT NULL,
    number     TEXT COLLATE "C" NOT NULL,
    unit_id    TEXT COLLATE "C" NOT NULL,
    registered BIGINT NOT NULL,
    PRIMARY KEY (case_id, track)
);
CREATE TABLE casework_clock (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    track   TEXT COLLATE "C" NOT NULL,
    code    TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    basis   TEXT COLLATE "C" NOT NULL,
    legal   BOOLEAN NOT NULL,
    urgent  BOOLEAN NOT NULL,
    started BIGINT NOT NULL,
    due     BIGINT NOT NULL,
    paused  BIGINT NOT NULL,
    met     BIGINT NOT NULL,
    notes   TEXT COLLATE "C" NOT NULL
);
CREATE INDEX casework_clock_case ON casework_clock (case_id, started);
CREATE TABLE casework_event (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    at      BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    actor   TEXT COLLATE "C" NOT NULL,
    unit_id TEXT COLLATE "C" NOT NULL,
    details TEXT COLLATE "C" NOT NULL,
    note    BOOLEAN NOT NULL
);
CREATE INDEX casework_event_case ON casework_event (case_id, at);
CREATE TABLE casework_message (
    id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id   TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    report_id TEXT COLLATE "C" NOT NULL REFERENCES casework_report (id),
    at        BIGINT NOT NULL,
    mine      BOOLEAN NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    seen_at   BIGINT NOT NULL
);
CREATE INDEX casework_message_report ON casework_message (report_id, at);
CREATE INDEX casework_message_case ON casework_message (case_id, at);
CREATE TABLE casework_decision (
    id        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id   TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    kind      TEXT COLLATE "C" NOT NULL,
    domain    TEXT COLLATE "C" NOT NULL,
    category  TEXT COLLATE "C" NOT NULL,
    block     TEXT COLLATE "C" NOT NULL,
    basis     TEXT COLLATE "C" NOT NULL,
    authority TEXT COLLATE "C" NOT NULL,
    number    TEXT COLLATE "C" NOT NULL,
    dated     TEXT COLLATE "C" NOT NULL,
    until     BIGINT NOT NULL,
    by_whom   TEXT COLLATE "C" NOT NULL,
    second    TEXT COLLATE "C" NOT NULL,
    at        BIGINT NOT NULL,
    lifted_at BIGINT NOT NULL,
    lifted_by TEXT COLLATE "C" NOT NULL,
    lift_why  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX casework_decision_case ON casework_decision (case_id, at);
CREATE TABLE casework_proposal (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id    TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    kind       TEXT COLLATE "C" NOT NULL,
    payload    TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL,
    by_whom    TEXT COLLATE "C" NOT NULL,
    at         BIGINT NOT NULL,
    decided_by TEXT COLLATE "C" NOT NULL,
    decided_at BIGINT NOT NULL
);
CREATE INDEX casework_proposal_case ON casework_proposal (case_id, at);
CREATE TABLE casework_referral (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id     TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    kind        TEXT COLLATE "C" NOT NULL,
    from_unit   TEXT COLLATE "C" NOT NULL,
    to_unit     TEXT COLLATE "C" NOT NULL,
    groups      TEXT COLLATE "C" NOT NULL,
    consent     TEXT COLLATE "C" NOT NULL,
    basis       TEXT COLLATE "C" NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    offered_at  BIGINT NOT NULL,
    offered_by  TEXT COLLATE "C" NOT NULL,
    due         BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    answered_by TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    alerted_at  BIGINT NOT NULL
);
CREATE INDEX casework_referral_case ON casework_referral (case_id, offered_at);
CREATE INDEX casework_referral_state ON casework_referral (state, due);
CREATE TABLE casework_shift (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    unit_id      TEXT COLLATE "C" NOT NULL,
    person       TEXT COLLATE "C" NOT NULL,
    stand_in     TEXT COLLATE "C" NOT NULL,
    starts       BIGINT NOT NULL,
    ends         BIGINT NOT NULL,
    phone_sealed TEXT COLLATE "C" NOT NULL
);
CREATE INDEX casework_shift_ends ON casework_shift (ends, starts);
CREATE TABLE casework_ring (
    id       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    case_id  TEXT COLLATE "C" NOT NULL REFERENCES casework_case (id),
    unit_id  TEXT COLLATE "C" NOT NULL,
    person   TEXT COLLATE "C" NOT NULL,
    stand_in TEXT COLLATE "C" NOT NULL,
    opened   BIGINT NOT NULL,
    step     TEXT COLLATE "C" NOT NULL,
    taken_by TEXT COLLATE "C" NOT NULL,
    taken_at BIGINT NOT NULL
);
CREATE INDEX casework_ring_step ON casework_ring (step, opened);
-- What a person wrote, sealed: a group of a report, a message, a note. Its
-- data key is in vault_case_key under the same object.
CREATE TABLE casework_sealed (
    object      TEXT COLLATE "C" NOT NULL,
    field_group TEXT COLLATE "C" NOT NULL,
    body        BYTEA NOT NULL,
    PRIMARY KEY (object, field_group)
);
