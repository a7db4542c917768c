-- Invites to become an administrator (docs/contract.md#s1-3).

-- +goose Up
CREATE TABLE invite (
    id          TEXT        NOT NULL PRIMARY KEY,
    email       TEXT        NOT NULL,
    email_key   TEXT        NOT NULL,
    accepted    BOOLEAN     NOT NULL DEFAULT FALSE,
    -- The user who accepted it. Only this user's acceptance can be undone.
    accepted_by TEXT        NOT NULL DEFAULT '',
    -- The SHA-256 in hex of the id of the one valid token (docs/weak-spots.md#w7).
    token_hash  TEXT        NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    -- A JSON array.
    roles       TEXT        NOT NULL,
    metadata    TEXT,
    -- The workflow of the flow that created it.
    workflow_id TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    deleted_at  TIMESTAMPTZ
);

CREATE UNIQUE INDEX invite_email ON invite (email_key)
    WHERE deleted_at IS NULL;
