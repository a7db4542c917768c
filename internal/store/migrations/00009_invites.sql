-- Who is asked to become an administrator (docs/contract.md#s1-3).

-- +goose Up
CREATE TABLE invite (
    id          TEXT        NOT NULL PRIMARY KEY,
    email       TEXT        NOT NULL,
    email_key   TEXT        NOT NULL,
    accepted    BOOLEAN     NOT NULL DEFAULT FALSE,
    -- The user that came of it, which alone may be undone.
    accepted_by TEXT        NOT NULL DEFAULT '',
    -- The SHA-256 in hex of the id of the one token that counts (docs/weak-spots.md#w7).
    token_hash  TEXT        NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    -- A JSON array.
    roles       TEXT        NOT NULL,
    metadata    TEXT,
    -- The flow that runs it.
    workflow_id TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    deleted_at  TIMESTAMPTZ
);

CREATE UNIQUE INDEX invite_email ON invite (email_key)
    WHERE deleted_at IS NULL;
