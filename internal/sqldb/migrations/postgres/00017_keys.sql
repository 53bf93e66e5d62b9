-- +goose Up

-- The lists of keys that sign bundles, deltas and side files. A list is signed
-- by a key of the one before, so that nodes follow from one to the next.
CREATE TABLE schools_key_list (
    number BIGINT NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL,
    signer TEXT NOT NULL, -- id of the key that signs from here on
    keys   BIGINT NOT NULL, -- how many count
    bundle BIGINT NOT NULL, -- the newest bundle when the list was made
    made   BIGINT NOT NULL
);
