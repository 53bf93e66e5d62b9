-- +goose Up

CREATE TABLE detection_counter (
    name  TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

-- A bank: signals that mean the same when they are met.
CREATE TABLE detection_bank (
    name      TEXT NOT NULL PRIMARY KEY, -- A-Z 0-9 _, as HMA has them
    title     TEXT NOT NULL,
    label     TEXT NOT NULL,
    severity  INTEGER NOT NULL, -- 1 to 4
    permille  INTEGER NOT NULL, -- how many of a thousand contents are matched; HMA's enabled ratio
    made      INTEGER NOT NULL,
    by_person TEXT NOT NULL,
    dropped   INTEGER NOT NULL
) STRICT;

-- What a bank holds: one thing, with one or more signals.
CREATE TABLE detection_content (
    id             INTEGER NOT NULL PRIMARY KEY,
    bank           TEXT NOT NULL REFERENCES detection_bank (name),
    changed        INTEGER NOT NULL, -- counter of changes: who knows of n asks for what is above n
    gone           INTEGER NOT NULL, -- when it was taken out; 0: it is there
    disabled_until INTEGER NOT NULL, -- microseconds; 0: matched
    uri            BLOB NOT NULL,    -- where it was, boxed
    note           TEXT NOT NULL,
    meta           TEXT NOT NULL,    -- JSON
    exchange       TEXT NOT NULL,    -- whence it came; '' for our own
    foreign_id     TEXT NOT NULL,    -- and its id there
    category       TEXT NOT NULL,    -- the source's own word
    expires        INTEGER NOT NULL, -- 0: never
    by_person      TEXT NOT NULL,
    made           INTEGER NOT NULL
) STRICT;
CREATE INDEX detection_content_changed ON detection_content (changed);
CREATE INDEX detection_content_bank ON detection_content (bank, id);
CREATE INDEX detection_content_foreign ON detection_content (exchange, foreign_id);

CREATE TABLE detection_signal (
    content INTEGER NOT NULL REFERENCES detection_content (id),
    type    TEXT NOT NULL, -- pdq, md5, sha1, sha256, url, domain
    value   TEXT NOT NULL,
    PRIMARY KEY (content, type, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX detection_signal_value ON detection_signal (type, value);

-- Where is looked. Addresses are boxed under the hub's own key: the hub looks
-- at night, without anybody's session.
CREATE TABLE detection_source (
    id           TEXT NOT NULL PRIMARY KEY,
    unit         TEXT NOT NULL,
    kind         TEXT NOT NULL, -- page, feed, sitemap, channel, links
    title        TEXT NOT NULL,
    address      BLOB NOT NULL,
    address_hash TEXT NOT NULL UNIQUE,
    every        INTEGER NOT NULL, -- minutes; 0: only when asked
    depth        INTEGER NOT NULL,
    pages        INTEGER NOT NULL, -- at most so many a scan
    next_at      INTEGER NOT NULL,
    state        TEXT NOT NULL, -- active, paused, dropped
    made         INTEGER NOT NULL,
    by_person    TEXT NOT NULL
) STRICT;
CREATE INDEX detection_source_next ON detection_source (state, next_at);

CREATE TABLE detection_scan (
    id       TEXT NOT NULL PRIMARY KEY,
    source   TEXT NOT NULL REFERENCES detection_source (id),
    started  INTEGER NOT NULL,
    ended    INTEGER NOT NULL,
    state    TEXT NOT NULL, -- running, done, failed
    pages    INTEGER NOT NULL,
    items    INTEGER NOT NULL,
    report   TEXT NOT NULL, -- boxed, base64: counts by reason, some addresses as examples; '' before the end
    frontier BLOB NOT NULL,  -- boxed: where it goes on after a stop
    lease    INTEGER NOT NULL   -- a hub is at it until then
) STRICT;
CREATE INDEX detection_scan_source ON detection_scan (source, started);

-- What is known of pages, so that a second look is cheap.
CREATE TABLE detection_page (
    address_hash TEXT NOT NULL PRIMARY KEY,
    source       TEXT NOT NULL,
    etag         TEXT NOT NULL,
    modified     TEXT NOT NULL,
    digest       TEXT NOT NULL, -- SHA-256 of its bytes
    near         TEXT NOT NULL, -- of its text, in hex
    checked      INTEGER NOT NULL
) STRICT;
CREATE INDEX detection_page_source ON detection_page (source);

-- What was found and waits for a person.
CREATE TABLE detection_item (
    id             TEXT NOT NULL PRIMARY KEY,
    number         INTEGER NOT NULL UNIQUE,
    unit           TEXT NOT NULL,
    source         TEXT NOT NULL,
    scan           TEXT NOT NULL,
    kind           TEXT NOT NULL, -- page, picture, film, lookalike
    found          INTEGER NOT NULL,
    last_seen      INTEGER NOT NULL,
    seen           INTEGER NOT NULL, -- how often it was met
    tier           INTEGER NOT NULL, -- 0 emergency to 3 low
    label          TEXT NOT NULL,
    severity       INTEGER NOT NULL,
    state          TEXT NOT NULL, -- waiting, second, decided
    address        BLOB NOT NULL, -- boxed: it is looked at again
    address_hash   TEXT NOT NULL,
    host_hash      TEXT NOT NULL,
    text_hash      TEXT NOT NULL,
    picture_hash   TEXT NOT NULL,
    features       TEXT NOT NULL, -- JSON without a word of the text
    reasons        TEXT NOT NULL, -- JSON
    pictures       TEXT NOT NULL, -- JSON: measures and digests of each
    spoken         INTEGER NOT NULL, -- 1: a child's words
    capture_size   INTEGER NOT NULL,
    capture_sha256 TEXT NOT NULL,
    reviewer       TEXT NOT NULL, -- who has it now
    held_until     INTEGER NOT NULL,
    verdict        TEXT NOT NULL,
    verdict_label  TEXT NOT NULL,
    why            TEXT NOT NULL,
    decided_by     TEXT NOT NULL,
    decided        INTEGER NOT NULL,
    second_by      TEXT NOT NULL,
    case_id        TEXT NOT NULL,
    watch          TEXT NOT NULL, -- '', there, changed, gone, moved, back
    watch_next     INTEGER NOT NULL,
    watch_checked  INTEGER NOT NULL,
    gone_at        INTEGER NOT NULL,
    version        INTEGER NOT NULL
) STRICT;
CREATE INDEX detection_item_queue ON detection_item (unit, state, tier, found);
CREATE INDEX detection_item_address ON detection_item (address_hash);
CREATE INDEX detection_item_host ON detection_item (host_hash, state);
CREATE INDEX detection_item_text ON detection_item (text_hash, state);
CREATE INDEX detection_item_picture ON detection_item (picture_hash, state);
CREATE INDEX detection_item_decided ON detection_item (decided);
CREATE INDEX detection_item_found ON detection_item (found);
CREATE INDEX detection_item_watch ON detection_item (watch_next);

CREATE TABLE detection_sealed (
    object TEXT NOT NULL,
    part   TEXT NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (object, part)
) STRICT;

CREATE TABLE detection_note (
    id        TEXT NOT NULL PRIMARY KEY,
    item      TEXT NOT NULL REFERENCES detection_item (id),
    by_person TEXT NOT NULL,
    made      INTEGER NOT NULL
) STRICT;
CREATE INDEX detection_note_item ON detection_note (item);

CREATE TABLE detection_star (
    item   TEXT NOT NULL REFERENCES detection_item (id),
    person TEXT NOT NULL,
    PRIMARY KEY (item, person)
) STRICT;

CREATE TABLE detection_skip (
    item   TEXT NOT NULL REFERENCES detection_item (id),
    person TEXT NOT NULL,
    reason TEXT NOT NULL,
    made   INTEGER NOT NULL,
    PRIMARY KEY (item, person)
) STRICT;

-- What a person has had to see today. Only the person reads it.
CREATE TABLE detection_exposure (
    person TEXT NOT NULL,
    day    TEXT NOT NULL,
    kind   TEXT NOT NULL, -- picture, sound, words
    units  INTEGER NOT NULL,
    PRIMARY KEY (person, day, kind)
) STRICT;

-- What a person has opened of an item: a second look costs nothing more.
CREATE TABLE detection_opened (
    item   TEXT NOT NULL REFERENCES detection_item (id),
    part   TEXT NOT NULL,
    person TEXT NOT NULL,
    made   INTEGER NOT NULL,
    PRIMARY KEY (item, part, person)
) STRICT;

CREATE TABLE detection_reviewer (
    person     TEXT NOT NULL PRIMARY KEY,
    blur       INTEGER NOT NULL,
    grey       INTEGER NOT NULL,
    mute       INTEGER NOT NULL,
    small      INTEGER NOT NULL,
    away       INTEGER NOT NULL, -- 1: takes nothing, without a reason asked
    rest_until INTEGER NOT NULL
) STRICT;

-- What a verdict of the worst wishes besides, until a second person has spoken.
CREATE TABLE detection_proposal (
    item   TEXT NOT NULL PRIMARY KEY REFERENCES detection_item (id),
    wishes TEXT NOT NULL
) STRICT;
