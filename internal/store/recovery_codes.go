package store

import (
	"context"
	"maps"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/ids"
)

const (
	deleteCodes = `DELETE FROM mfa_recovery_code WHERE auth_identity_id = $1`
	insertCode  = `INSERT INTO mfa_recovery_code (id, auth_identity_id, code_hash, created_at) VALUES ($1, $2, $3, $4)`
	useCode     = `DELETE FROM mfa_recovery_code WHERE auth_identity_id = $1 AND code_hash = $2`
	countCodes  = `SELECT COUNT(*) FROM mfa_recovery_code WHERE auth_identity_id = $1`

	selectRequiresFactor = `SELECT mfa_enabled_at IS NOT NULL FROM auth_identity WHERE id = $1 AND deleted_at IS NULL`
)

// ReplaceRecoveryCodes replaces all recovery codes of an identity, given by their
// hashes, and records the event. The same event again changes nothing. An identity without
// an enabled factor is [everlatch.CodeNotAllowed], a missing one [everlatch.ErrNotFound].
func (s *Store) ReplaceRecoveryCodes(ctx context.Context, identityID string, hashes []string, ev everlatch.Event) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, identityID, now); err != nil {
			return err
		}
		recorded, err := all(ctx, tx, scanEvent, selectEvent, ev.ID)
		if err != nil || len(recorded) > 0 {
			return err
		}
		required, err := first(ctx, tx, scanned[bool], selectRequiresFactor, identityID)
		if err != nil {
			return err
		}
		if !required {
			return refuse(everlatch.CodeNotAllowed, NoFactor)
		}
		if _, err := tx.exec(ctx, deleteCodes, identityID); err != nil {
			return err
		}
		for _, hash := range hashes {
			if _, err := tx.exec(ctx, insertCode, ids.New(ids.RecoveryCode, now), identityID, hash, now); err != nil {
				return err
			}
		}
		return recordEvents(ctx, tx, now, ev)
	})
	return s.fail(ctx, "replace recovery codes", err)
}

// UseRecoveryCode uses up a recovery code, given by its hashes under each key that it
// may have been stored with, and reports whether the identity had it: of several uses at
// once exactly one counts, and records the event with how many codes are left. The same
// event again counts, so that a repeated step gets the same answer.
func (s *Store) UseRecoveryCode(ctx context.Context, identityID string, hashes []string, ev everlatch.Event) (counts bool, err error) {
	now := s.now()
	err = s.write(ctx, func(tx *tx) error {
		counts = false
		for _, hash := range hashes {
			n, err := tx.exec(ctx, useCode, identityID, hash)
			if err != nil {
				return err
			}
			counts = counts || n > 0
		}
		if !counts {
			recorded, err := all(ctx, tx, scanEvent, selectEvent, ev.ID)
			counts = len(recorded) > 0
			return err
		}
		left, err := first(ctx, tx, scanned[int], countCodes, identityID)
		if err != nil {
			return err
		}
		ev.Data = maps.Clone(ev.Data)
		ev.Data["left"] = left
		return recordEvents(ctx, tx, now, ev)
	})
	return counts, s.fail(ctx, "use recovery code", err)
}

// RecoveryCodes counts the recovery codes that an identity has left.
func (s *Store) RecoveryCodes(ctx context.Context, identityID string) (int, error) {
	n, err := first(ctx, s.reads, scanned[int], countCodes, identityID)
	return n, s.fail(ctx, "count recovery codes", err)
}
