-- When and with which factor the user authenticated.

-- +goose Up
ALTER TABLE session ADD COLUMN authenticated_at TIMESTAMPTZ;

-- The address, in its canonical form, that the provider vouches for.
ALTER TABLE provider_identity ADD COLUMN verified_email TEXT;
CREATE INDEX provider_identity_verified_email ON provider_identity (verified_email)
    WHERE verified_email IS NOT NULL AND deleted_at IS NULL;
