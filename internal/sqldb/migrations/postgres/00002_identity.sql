-- +goose Up
-- Who may come in. Names and log-in names are personal: sealed under a key of
-- the hub's secrets, and found by a keyed hash.
CREATE TABLE identity_person (
    id           TEXT NOT NULL PRIMARY KEY,
    name_sealed  TEXT NOT NULL,
    login_hash   TEXT NOT NULL UNIQUE,
    login_sealed TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    disabled_at  BIGINT,
    failures     BIGINT NOT NULL,
    locked_until BIGINT NOT NULL
);

-- One row for each way to prove who one is: password, totp; others will be
-- new kinds. data_sealed is the kind's own; step is the last used TOTP step.
CREATE TABLE identity_credential (
    person_id   TEXT NOT NULL REFERENCES identity_person (id),
    kind        TEXT NOT NULL,
    data_sealed TEXT NOT NULL,
    step        BIGINT NOT NULL,
    confirmed   BOOLEAN NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (person_id, kind)
);

-- A person belongs to units with dates. roles is a JSON list.
CREATE TABLE identity_member (
    id         TEXT NOT NULL PRIMARY KEY,
    person_id  TEXT NOT NULL REFERENCES identity_person (id),
    unit_id    TEXT NOT NULL,
    roles      TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to   BIGINT
);
CREATE INDEX identity_member_by_person ON identity_member (person_id);
CREATE INDEX identity_member_by_unit ON identity_member (unit_id);

-- A session is named by the hash of the cookie's first half; its second half
-- is the secret under which wrapped_key is sealed and is never stored.
CREATE TABLE identity_session (
    id_hash     TEXT NOT NULL PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    person_id   TEXT NOT NULL REFERENCES identity_person (id),
    unit_id     TEXT NOT NULL,
    state       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    step_up_at  BIGINT NOT NULL,
    wrapped_key TEXT
);
CREATE INDEX identity_session_by_person ON identity_session (person_id);

-- One-time links: of the first administrator (person_id NULL) and of cards
-- that are handed to new people.
CREATE TABLE identity_invite (
    token_hash TEXT NOT NULL PRIMARY KEY,
    person_id  TEXT REFERENCES identity_person (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT
);

-- Wrong passwords, by the keyed hash of the name that was typed, whether or
-- not somebody has it: an answer must not tell who has an account.
CREATE TABLE identity_throttle (
    login_hash   TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures     BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL
);
