-- The name under which this database owns what it puts into Temporal. Two
-- installations may share a namespace.

-- +goose Up
CREATE TABLE installation (
    one        BIGINT      NOT NULL PRIMARY KEY CHECK (one = 1),
    id         TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
