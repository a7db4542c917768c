-- Short-lived secrets, encrypted by the vault. Deleting a row shreds it.

-- +goose Up
CREATE TABLE sealed_secret (
    id         TEXT        NOT NULL PRIMARY KEY,
    key_id     TEXT        NOT NULL,
    sealed     BYTEA       NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX sealed_secret_expires_at ON sealed_secret (expires_at);
