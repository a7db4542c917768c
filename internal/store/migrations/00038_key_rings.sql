-- Key rings, and which processes hold which of their keys (docs/keys.md).

-- +goose Up
CREATE TABLE ring_key (
    ring        TEXT        NOT NULL,
    -- Says nothing about the key.
    id          TEXT        NOT NULL,
    -- Where the key is: configuration, or database.
    source      TEXT        NOT NULL CHECK (source IN ('configuration', 'database')),
    -- What the key signs with, '' for encryption.
    algorithm   TEXT        NOT NULL DEFAULT '',
    -- A key in the database, encrypted with that one of encryption.keys. Both are NULL for
    -- one in the configuration, and once the key is retired.
    key_id      TEXT,
    sealed      BYTEA,
    added_at    TIMESTAMPTZ NOT NULL,
    -- Since when it is to be used, NULL if it only opens and verifies.
    wanted_at   TIMESTAMPTZ,
    -- The latest of those that have begun seals and signs.
    active_from TIMESTAMPTZ,
    -- Since when all that it encrypts was encrypted again with it.
    resealed_at TIMESTAMPTZ,
    retired_at  TIMESTAMPTZ,
    PRIMARY KEY (ring, id)
);

-- Processes that are running, and the keys that each of them holds: a key is used once
-- all of them have it.
CREATE TABLE ring_holder (
    process_id TEXT        NOT NULL PRIMARY KEY,
    name       TEXT        NOT NULL,
    holds      TEXT        NOT NULL,
    seen_at    TIMESTAMPTZ NOT NULL
);
