-- Free metadata of an identity, a JSON object. Its links are rows of actor_link
-- (docs/weak-spots.md#w1, #w2).

-- +goose Up
ALTER TABLE auth_identity ADD COLUMN app_metadata TEXT;
