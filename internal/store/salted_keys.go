package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

const (
	selectSaltedKeys = `SELECT id, token, salt FROM api_key WHERE redacted = $1 AND salt <> '' AND type = 'secret'
		AND deleted_at IS NULL AND (revoked_at IS NULL OR revoked_at > $2) ORDER BY id`
	replaceSalted = `UPDATE api_key SET token = $2, salt = '', updated_at = $4 WHERE id = $1 AND token = $3`
)

// SaltedKey is a secret API key as Medusa stores it (docs/contract.md#s1-4).
type SaltedKey struct{ ID, Hash, Salt string }

// SaltedKeys returns the live secret keys with a redacted token that were imported from
// Medusa and have not been used since. Several can have the same.
func (s *Store) SaltedKeys(ctx context.Context, redacted string) ([]SaltedKey, error) {
	out, err := all(ctx, s.reads, func(row scanner) (k SaltedKey, err error) {
		err = row.Scan(&k.ID, &k.Hash, &k.Salt)
		return k, err
	}, selectSaltedKeys, redacted, s.now())
	return out, s.fail(ctx, "read salted keys", err)
}

// ReplaceSalted stores the hash of a token in the place of a salted one. A key that has
// been changed since it was read stays as it is.
func (s *Store) ReplaceSalted(ctx context.Context, key SaltedKey, tokenHash string) error {
	_, err := s.writes.exec(ctx, replaceSalted, key.ID, tokenHash, key.Hash, s.now())
	if isUnique(err) {
		err = refuse(everlatch.CodeNotFound, KeyUnknown) // another record has this token: that one counts
	}
	return s.fail(ctx, "replace salted key", err)
}
