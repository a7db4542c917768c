-- When a passkey last signed its owner in, written with its counter (docs/guides/passkeys.md).

-- +goose Up
ALTER TABLE provider_identity ADD COLUMN last_used_at TIMESTAMPTZ;
