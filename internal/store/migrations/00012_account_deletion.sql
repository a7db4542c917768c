-- Customers who want their account removed, and accounts of which nothing is
-- left elsewhere.

-- +goose Up
CREATE TABLE account_deletion (
    customer_id  TEXT        NOT NULL PRIMARY KEY REFERENCES customer (id) ON UPDATE CASCADE ON DELETE CASCADE,
    -- When it is to be removed.
    deletion_at  TIMESTAMPTZ NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX account_deletion_at ON account_deletion (deletion_at);

-- When every eraser had confirmed that a removed account is gone elsewhere too.
ALTER TABLE customer ADD COLUMN erased_at TIMESTAMPTZ;
ALTER TABLE "user" ADD COLUMN erased_at TIMESTAMPTZ;

-- Hold nothing but what waits to be purged.
CREATE INDEX customer_removed ON customer (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX user_removed ON "user" (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX auth_identity_removed ON auth_identity (deleted_at) WHERE deleted_at IS NOT NULL;
