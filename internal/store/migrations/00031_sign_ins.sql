-- Sign-ins, for their owner to see and to end. What was issued for one names it by
-- its id: the sid of tokens, sign_in_id of sessions.

-- +goose Up
CREATE TABLE sign_in (
    id                 TEXT        NOT NULL PRIMARY KEY,
    auth_identity_id   TEXT        NOT NULL REFERENCES auth_identity (id) ON UPDATE CASCADE ON DELETE CASCADE,
    auth_provider      TEXT        NOT NULL,
    actor_type         TEXT        NOT NULL,
    actor_id           TEXT        NOT NULL,
    -- Of what was issued last.
    credential_version BIGINT      NOT NULL,
    -- A description of the browser or app, and IPv4 /24 or IPv6 /48.
    device             TEXT        NOT NULL,
    network            TEXT        NOT NULL,
    created_at         TIMESTAMPTZ NOT NULL,
    last_used_at       TIMESTAMPTZ NOT NULL,
    -- When the last token or session that was issued expires, to the hour.
    expires_at         TIMESTAMPTZ NOT NULL
);

CREATE INDEX sign_in_auth_identity ON sign_in (auth_identity_id, last_used_at);
CREATE INDEX sign_in_expires_at ON sign_in (expires_at);
