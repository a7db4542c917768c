-- The use of a second factor that was accepted last: a step that is repeated after a
-- crash gets the same answer, although its code has been used up by then
-- (docs/weak-spots.md#w58).

-- +goose Up
ALTER TABLE mfa_factor ADD COLUMN used_by TEXT NOT NULL DEFAULT '';
