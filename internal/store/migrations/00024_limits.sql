-- Counters of limits, shared by all processes. Keys are keyed hashes: no address
-- of a person or machine is stored.

-- +goose Up
-- A budget is spent up to a time, in microseconds since 1970; once that time has
-- passed, all of it is available again and the row says nothing.
CREATE TABLE limit_budget (
    id         TEXT   NOT NULL PRIMARY KEY,
    used_until BIGINT NOT NULL
);

CREATE INDEX limit_budget_used_until ON limit_budget (used_until);

-- Attempts on one account: how many failed in a row, how many are under way, and
-- until when no other may begin.
CREATE TABLE limit_attempt (
    id            TEXT        NOT NULL PRIMARY KEY,
    failures      BIGINT      NOT NULL,
    pending       BIGINT      NOT NULL,
    pending_until TIMESTAMPTZ NOT NULL,
    blocked_until TIMESTAMPTZ NOT NULL,
    expires_at    TIMESTAMPTZ NOT NULL
);

CREATE INDEX limit_attempt_expires_at ON limit_attempt (expires_at);
