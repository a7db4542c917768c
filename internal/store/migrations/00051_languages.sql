-- The language (BCP 47) in which an identity gets its mails, '' if it is not known, and that
-- of the request which caused an event.

-- +goose Up
ALTER TABLE auth_identity ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN language TEXT NOT NULL DEFAULT '';
