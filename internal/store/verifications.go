package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

const (
	// A verified address stays verified: a request changes nothing about it.
	upsertVerification = `INSERT INTO auth_verification (id, auth_identity_id, entity_id, entity_key, entity_type,
			code_provider, code_hash, request_id, requested_at, expires_at, metadata, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, NULLIF($7, ''), $8, $9, $10, $11, $9, $9)
		ON CONFLICT (auth_identity_id, entity_type, entity_key) DO UPDATE SET
			code_provider = excluded.code_provider, code_hash = excluded.code_hash, request_id = excluded.request_id,
			requested_at = excluded.requested_at, expires_at = excluded.expires_at, updated_at = excluded.updated_at
		WHERE auth_verification.verified_at IS NULL`

	confirmVerification = `UPDATE auth_verification SET verified_at = $3, updated_at = $3
		WHERE id = $1 AND request_id = $2 AND verified_at IS NULL`

	// What its owner has verified, the identity has proven: they were signed in.
	setVerifiedAddress = `UPDATE provider_identity SET verified_email = entity_key
		WHERE auth_identity_id = $1 AND entity_key = $2 AND deleted_at IS NULL AND verified_email IS NULL`

	verificationColumns = `v.id, v.auth_identity_id, v.entity_id, v.entity_type, v.code_provider, v.verified_at,
		v.requested_at, v.expires_at, v.metadata, v.created_at, v.updated_at, v.request_id`
	selectVerifications = `SELECT ` + verificationColumns + `
		FROM auth_verification v JOIN auth_identity a ON a.id = v.auth_identity_id AND a.deleted_at IS NULL`
	selectVerification       = selectVerifications + ` WHERE v.id = $1`
	selectVerificationByCode = selectVerifications + ` WHERE v.code_hash = $1`
	selectVerificationOf     = selectVerifications + ` WHERE v.auth_identity_id = $1 AND v.entity_type = $2 AND v.entity_key = $3`
	selectVerificationsOf    = selectVerifications + ` WHERE v.auth_identity_id = $1 ORDER BY v.id`
)

// NewVerification is a request for a code. Of the record, its id, identity, address,
// code provider, times of request and expiry, and metadata are read.
type NewVerification struct {
	everlatch.Verification

	// RequestID names the request, so that a retry finds its own work.
	RequestID string
	// CodeHash is the keyed hash under which the code is found, "" for a code that only
	// the identity itself may confirm.
	CodeHash string
	Event    everlatch.Event
}

type storedVerification struct {
	everlatch.Verification

	requestID string
}

// RequestVerification stores a request, in the place of an earlier one for the same
// address of the identity, and records its event. It returns the record; that of a
// verified address is left as it is. The same request again changes nothing. A missing
// identity is [everlatch.ErrNotFound].
func (s *Store) RequestVerification(ctx context.Context, v NewVerification) (everlatch.Verification, error) {
	now := s.now()
	var out storedVerification
	err := s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, v.AuthIdentityID, now); err != nil {
			return err
		}
		var err error
		out, err = first(ctx, tx, scanVerification, selectVerificationOf, v.AuthIdentityID, v.EntityType, emailKey(v.EntityID))
		if err == nil && (out.requestID == v.RequestID || out.Verified()) {
			return nil
		}
		if noRows(err, nil) != nil {
			return err
		}
		if _, err := tx.exec(ctx, upsertVerification, v.ID, v.AuthIdentityID, v.EntityID, emailKey(v.EntityID), v.EntityType,
			v.CodeProvider, v.CodeHash, v.RequestID, v.RequestedAt, v.ExpiresAt, v.Metadata); err != nil {
			return err
		}
		out, err = first(ctx, tx, scanVerification, selectVerificationOf, v.AuthIdentityID, v.EntityType, emailKey(v.EntityID))
		if err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, v.Event)
	})
	return out.Verification, s.fail(ctx, "request verification", err)
}

// Confirmation says that the code of a request was presented.
type Confirmation struct {
	IdentityID, VerificationID string
	// RequestID is the request that the code belongs to.
	RequestID string
	// Proves says that the identity itself has presented the code. An e-mail address is
	// then proven for it; a code that is presented without a sign-in says only
	// that they read the address (docs/proof.md).
	Proves bool
	Event  everlatch.Event
}

// ConfirmVerification makes an address verified and records the event: of several
// confirmations exactly one does. The same confirmation again returns the same. A request
// that a newer one has replaced, and a missing identity, are [everlatch.ErrNotFound].
func (s *Store) ConfirmVerification(ctx context.Context, c Confirmation) (everlatch.Verification, error) {
	now := s.now()
	var out storedVerification
	err := s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, c.IdentityID, now); err != nil {
			return err
		}
		n, err := tx.exec(ctx, confirmVerification, c.VerificationID, c.RequestID, now)
		if err != nil {
			return err
		}
		absent := refuse(everlatch.CodeNotFound, VerificationUnknown)
		out, err = first(ctx, tx, scanVerification, selectVerification, c.VerificationID)
		switch {
		case err != nil:
			return noRows(err, absent)
		case out.AuthIdentityID != c.IdentityID, out.requestID != c.RequestID:
			return absent
		case n == 0:
			return nil
		}
		if c.Proves && out.EntityType == everlatch.EntityEmail {
			if _, err := tx.exec(ctx, setVerifiedAddress, c.IdentityID, emailKey(out.EntityID)); err != nil {
				return err
			}
		}
		return recordEvents(ctx, tx, now, c.Event)
	})
	return out.Verification, s.fail(ctx, "confirm verification", err)
}

// Verification returns a record by its id, or [everlatch.ErrNotFound].
func (s *Store) Verification(ctx context.Context, id string) (everlatch.Verification, error) {
	found, err := first(ctx, s.reads, scanVerification, selectVerification, id)
	return found.Verification, s.fail(ctx, "read verification", noRows(err, refuse(everlatch.CodeNotFound, VerificationUnknown)))
}

// VerificationByCode returns the request of the code with a keyed hash, whether it is
// open, used or expired, or [everlatch.ErrNotFound].
func (s *Store) VerificationByCode(ctx context.Context, hash string) (everlatch.Verification, error) {
	found, err := first(ctx, s.reads, scanVerification, selectVerificationByCode, hash)
	return found.Verification, s.fail(ctx, "find verification", noRows(err, refuse(everlatch.CodeNotFound, VerificationUnknown)))
}

// Verifications returns the verified and requested addresses of an identity, in the order
// of their first requests.
func (s *Store) Verifications(ctx context.Context, identityID string) ([]everlatch.Verification, error) {
	found, err := all(ctx, s.reads, scanVerification, selectVerificationsOf, identityID)
	out := make([]everlatch.Verification, len(found))
	for i, v := range found {
		out[i] = v.Verification
	}
	return out, s.fail(ctx, "read verifications", err)
}

func scanVerification(row scanner) (v storedVerification, err error) {
	err = row.Scan(&v.ID, &v.AuthIdentityID, &v.EntityID, &v.EntityType, &v.CodeProvider, toTime{&v.VerifiedAt},
		toTime{&v.RequestedAt}, toTime{&v.ExpiresAt}, toMetadata{&v.Metadata}, toTime{&v.CreatedAt}, toTime{&v.UpdatedAt}, &v.requestID)
	return v, err
}
