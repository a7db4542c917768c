-- Groups of customers (docs/contract.md#s1-2, groups).

-- +goose Up
CREATE TABLE customer_group (
    id         TEXT        NOT NULL PRIMARY KEY,
    name       TEXT        NOT NULL,
    metadata   TEXT,
    created_by TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ
);

CREATE UNIQUE INDEX customer_group_name ON customer_group (name)
    WHERE deleted_at IS NULL;

CREATE TABLE customer_group_customer (
    customer_id       TEXT        NOT NULL REFERENCES customer (id) ON UPDATE CASCADE ON DELETE CASCADE,
    customer_group_id TEXT        NOT NULL REFERENCES customer_group (id) ON UPDATE CASCADE ON DELETE CASCADE,
    created_at        TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (customer_id, customer_group_id)
);

CREATE INDEX customer_group_customer_group ON customer_group_customer (customer_group_id, customer_id);
