-- Passkeys as a way to sign in (docs/guides/passkeys.md): each is a credential.

-- +goose Up
-- The signature counter of the last accepted answer, and the flow that accepted it: an
-- answer with an old counter comes from a copy of the key, unless the flow repeats itself.
ALTER TABLE provider_identity ADD COLUMN counter BIGINT NOT NULL DEFAULT 0;
ALTER TABLE provider_identity ADD COLUMN used_by TEXT NOT NULL DEFAULT '';
