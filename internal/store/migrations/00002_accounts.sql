-- The business records behind identities (docs/contract.md#s1-2, #s1-3).

-- +goose Up
CREATE TABLE customer (
    id           TEXT        NOT NULL PRIMARY KEY,
    email        TEXT,
    email_key    TEXT,
    company_name TEXT,
    first_name   TEXT,
    last_name    TEXT,
    phone        TEXT,
    has_account  BOOLEAN     NOT NULL DEFAULT FALSE,
    metadata     TEXT,
    created_by   TEXT,
    created_at   TIMESTAMPTZ NOT NULL,
    updated_at   TIMESTAMPTZ NOT NULL,
    deleted_at   TIMESTAMPTZ,
    -- The flow that removed it. Only this flow may restore it.
    removed_by   TEXT        NOT NULL DEFAULT ''
);

-- One guest and one account may share an address.
CREATE UNIQUE INDEX customer_email ON customer (email_key, has_account)
    WHERE deleted_at IS NULL;

CREATE TABLE customer_address (
    id                  TEXT        NOT NULL PRIMARY KEY,
    customer_id         TEXT        NOT NULL REFERENCES customer (id) ON UPDATE CASCADE ON DELETE CASCADE,
    address_name        TEXT,
    company             TEXT,
    first_name          TEXT,
    last_name           TEXT,
    address_1           TEXT,
    address_2           TEXT,
    city                TEXT,
    country_code        TEXT,
    province            TEXT,
    postal_code         TEXT,
    phone               TEXT,
    metadata            TEXT,
    is_default_shipping BOOLEAN     NOT NULL DEFAULT FALSE,
    is_default_billing  BOOLEAN     NOT NULL DEFAULT FALSE,
    created_at          TIMESTAMPTZ NOT NULL,
    updated_at          TIMESTAMPTZ NOT NULL,
    deleted_at          TIMESTAMPTZ
);

CREATE INDEX customer_address_customer ON customer_address (customer_id, id);
CREATE UNIQUE INDEX customer_address_default_shipping ON customer_address (customer_id)
    WHERE is_default_shipping = TRUE AND deleted_at IS NULL;
CREATE UNIQUE INDEX customer_address_default_billing ON customer_address (customer_id)
    WHERE is_default_billing = TRUE AND deleted_at IS NULL;

CREATE TABLE "user" (
    id         TEXT        NOT NULL PRIMARY KEY,
    email      TEXT        NOT NULL,
    email_key  TEXT        NOT NULL,
    first_name TEXT,
    last_name  TEXT,
    avatar_url TEXT,
    metadata   TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    removed_by TEXT        NOT NULL DEFAULT ''
);

CREATE UNIQUE INDEX user_email ON "user" (email_key)
    WHERE deleted_at IS NULL;
