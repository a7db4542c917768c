-- Permissions of administrators (docs/contract.md#s4-8). The tables are Medusa's;
-- rows are deleted permanently.

-- +goose Up
CREATE TABLE rbac_role (
    id          TEXT        NOT NULL PRIMARY KEY CHECK (id NOT LIKE '% %'),
    name        TEXT        NOT NULL,
    description TEXT,
    metadata    TEXT,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    deleted_at  TIMESTAMPTZ
);

CREATE UNIQUE INDEX rbac_role_name ON rbac_role (name);

-- Permissions are read as one string, separated by spaces and colons.
CREATE TABLE rbac_policy (
    id          TEXT        NOT NULL PRIMARY KEY,
    key         TEXT        NOT NULL,
    resource    TEXT        NOT NULL CHECK (resource NOT LIKE '% %' AND resource NOT LIKE '%:%'),
    operation   TEXT        NOT NULL CHECK (operation NOT LIKE '% %' AND operation NOT LIKE '%:%'),
    name        TEXT,
    description TEXT,
    metadata    TEXT,
    built_in    BOOLEAN     NOT NULL DEFAULT FALSE,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    deleted_at  TIMESTAMPTZ
);

CREATE UNIQUE INDEX rbac_policy_key ON rbac_policy (key);

CREATE TABLE rbac_role_policy (
    id         TEXT        NOT NULL PRIMARY KEY,
    role_id    TEXT        NOT NULL REFERENCES rbac_role (id) ON UPDATE CASCADE ON DELETE CASCADE,
    policy_id  TEXT        NOT NULL REFERENCES rbac_policy (id) ON UPDATE CASCADE ON DELETE CASCADE,
    metadata   TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ
);

CREATE UNIQUE INDEX rbac_role_policy_pair ON rbac_role_policy (role_id, policy_id);
CREATE INDEX rbac_role_policy_policy ON rbac_role_policy (policy_id);

-- A role also has the policies of its parents.
CREATE TABLE rbac_role_parent (
    role_id    TEXT        NOT NULL REFERENCES rbac_role (id) ON UPDATE CASCADE ON DELETE CASCADE,
    parent_id  TEXT        NOT NULL REFERENCES rbac_role (id) ON UPDATE CASCADE ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (role_id, parent_id)
);

CREATE INDEX rbac_role_parent_parent ON rbac_role_parent (parent_id);

CREATE TABLE user_rbac_role (
    user_id      TEXT        NOT NULL REFERENCES "user" (id) ON UPDATE CASCADE ON DELETE CASCADE,
    rbac_role_id TEXT        NOT NULL REFERENCES rbac_role (id) ON UPDATE CASCADE ON DELETE CASCADE,
    created_at   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, rbac_role_id)
);

CREATE INDEX user_rbac_role_role ON user_rbac_role (rbac_role_id, user_id);
