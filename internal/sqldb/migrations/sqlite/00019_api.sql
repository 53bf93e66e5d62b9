-- +goose Up

-- Tokens with which machines ask over the API: for themselves, in a unit with
-- roles, or for a person, who must hold the roles at that moment.
CREATE TABLE identity_token (
    id      TEXT NOT NULL PRIMARY KEY,
    hash    TEXT NOT NULL UNIQUE, -- keyed, of the text that was shown once
    name    TEXT NOT NULL, -- of the machine or the service
    person  TEXT NOT NULL, -- '': the machine acts for itself
    unit    TEXT NOT NULL,
    roles   TEXT NOT NULL, -- a JSON list
    made_by TEXT NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER NOT NULL, -- 0: it is not
    used    INTEGER NOT NULL -- to the hour; 0: never
) STRICT;
