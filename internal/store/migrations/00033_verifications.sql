-- Addresses that are verified, or about to be (docs/contract.md#s1-1).

-- +goose Up
CREATE TABLE auth_verification (
    id               TEXT        NOT NULL PRIMARY KEY,
    auth_identity_id TEXT        NOT NULL REFERENCES auth_identity (id) ON UPDATE CASCADE ON DELETE CASCADE,
    entity_id        TEXT        NOT NULL,
    -- The canonical form of entity_id.
    entity_key       TEXT        NOT NULL,
    entity_type      TEXT        NOT NULL,
    code_provider    TEXT        NOT NULL,
    -- A keyed hash of the latest code, for codes that anyone who has one may confirm; NULL
    -- for short ones, which only the identity itself may.
    code_hash        TEXT,
    -- Names the request of the latest code.
    request_id       TEXT        NOT NULL,
    verified_at      TIMESTAMPTZ,
    requested_at     TIMESTAMPTZ NOT NULL,
    expires_at       TIMESTAMPTZ NOT NULL,
    metadata         TEXT,
    created_at       TIMESTAMPTZ NOT NULL,
    updated_at       TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX auth_verification_entity ON auth_verification (auth_identity_id, entity_type, entity_key);
CREATE UNIQUE INDEX auth_verification_code ON auth_verification (code_hash) WHERE code_hash IS NOT NULL;
