-- Scheduled deletions of customers, and removed accounts that are erased in
-- other systems.

-- +goose Up
CREATE TABLE account_deletion (
    customer_id  TEXT        NOT NULL PRIMARY KEY REFERENCES customer (id) ON UPDATE CASCADE ON DELETE CASCADE,
    -- When it is to be removed.
    deletion_at  TIMESTAMPTZ NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX account_deletion_at ON account_deletion (deletion_at);

-- When every eraser confirmed that a removed account is erased in its system.
ALTER TABLE customer ADD COLUMN erased_at TIMESTAMPTZ;
ALTER TABLE "user" ADD COLUMN erased_at TIMESTAMPTZ;

-- Partial indexes of the records that wait to be purged.
CREATE INDEX customer_removed ON customer (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX user_removed ON "user" (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX auth_identity_removed ON auth_identity (deleted_at) WHERE deleted_at IS NOT NULL;
