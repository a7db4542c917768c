-- Which mails of a development service have been opened.

-- +goose Up
ALTER TABLE kept_mail ADD COLUMN read_at TIMESTAMPTZ;
