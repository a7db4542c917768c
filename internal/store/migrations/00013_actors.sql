-- Records of custom actor types. actor_value repeats their values, one per row,
-- for unique constraints, search and sorting. Both are written together.

-- +goose Up
CREATE TABLE actor_record (
    id         TEXT        NOT NULL PRIMARY KEY,
    actor_type TEXT        NOT NULL,
    data       TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    -- The flow that removed it. Only this flow may restore it.
    removed_by TEXT        NOT NULL DEFAULT ''
);

CREATE INDEX actor_record_type ON actor_record (actor_type, id);

CREATE TABLE actor_value (
    actor_id   TEXT             NOT NULL REFERENCES actor_record (id) ON UPDATE CASCADE ON DELETE CASCADE,
    name       TEXT             NOT NULL,
    actor_type TEXT             NOT NULL,
    -- The canonical text; e-mails without case. Numbers and truth as numbers too.
    value      TEXT             NOT NULL,
    number     DOUBLE PRECISION,
    -- The value again where it must be unique.
    unique_key TEXT,
    -- FALSE while the record is removed.
    live       BOOLEAN          NOT NULL DEFAULT TRUE,
    PRIMARY KEY (actor_id, name)
);

CREATE UNIQUE INDEX actor_value_unique ON actor_value (actor_type, name, unique_key)
    WHERE live = TRUE AND unique_key IS NOT NULL;
