-- When the user authenticated, and which address the provider vouches for.

-- +goose Up
ALTER TABLE session ADD COLUMN authenticated_at TIMESTAMPTZ;

-- The canonical form of the address that the provider has verified.
ALTER TABLE provider_identity ADD COLUMN verified_email TEXT;
CREATE INDEX provider_identity_verified_email ON provider_identity (verified_email)
    WHERE verified_email IS NOT NULL AND deleted_at IS NULL;
