-- +goose Up

-- The lists of keys that sign bundles, deltas and side files. A list is signed
-- by a key of the one before, so that nodes follow from one to the next.
CREATE TABLE schools_key_list (
    number INTEGER NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    signer TEXT NOT NULL, -- id of the key that signs from here on
    keys   INTEGER NOT NULL, -- how many count
    bundle INTEGER NOT NULL, -- the newest bundle when the list was made
    made   INTEGER NOT NULL
) STRICT;
