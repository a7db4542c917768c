package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// Sealed is a secret that the vault has encrypted. The store cannot read it.
type Sealed struct {
	ID string
	// KeyID names the key of the vault's key ring.
	KeyID     string
	Data      []byte
	ExpiresAt time.Time
}

const (
	insertSealed = `INSERT INTO sealed_secret (id, key_id, sealed, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO NOTHING`
	selectSealed = `SELECT id, key_id, sealed, expires_at FROM sealed_secret WHERE id = $1 AND expires_at > $2`
	deleteSealed = `DELETE FROM sealed_secret WHERE id = $1`
)

// PutSealed stores a sealed secret until it expires or is deleted. A second put
// of the same id changes nothing.
func (s *Store) PutSealed(ctx context.Context, sealed Sealed) error {
	_, err := s.writes.exec(ctx, insertSealed, sealed.ID, sealed.KeyID, sealed.Data, sealed.ExpiresAt)
	return s.fail(ctx, "put sealed secret", err)
}

// GetSealed returns a sealed secret and can be called repeatedly. A secret that
// is expired, deleted or missing is [everlatch.ErrNotFound].
func (s *Store) GetSealed(ctx context.Context, id string) (Sealed, error) {
	sealed, err := first(ctx, s.reads, scanSealed, selectSealed, id, s.now())
	absent := refuse(everlatch.CodeNotFound, SecretExpired)
	return sealed, s.fail(ctx, "get sealed secret", noRows(err, absent))
}

func scanSealed(row scanner) (sealed Sealed, err error) {
	err = row.Scan(&sealed.ID, &sealed.KeyID, &sealed.Data, toTime{&sealed.ExpiresAt})
	return sealed, err
}

// DeleteSealed destroys sealed secrets. Missing ids are no error.
func (s *Store) DeleteSealed(ctx context.Context, ids ...string) error {
	err := s.write(ctx, func(tx *tx) error {
		for _, id := range ids {
			if _, err := tx.exec(ctx, deleteSealed, id); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail(ctx, "delete sealed secrets", err)
}
