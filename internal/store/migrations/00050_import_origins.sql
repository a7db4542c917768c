-- Which records were imported from which installation of another system. A row that is
-- deleted there leaves no trace there: this one tells that it was there.

-- +goose Up
CREATE TABLE import_origin (
    -- The installation, such as medusa/7714005292340516822/16384/2200.
    origin      TEXT        NOT NULL,
    type        TEXT        NOT NULL,
    -- The key of the record there.
    record      TEXT        NOT NULL,
    -- What is newer than this here was changed here since.
    imported_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (origin, type, record)
);
