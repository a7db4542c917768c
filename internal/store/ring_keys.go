package store

import (
	"context"
	"encoding/json"
	"time"
)

// The sources of a [RingKey].
const (
	InConfiguration = "configuration"
	InDatabase      = "database"
)

// RingKey is a key of a key ring, without what it consists of unless that is encrypted here.
type RingKey struct {
	Ring, ID string
	// Source is [InConfiguration] or [InDatabase].
	Source string
	// Algorithm is what the key signs with, "" for encryption.
	Algorithm string
	// KeyID names the key that encrypted Sealed; both are empty for a key in the
	// configuration, and for a retired one.
	KeyID  string
	Sealed []byte

	AddedAt time.Time
	// WantedAt is since when it is to be used, ActiveFrom from when it is, ResealedAt since when
	// nothing is left that another key of the ring has encrypted, and RetiredAt since when
	// it is refused. The zero time is not yet.
	WantedAt, ActiveFrom, ResealedAt, RetiredAt time.Time
}

// RingHolder is a running process and the keys that it holds, as ring/id.
type RingHolder struct {
	ProcessID string `json:"process_id"`
	// Name tells operators which one it is.
	Name   string    `json:"name"`
	Holds  []string  `json:"holds"`
	SeenAt time.Time `json:"seen_at"`
}

const (
	ringKeyColumns = `ring, id, source, algorithm, COALESCE(key_id, ''), sealed, added_at, wanted_at, active_from, resealed_at, retired_at`
	selectRingKeys = `SELECT ` + ringKeyColumns + ` FROM ring_key ORDER BY ring, added_at, id`
	insertRingKey  = `INSERT INTO ring_key (ring, id, source, algorithm, key_id, sealed, added_at, wanted_at, active_from)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (ring, id) DO NOTHING`
	wantRingKey     = `UPDATE ring_key SET wanted_at = $3 WHERE ring = $1 AND id = $2 AND wanted_at IS NULL AND active_from IS NULL AND retired_at IS NULL`
	activateRingKey = `UPDATE ring_key SET active_from = $3 WHERE ring = $1 AND id = $2 AND active_from IS NULL AND retired_at IS NULL`
	retireRingKey   = `UPDATE ring_key SET retired_at = $3, sealed = NULL, key_id = NULL WHERE ring = $1 AND id = $2 AND retired_at IS NULL`
	resealedRingKey = `UPDATE ring_key SET resealed_at = $3 WHERE ring = $1 AND id = $2 AND resealed_at IS NULL`

	saveHolder = `INSERT INTO ring_holder (process_id, name, holds, seen_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (process_id) DO UPDATE SET holds = excluded.holds, seen_at = excluded.seen_at`
	selectHolders = `SELECT process_id, name, holds, seen_at FROM ring_holder WHERE seen_at > $1 ORDER BY name, process_id`
	deleteHolder  = `DELETE FROM ring_holder WHERE process_id = $1 OR seen_at <= $2`
)

// RingKeys returns the keys of all rings, those of a ring in the order in which they
// were added.
func (s *Store) RingKeys(ctx context.Context) ([]RingKey, error) {
	keys, err := all(ctx, s.reads, scanRingKey, selectRingKeys)
	return keys, s.fail(ctx, "read key rings", err)
}

func scanRingKey(row scanner) (k RingKey, err error) {
	err = row.Scan(&k.Ring, &k.ID, &k.Source, &k.Algorithm, &k.KeyID, &k.Sealed, toTime{&k.AddedAt}, toTime{&k.WantedAt},
		toTime{&k.ActiveFrom}, toTime{&k.ResealedAt}, toTime{&k.RetiredAt})
	return k, err
}

// AddRingKeys adds keys; those that exist stay as they are.
func (s *Store) AddRingKeys(ctx context.Context, keys []RingKey) error {
	err := s.write(ctx, func(tx *tx) error {
		for _, k := range keys {
			var sealed any
			if k.Sealed != nil {
				sealed = k.Sealed
			}
			if _, err := tx.exec(ctx, insertRingKey, k.Ring, k.ID, k.Source, k.Algorithm, optionalText(k.KeyID), sealed,
				k.AddedAt, optional(k.WantedAt), optional(k.ActiveFrom)); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail(ctx, "add keys", err)
}

// WantRingKey says that a key that was never used is to be used.
func (s *Store) WantRingKey(ctx context.Context, ring, id string) error {
	_, err := s.writes.exec(ctx, wantRingKey, ring, id, s.now())
	return s.fail(ctx, "want a key", err)
}

// ActivateRingKey says from when a key is used. The first call counts.
func (s *Store) ActivateRingKey(ctx context.Context, ring, id string, from time.Time) error {
	_, err := s.writes.exec(ctx, activateRingKey, ring, id, from)
	return s.fail(ctx, "activate a key", err)
}

// RetireRingKey refuses a key from now on and destroys it, if it is in the database.
func (s *Store) RetireRingKey(ctx context.Context, ring, id string) error {
	_, err := s.writes.exec(ctx, retireRingKey, ring, id, s.now())
	return s.fail(ctx, "retire a key", err)
}

// MarkResealed says that nothing is left that another key of the ring has encrypted.
func (s *Store) MarkResealed(ctx context.Context, ring, id string) error {
	_, err := s.writes.exec(ctx, resealedRingKey, ring, id, s.now())
	return s.fail(ctx, "mark a key", err)
}

// SaveRingHolder says that a process runs, and which keys it holds.
func (s *Store) SaveRingHolder(ctx context.Context, h RingHolder) error {
	holds, err := json.Marshal(h.Holds)
	if err != nil {
		return err
	}
	_, err = s.writes.exec(ctx, saveHolder, h.ProcessID, h.Name, string(holds), h.SeenAt)
	return s.fail(ctx, "report the keys of a process", err)
}

// RingHolders returns the processes that have reported their keys since a time.
func (s *Store) RingHolders(ctx context.Context, since time.Time) ([]RingHolder, error) {
	holders, err := all(ctx, s.reads, func(row scanner) (h RingHolder, err error) {
		var holds string
		if err = row.Scan(&h.ProcessID, &h.Name, &holds, toTime{&h.SeenAt}); err == nil {
			err = json.Unmarshal([]byte(holds), &h.Holds)
		}
		return h, err
	}, selectHolders, since)
	return holders, s.fail(ctx, "read the keys of processes", err)
}

// ForgetRingHolder forgets a process that has stopped, and those that have not reported
// since a time.
func (s *Store) ForgetRingHolder(ctx context.Context, processID string, before time.Time) error {
	_, err := s.writes.exec(ctx, deleteHolder, processID, before)
	return s.fail(ctx, "forget the keys of a process", err)
}
