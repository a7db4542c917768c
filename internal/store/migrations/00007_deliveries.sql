-- Which subscriber is told about which event. A released event is dispatched
-- once, into one delivery for each subscriber; a flow delivers it.

-- +goose Up
ALTER TABLE event ADD COLUMN source TEXT NOT NULL DEFAULT 'everlatch';
ALTER TABLE event ADD COLUMN dispatched_at TIMESTAMPTZ;

-- Events from before this migration have no subscribers: mark them dispatched.
UPDATE event SET dispatched_at = released_at;

-- Holds nothing but what waits, so that asking for it costs nothing.
CREATE INDEX event_waiting ON event (released_at, created_at, id)
    WHERE released_at IS NOT NULL AND dispatched_at IS NULL;

CREATE TABLE delivery (
    event_id   TEXT        NOT NULL REFERENCES event (id) ON UPDATE CASCADE ON DELETE CASCADE,
    subscriber TEXT        NOT NULL,
    -- The order in which events were dispatched.
    position   BIGINT      NOT NULL,
    -- Deliveries of one subscriber with the same key wait for each other; ''
    -- waits for nothing.
    order_key  TEXT        NOT NULL,
    status     TEXT        NOT NULL CHECK (status IN ('waiting', 'started', 'delivered', 'dead')),
    -- Counts how often the delivery was started; each start is a new workflow.
    generation BIGINT      NOT NULL DEFAULT 1,
    error      TEXT        NOT NULL DEFAULT '',
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (event_id, subscriber)
);

CREATE INDEX delivery_waiting ON delivery (position) WHERE status = 'waiting';
CREATE INDEX delivery_turn ON delivery (subscriber, order_key, position)
    WHERE order_key <> '' AND status IN ('waiting', 'started');
CREATE INDEX delivery_dead ON delivery (updated_at) WHERE status = 'dead';

-- One row. The process that locks it dispatches events and counts positions.
CREATE TABLE dispatch_turn (
    id       BIGINT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);
INSERT INTO dispatch_turn (id, position) VALUES (1, 0);

-- Mails of a development service, encrypted: they hold links that sign in.
CREATE TABLE kept_mail (
    id         TEXT        NOT NULL PRIMARY KEY,
    key_id     TEXT        NOT NULL,
    sealed     BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX kept_mail_created_at ON kept_mail (created_at);
