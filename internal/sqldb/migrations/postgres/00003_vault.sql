-- +goose Up
-- A person's key pair. The private half is sealed under a key that Argon2id
-- makes of the unlock passphrase, with the parameters beside it.
CREATE TABLE vault_person (
    person     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL,
    public     BYTEA NOT NULL,
    sealed     BYTEA NOT NULL,
    salt       BYTEA NOT NULL,
    memory_kib BIGINT NOT NULL,
    passes     BIGINT NOT NULL,
    threads    BIGINT NOT NULL,
    made_at    BIGINT NOT NULL
);

-- The public halves of a unit's keys, one a version. The highest version is
-- what is sealed to; older ones only open.
CREATE TABLE vault_unit_key (
    unit    TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    public  BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (unit, version)
);

-- A unit's private key, sealed to one holder. kind: member (holder is a
-- person), stand_in (holder is a person of the stand-in unit; sealed is one
-- share of two), recovery (holder is "recovery"), later (holder is the next
-- version: sealed to that version's public half).
CREATE TABLE vault_unit_seal (
    unit    TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    kind    TEXT COLLATE "C" NOT NULL,
    holder  TEXT COLLATE "C" NOT NULL,
    sealed  BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (unit, version, kind, holder)
);
CREATE INDEX vault_unit_seal_holder ON vault_unit_seal (holder, kind);

-- Who waits for a unit's key to be sealed to him.
CREATE TABLE vault_waiting (
    unit   TEXT COLLATE "C" NOT NULL,
    person TEXT COLLATE "C" NOT NULL,
    since  BIGINT NOT NULL,
    PRIMARY KEY (unit, person)
);

-- Shares that members of the stand-in unit have sealed on to a person who
-- lost the way in. Two of different helpers open the unit's key.
CREATE TABLE vault_help (
    unit    TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    target  TEXT COLLATE "C" NOT NULL,
    helper  TEXT COLLATE "C" NOT NULL,
    sealed  BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (unit, version, target, helper)
);

-- The offline recovery key: its public half, keyed hashes of the three
-- printed shares, and when one was typed back.
CREATE TABLE vault_recovery (
    version      BIGINT NOT NULL PRIMARY KEY,
    public       BYTEA NOT NULL,
    share_hashes TEXT COLLATE "C" NOT NULL,
    made_at      BIGINT NOT NULL,
    confirmed_at BIGINT
);

-- The data key of one field group of a case, sealed to one holder. kind:
-- unit (holder is a unit, holder_version its key's) or reporter.
CREATE TABLE vault_case_key (
    case_id        TEXT COLLATE "C" NOT NULL,
    field_group    TEXT COLLATE "C" NOT NULL,
    version        BIGINT NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL,
    holder         TEXT COLLATE "C" NOT NULL,
    holder_version BIGINT NOT NULL,
    sealed         BYTEA NOT NULL,
    made_at        BIGINT NOT NULL,
    PRIMARY KEY (case_id, field_group, version, kind, holder)
);
CREATE INDEX vault_case_key_holder ON vault_case_key (holder, holder_version);
