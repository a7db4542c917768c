-- Imports of records from a file or another system (docs/guides/move-to-everlatch.md).

-- +goose Up
CREATE TABLE data_import (
    id          TEXT        NOT NULL PRIMARY KEY,
    -- Where the records come from, such as everlatch or medusa.
    source      TEXT        NOT NULL,
    status      TEXT        NOT NULL CHECK (status IN ('staging', 'running', 'completed', 'cancelled')),
    staged      BIGINT      NOT NULL DEFAULT 0,
    created     BIGINT      NOT NULL DEFAULT 0,
    updated     BIGINT      NOT NULL DEFAULT 0,
    skipped     BIGINT      NOT NULL DEFAULT 0,
    refused     BIGINT      NOT NULL DEFAULT 0,
    created_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ
);

CREATE INDEX data_import_created_at ON data_import (created_at);

-- What waits to be imported, encrypted: it holds hashes of passwords. A row is deleted in
-- the transaction that imports it.
CREATE TABLE import_unit (
    import_id TEXT   NOT NULL REFERENCES data_import (id) ON UPDATE CASCADE ON DELETE CASCADE,
    position  BIGINT NOT NULL,
    sealed    TEXT   NOT NULL,
    PRIMARY KEY (import_id, position)
);

-- What was refused, and what of an imported record could not be taken over.
CREATE TABLE import_issue (
    import_id TEXT    NOT NULL REFERENCES data_import (id) ON UPDATE CASCADE ON DELETE CASCADE,
    position  BIGINT  NOT NULL,
    number    BIGINT  NOT NULL,
    -- The line of the file, 0 where there are no lines.
    line      BIGINT  NOT NULL,
    type      TEXT    NOT NULL,
    -- The id of the record, there or here.
    record    TEXT    NOT NULL,
    refused   BOOLEAN NOT NULL,
    reason    TEXT    NOT NULL,
    PRIMARY KEY (import_id, position, number)
);
