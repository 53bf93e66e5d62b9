-- +goose Up
-- When the list was first taken.
ALTER TABLE schools_list ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE schools_list SET since = updated;

-- Names that an edition of a list takes out again: below a name of the list,
-- and not of its category after all.
CREATE TABLE schools_list_exception (
    edition INTEGER NOT NULL,
    domain  TEXT NOT NULL,
    PRIMARY KEY (edition, domain)
) STRICT, WITHOUT ROWID;
