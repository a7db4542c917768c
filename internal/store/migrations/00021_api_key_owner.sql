-- On whose authority a secret key acts; see api_key.created_by for who made it.

-- +goose Up
-- The administrator who answers for the key; NULL for an operator's. It acts only
-- as long as that administrator's account exists.
ALTER TABLE api_key ADD COLUMN owner_id TEXT;
UPDATE api_key SET owner_id = created_by WHERE EXISTS (SELECT 1 FROM "user" u WHERE u.id = api_key.created_by);
