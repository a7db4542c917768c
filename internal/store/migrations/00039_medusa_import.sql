-- What a move from Medusa needs (docs/guides/move-from-medusa.md): secret API keys as
-- Medusa stores them, and records that were removed there.

-- +goose Up
-- With a salt, token is the scrypt of Medusa (docs/contract.md#s1-4) until the first use
-- replaces it.
ALTER TABLE api_key ADD COLUMN salt TEXT NOT NULL DEFAULT '';
CREATE INDEX api_key_salted ON api_key (redacted) WHERE salt <> '';

ALTER TABLE data_import ADD COLUMN removed BIGINT NOT NULL DEFAULT 0;
