-- +goose Up
-- A person's key pair. The private half is sealed under a key that Argon2id
-- makes of the unlock passphrase, with the parameters beside it.
CREATE TABLE vault_person (
    person     TEXT NOT NULL PRIMARY KEY,
    version    INTEGER NOT NULL,
    public     BLOB NOT NULL,
    sealed     BLOB NOT NULL,
    salt       BLOB NOT NULL,
    memory_kib INTEGER NOT NULL,
    passes     INTEGER NOT NULL,
    threads    INTEGER NOT NULL,
    made_at    INTEGER NOT NULL
) STRICT;

-- The public halves of a unit's keys, one a version. The highest version is
-- what is sealed to; older ones only open.
CREATE TABLE vault_unit_key (
    unit    TEXT NOT NULL,
    version INTEGER NOT NULL,
    public  BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (unit, version)
) STRICT;

-- A unit's private key, sealed to one holder. kind: member (holder is a
-- person), stand_in (holder is a person of the stand-in unit; sealed is one
-- share of two), recovery (holder is "recovery"), later (holder is the next
-- version: sealed to that version's public half).
CREATE TABLE vault_unit_seal (
    unit    TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind    TEXT NOT NULL,
    holder  TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (unit, version, kind, holder)
) STRICT;
CREATE INDEX vault_unit_seal_holder ON vault_unit_seal (holder, kind);

-- Who waits for a unit's key to be sealed to him.
CREATE TABLE vault_waiting (
    unit   TEXT NOT NULL,
    person TEXT NOT NULL,
    since  INTEGER NOT NULL,
    PRIMARY KEY (unit, person)
) STRICT;

-- Shares that members of the stand-in unit have sealed on to a person who
-- lost the way in. Two of different helpers open the unit's key.
CREATE TABLE vault_help (
    unit    TEXT NOT NULL,
    version INTEGER NOT NULL,
    target  TEXT NOT NULL,
    helper  TEXT NOT NULL,
    sealed  BLOB NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (unit, version, target, helper)
) STRICT;

-- The offline recovery key: its public half, keyed hashes of the three
-- printed shares, and when one was typed back.
CREATE TABLE vault_recovery (
    version      INTEGER NOT NULL PRIMARY KEY,
    public       BLOB NOT NULL,
    share_hashes TEXT NOT NULL,
    made_at      INTEGER NOT NULL,
    confirmed_at INTEGER
) STRICT;

-- The data key of one field group of a case, sealed to one holder. kind:
-- unit (holder is a unit, holder_version its key's) or reporter.
CREATE TABLE vault_case_key (
    case_id        TEXT NOT NULL,
    field_group    TEXT NOT NULL,
    version        INTEGER NOT NULL,
    kind           TEXT NOT NULL,
    holder         TEXT NOT NULL,
    holder_version INTEGER NOT NULL,
    sealed         BLOB NOT NULL,
    made_at        INTEGER NOT NULL,
    PRIMARY KEY (case_id, field_group, version, kind, holder)
) STRICT;
CREATE INDEX vault_case_key_holder ON vault_case_key (holder, holder_version);
