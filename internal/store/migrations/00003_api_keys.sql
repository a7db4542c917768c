-- Publishable and secret API keys (docs/contract.md#s1-4).

-- +goose Up
CREATE TABLE api_key (
    id           TEXT        NOT NULL PRIMARY KEY,
    title        TEXT        NOT NULL,
    type         TEXT        NOT NULL CHECK (type IN ('publishable', 'secret')),
    -- A publishable key in clear; of a secret key the SHA-256 in hex.
    token        TEXT        NOT NULL,
    redacted     TEXT        NOT NULL,
    last_used_at TIMESTAMPTZ,
    created_by   TEXT        NOT NULL,
    revoked_by   TEXT,
    revoked_at   TIMESTAMPTZ,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    deleted_at   TIMESTAMPTZ
);

CREATE UNIQUE INDEX api_key_token ON api_key (token);
CREATE INDEX api_key_type ON api_key (type);
