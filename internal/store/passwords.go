package store

import (
	"context"
	"errors"

	"github.com/everlatch/everlatch"
)

// CredentialChange replaces the data that a provider stores about an identity.
type CredentialChange struct {
	IdentityID, ProviderIdentityID string
	// SeenVersion is the credential version under which the change was granted.
	SeenVersion int64
	// ProviderMetadata replaces the stored metadata.
	ProviderMetadata everlatch.Metadata
	// Proves says that the caller opened a link that was mailed to the address of the
	// credential. It is proven from now on, and if the identity hadn't proven it, the
	// identity's other credentials end with the change (docs/proof.md).
	Proves bool
	// Event is recorded with the change. Its id identifies a repetition.
	Event everlatch.Event
}

const changeCredential = `UPDATE auth_identity
	SET credential_version = credential_version + 1, updated_at = $3, last_used_at = $3
	WHERE id = $1 AND credential_version = $2 AND deleted_at IS NULL`

// ChangeCredential replaces a credential and ends everything that was issued
// under the old one: tokens and open resets by the credential version, sessions
// by deletion (docs/weak-spots.md#w25). Of several changes granted under one
// version, one succeeds; the others are [everlatch.ErrConflict], as is a change
// to a missing identity. Repeating the same change is no error.
func (s *Store) ChangeCredential(ctx context.Context, c CredentialChange) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, changeCredential, c.IdentityID, c.SeenVersion, now)
		if err != nil {
			return err
		}
		if n == 0 {
			_, err := first(ctx, tx, scanEvent, selectEvent, c.Event.ID)
			return noRows(err, errChanged("credentials"))
		}
		n, err = tx.exec(ctx, `UPDATE provider_identity SET provider_metadata = $3, updated_at = $4
			WHERE id = $1 AND auth_identity_id = $2 AND deleted_at IS NULL`,
			c.ProviderIdentityID, c.IdentityID, c.ProviderMetadata, now)
		if err == nil && n == 0 {
			err = notFound("ProviderIdentity", c.ProviderIdentityID)
		}
		if err != nil {
			return err
		}
		if c.Proves {
			if err := prove(ctx, tx, c, now); err != nil {
				return err
			}
		}
		ended := ending{group: c.Event.GroupID, reason: "password_changed"}
		if err := endSessions(ctx, tx, now, ended, deleteSessionsOf, c.IdentityID); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, c.Event)
	})
	return s.fail(ctx, "change credential", err)
}

// RecordEvent records a released event without any other change, such as a
// sign-in.
func (s *Store) RecordEvent(ctx context.Context, e everlatch.Event) error {
	if e.ID == "" {
		return errors.New("record event: an id is needed")
	}
	now := s.now()
	if e.ReleasedAt == nil {
		e.ReleasedAt = &now
	}
	err := recordEvents(ctx, s.writes, now, e)
	s.tellReleased()
	return s.fail(ctx, "record event", err)
}
