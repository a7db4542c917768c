-- What administrators and operators did. A row is written before the change that it is
-- about, and gets its outcome once; nothing else is ever changed in it.

-- +goose Up
CREATE TABLE audit_entry (
    id          TEXT        NOT NULL PRIMARY KEY,
    -- user, api-key for a key without an owner, or cli.
    actor_type  TEXT        NOT NULL,
    actor_id    TEXT        NOT NULL,
    -- The secret API key that the actor used, '' for none.
    api_key_id  TEXT        NOT NULL,
    -- POST, DELETE …, or CLI.
    method      TEXT        NOT NULL,
    -- The template of the route, or the command. Never what was sent.
    action      TEXT        NOT NULL,
    target_id   TEXT        NOT NULL,
    -- What it is about within the target, such as a factor.
    part_id     TEXT        NOT NULL,
    -- IPv4 /24 or IPv6 /48, or the host of a command.
    network     TEXT        NOT NULL,
    request_id  TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    -- The HTTP status, NULL until it is known and for commands.
    status      BIGINT,
    -- '' while it is not known: the process may have ended meanwhile.
    outcome     TEXT        NOT NULL CHECK (outcome IN ('', 'done', 'refused', 'failed')),
    -- The workflow that made the change, '' for none.
    flow_id     TEXT        NOT NULL
);

CREATE INDEX audit_entry_created_at ON audit_entry (created_at, id);
CREATE INDEX audit_entry_actor ON audit_entry (actor_id, created_at);
CREATE INDEX audit_entry_target ON audit_entry (target_id, created_at);
