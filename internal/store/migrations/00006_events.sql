-- Events. Subscribers see them once they are released.

-- +goose Up
CREATE TABLE event (
    id               TEXT        NOT NULL PRIMARY KEY,
    name             TEXT        NOT NULL,
    group_id         TEXT        NOT NULL,
    -- No reference: an event outlives its identity.
    auth_identity_id TEXT        NOT NULL,
    data             TEXT,
    created_at       TIMESTAMPTZ NOT NULL,
    released_at      TIMESTAMPTZ
);

CREATE INDEX event_group ON event (group_id);
CREATE INDEX event_auth_identity ON event (auth_identity_id);
CREATE INDEX event_created_at ON event (created_at, id);
