-- +goose Up
-- Room schools: a bundle that goes to some nodes first.
ALTER TABLE schools_node ADD COLUMN rejected BIGINT NOT NULL DEFAULT 0; -- number of the bundle that it could not use; 0: none

CREATE TABLE schools_rollout (
    bundle  BIGINT NOT NULL PRIMARY KEY,
    before  BIGINT NOT NULL, -- what the other nodes stay with
    stage   BIGINT NOT NULL, -- nodes in a hundred that may take it; 100: all
    since   BIGINT NOT NULL, -- of this stage
    halted  BIGINT NOT NULL, -- when; 0: it goes on
    why     TEXT NOT NULL -- code of the reason; '' while it goes on
);
