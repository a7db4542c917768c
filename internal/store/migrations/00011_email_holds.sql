-- Former addresses of accounts. While an e-mail change can be undone, no other
-- account may take the former address (docs/weak-spots.md#w13).

-- +goose Up
CREATE TABLE email_hold (
    email_key  TEXT        NOT NULL,
    actor_type TEXT        NOT NULL,
    actor_id   TEXT        NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (email_key, actor_type, actor_id)
);

CREATE INDEX email_hold_expires_at ON email_hold (expires_at);
