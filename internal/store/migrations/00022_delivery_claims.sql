-- Workers claim deliveries before they start them, so that no two start the same.

-- +goose Up
-- The claim that holds a waiting delivery, '' for none.
ALTER TABLE delivery ADD COLUMN claim TEXT NOT NULL DEFAULT '';
-- Before this time a waiting delivery is not claimed; NULL is at once.
ALTER TABLE delivery ADD COLUMN claimable_at TIMESTAMPTZ;
-- Where an ordered delivery stands among those with its key: 'behind' an open one,
-- 'next' once that one has ended, '' while not looked at.
ALTER TABLE delivery ADD COLUMN place TEXT NOT NULL DEFAULT '' CHECK (place IN ('', 'behind', 'next'));

-- Deliveries that stand behind others are not in it: a long line of them costs nothing.
DROP INDEX delivery_waiting;
CREATE INDEX delivery_waiting ON delivery (position) WHERE status = 'waiting' AND place <> 'behind';
CREATE INDEX delivery_claim ON delivery (claim) WHERE claim <> '';
