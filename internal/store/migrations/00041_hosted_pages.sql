-- Codes by which a storefront gets the token of a sign-in on the hosted pages
-- (docs/guides/embed-storefront.md). The code itself is stored as a hash.

-- +goose Up
CREATE TABLE authorization_code (
    code_hash          TEXT        NOT NULL PRIMARY KEY,
    auth_identity_id   TEXT        NOT NULL REFERENCES auth_identity (id) ON UPDATE CASCADE ON DELETE CASCADE,
    auth_provider      TEXT        NOT NULL,
    actor_type         TEXT        NOT NULL,
    actor_id           TEXT        NOT NULL,
    credential_version BIGINT      NOT NULL,
    mfa_enabled        BOOLEAN     NOT NULL,
    mfa_completed_at   TIMESTAMPTZ,
    authenticated_at   TIMESTAMPTZ NOT NULL,
    sign_in_id         TEXT        NOT NULL,
    -- The values of RFC 8176, separated by spaces.
    amr                TEXT        NOT NULL,
    -- The page that gets the code, and the challenge that its verifier answers (RFC 7636).
    return_to          TEXT        NOT NULL,
    code_challenge     TEXT        NOT NULL,
    created_at         TIMESTAMPTZ NOT NULL,
    expires_at         TIMESTAMPTZ NOT NULL,
    -- When it was exchanged, for which token, and a hash of the Idempotency-Key.
    used_at            TIMESTAMPTZ,
    token_id           TEXT        NOT NULL DEFAULT '',
    request_hash       TEXT        NOT NULL DEFAULT ''
);

CREATE INDEX authorization_code_auth_identity ON authorization_code (auth_identity_id);
CREATE INDEX authorization_code_expires_at ON authorization_code (expires_at);

-- An invite that makes the first user, and can be accepted only while there is none.
ALTER TABLE invite ADD COLUMN for_first_user BOOLEAN NOT NULL DEFAULT FALSE;
