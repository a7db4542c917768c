-- Second factors, recovery codes, and identities that are disabled (docs/contract.md#s1-1).

-- +goose Up
-- When the first of the enabled factors was enabled, NULL without one, and the
-- sign-in that enabled it: kept in step with mfa_factor by the store, because every
-- authenticated request reads them.
ALTER TABLE auth_identity ADD COLUMN mfa_enabled_at TIMESTAMPTZ;
ALTER TABLE auth_identity ADD COLUMN mfa_enabled_by TEXT NOT NULL DEFAULT '';
-- Since when every way in is refused.
ALTER TABLE auth_identity ADD COLUMN disabled_at TIMESTAMPTZ;

CREATE TABLE mfa_factor (
    id               TEXT        NOT NULL PRIMARY KEY,
    auth_identity_id TEXT        NOT NULL REFERENCES auth_identity (id) ON UPDATE CASCADE ON DELETE CASCADE,
    provider         TEXT        NOT NULL,
    status           TEXT        NOT NULL,
    -- Tells factors of one provider apart, such as the id of a passkey. Providers of
    -- which an identity has one leave it empty.
    handle           TEXT        NOT NULL DEFAULT '',
    -- The provider's own data, encrypted for this row; empty once disabled.
    secret           TEXT        NOT NULL DEFAULT '',
    -- Grows with each use, so that no answer counts twice (docs/weak-spots.md#w58).
    counter          BIGINT      NOT NULL DEFAULT 0,
    metadata         TEXT,
    enabled_at       TIMESTAMPTZ,
    last_used_at     TIMESTAMPTZ,
    created_at       TIMESTAMPTZ NOT NULL,
    updated_at       TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX mfa_factor_active ON mfa_factor (auth_identity_id, provider, handle)
    WHERE status IN ('pending', 'enabled');
-- A credential such as a passkey belongs to one identity.
CREATE UNIQUE INDEX mfa_factor_handle ON mfa_factor (provider, handle)
    WHERE status = 'enabled' AND handle <> '';

CREATE TABLE mfa_recovery_code (
    id               TEXT        NOT NULL PRIMARY KEY,
    auth_identity_id TEXT        NOT NULL REFERENCES auth_identity (id) ON UPDATE CASCADE ON DELETE CASCADE,
    -- A keyed hash: the codes are random, so that a slow hash would protect nothing.
    code_hash        TEXT        NOT NULL,
    created_at       TIMESTAMPTZ NOT NULL
);

CREATE UNIQUE INDEX mfa_recovery_code_hash ON mfa_recovery_code (auth_identity_id, code_hash);
