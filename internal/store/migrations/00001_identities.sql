-- Identities, their credentials and the actors they are linked to (docs/contract.md#s1-1).
-- Times are UTC. One text for PostgreSQL and SQLite.

-- +goose Up
CREATE TABLE auth_identity (
    id                 TEXT        NOT NULL PRIMARY KEY,
    credential_version BIGINT      NOT NULL DEFAULT 1,
    -- Whether actor_link has a row: kept in step by the store, so that the
    -- search for orphans reads an index that holds nothing but orphans.
    linked             BOOLEAN     NOT NULL DEFAULT FALSE,
    last_used_at       TIMESTAMPTZ NOT NULL,
    created_at         TIMESTAMPTZ NOT NULL,
    updated_at         TIMESTAMPTZ NOT NULL,
    deleted_at         TIMESTAMPTZ,
    -- The flow that removed it. Only this flow may restore it.
    removed_by         TEXT        NOT NULL DEFAULT ''
);

CREATE INDEX auth_identity_orphan ON auth_identity (last_used_at)
    WHERE linked = FALSE AND deleted_at IS NULL;

CREATE TABLE provider_identity (
    id                TEXT        NOT NULL PRIMARY KEY,
    auth_identity_id  TEXT        NOT NULL REFERENCES auth_identity (id) ON UPDATE CASCADE ON DELETE CASCADE,
    provider          TEXT        NOT NULL,
    entity_id         TEXT        NOT NULL,
    entity_key        TEXT        NOT NULL,
    user_metadata     TEXT,
    provider_metadata TEXT,
    created_at        TIMESTAMPTZ NOT NULL,
    updated_at        TIMESTAMPTZ NOT NULL,
    deleted_at        TIMESTAMPTZ
);

-- Live rows only: removing an identity frees its address (docs/weak-spots.md#w12, #w22).
CREATE UNIQUE INDEX provider_identity_entity ON provider_identity (provider, entity_key)
    WHERE deleted_at IS NULL;
CREATE INDEX provider_identity_auth_identity ON provider_identity (auth_identity_id);

-- The contract's app_metadata as rows (docs/weak-spots.md#w1, #w2).
CREATE TABLE actor_link (
    auth_identity_id TEXT        NOT NULL REFERENCES auth_identity (id) ON UPDATE CASCADE ON DELETE CASCADE,
    actor_type       TEXT        NOT NULL,
    actor_id         TEXT        NOT NULL,
    created_at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (auth_identity_id, actor_type)
);

CREATE INDEX actor_link_actor ON actor_link (actor_type, actor_id);
