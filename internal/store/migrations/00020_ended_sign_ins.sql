-- Sign-ins that have ended before their tokens expire.

-- +goose Up
-- The sid of the tokens and sessions of a sign-in.
ALTER TABLE session ADD COLUMN sign_in_id TEXT NOT NULL DEFAULT '';
UPDATE session SET sign_in_id = id;
CREATE INDEX session_sign_in ON session (sign_in_id);

-- A row stays until no token of the sign-in can be valid.
CREATE TABLE ended_sign_in (
    id         TEXT        NOT NULL PRIMARY KEY,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX ended_sign_in_expires_at ON ended_sign_in (expires_at);
