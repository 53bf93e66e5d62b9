-- +goose Up
-- What waits for a second person, oldest first: a handful among all proposals.
CREATE INDEX casework_proposal_waiting ON casework_proposal (at, id) WHERE state = 'waiting';
