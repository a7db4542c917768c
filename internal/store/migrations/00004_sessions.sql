-- Browser sessions (docs/weak-spots.md#w32). The cookie's value is stored as a hash.

-- +goose Up
CREATE TABLE session (
    id                 TEXT        NOT NULL PRIMARY KEY,
    secret_hash        TEXT        NOT NULL,
    auth_identity_id   TEXT        NOT NULL REFERENCES auth_identity (id) ON UPDATE CASCADE ON DELETE CASCADE,
    auth_provider      TEXT        NOT NULL,
    actor_type         TEXT        NOT NULL,
    actor_id           TEXT        NOT NULL,
    credential_version BIGINT      NOT NULL,
    mfa_enabled        BOOLEAN     NOT NULL DEFAULT FALSE,
    mfa_completed_at   TIMESTAMPTZ,
    user_metadata      TEXT,
    created_at         TIMESTAMPTZ NOT NULL,
    -- Never later than expires_at.
    idle_expires_at    TIMESTAMPTZ NOT NULL,
    expires_at         TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX session_secret ON session (secret_hash);
CREATE INDEX session_auth_identity ON session (auth_identity_id);
CREATE INDEX session_idle_expires_at ON session (idle_expires_at);
