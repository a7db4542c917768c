-- How the user of a session has proven who they are: the values of RFC 8176, separated
-- by spaces.

-- +goose Up
ALTER TABLE session ADD COLUMN amr TEXT NOT NULL DEFAULT '';
