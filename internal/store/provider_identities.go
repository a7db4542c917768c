package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

// NewCredential is an additional sign-in method of an existing identity. The
// caller generates the id, so that a retry finds its own row.
type NewCredential struct {
	ID, IdentityID                 string
	Provider, EntityID, EntityKey  string
	UserMetadata, ProviderMetadata everlatch.Metadata
	// VerifiedEmail is the address that the provider has verified, "" for none.
	VerifiedEmail string
	// Typed is as in [NewIdentity].
	Typed bool
	// Address says that EntityID is an address that the user typed. The identity must
	// have proven it (docs/proof.md).
	Address bool
	// Most is how many credentials of the provider an identity can have; 0 is one.
	Most int
	// Counter is the first signature counter of a passkey.
	Counter int64
	Event   everlatch.Event
}

// AddCredential adds a sign-in method to an identity (docs/weak-spots.md#w17).
// The same id again changes nothing. A credential that another identity has is
// [everlatch.ErrDuplicate]; one more of the same provider than Most is
// [everlatch.CodeNotAllowed], usually the second one, because users and password resets
// name a credential by its provider, and so is an address that the identity hasn't proven;
// a missing identity is [everlatch.ErrNotFound].
func (s *Store) AddCredential(ctx context.Context, in NewCredential) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error { return addCredential(ctx, tx, in, now) })
	return s.fail(ctx, "add credential", err)
}

func addCredential(ctx context.Context, tx *tx, in NewCredential, now time.Time) error {
	if err := lockIdentity(ctx, tx, in.IdentityID, now); err != nil {
		return err
	}
	present, err := all(ctx, tx, scanProvider, selectProvidersOf, in.IdentityID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(present, func(p everlatch.ProviderIdentity) bool { return p.ID == in.ID }) {
		return nil
	}
	if err := in.checkRoom(present); err != nil {
		return err
	}
	if in.Address {
		if !HasProven(present, in.EntityID) {
			return errUnproven()
		}
		in.VerifiedEmail = in.EntityID
	}
	return insertCredential(ctx, tx, in, now)
}

// insertCredential adds a credential to an identity that is locked or new.
func insertCredential(ctx context.Context, tx *tx, in NewCredential, now time.Time) error {
	n, err := tx.exec(ctx, insertProviderIdentity, in.ID, in.IdentityID, in.Provider, in.EntityID, in.EntityKey,
		in.UserMetadata, in.ProviderMetadata, now, emailKey(in.VerifiedEmail))
	if err == nil && n == 0 {
		err = errTaken()
	}
	if err != nil {
		return err
	}
	if err := checkTyped(ctx, tx, in.Typed, in.EntityID, in.EntityKey, now); err != nil {
		return err
	}
	if in.Counter > 0 {
		if _, err := tx.exec(ctx, setCounter, in.ID, in.Counter); err != nil {
			return err
		}
	}
	return recordEvents(ctx, tx, now, in.Event)
}

// checkRoom refuses one credential of a provider too many.
func (in NewCredential) checkRoom(present []everlatch.ProviderIdentity) error {
	same := 0
	for _, p := range present {
		if p.Provider == in.Provider {
			same++
		}
	}
	switch {
	case in.Most == 0 && same > 0:
		return refuse(everlatch.CodeNotAllowed, ProviderAlreadyUsed, "provider", in.Provider)
	case in.Most > 0 && same >= in.Most:
		return refuse(everlatch.CodeNotAllowed, everlatch.ReasonPasskeysFull, "most", strconv.Itoa(in.Most))
	}
	return nil
}

// DiscardCredential undoes [Store.AddCredential]. One that does not exist is no
// error.
func (s *Store) DiscardCredential(ctx context.Context, id string) error {
	_, err := s.writes.exec(ctx, deleteCredential, id)
	return s.fail(ctx, "discard credential", err)
}

const deleteCredential = `DELETE FROM provider_identity WHERE id = $1`

const deleteSessionsBy = `DELETE FROM session WHERE auth_identity_id = $1 AND auth_provider = $2` + returningSession

// RemoveCredential removes a sign-in method from an identity and ends the
// sessions that began with it and, by the credential version, all tokens. Other
// sessions continue. The last credential is never removed
// ([everlatch.CodeNotAllowed]), even with concurrent removals. A credential that
// the identity does not have is [everlatch.ErrNotFound]; repeating the removal
// with the same event is no error.
func (s *Store) RemoveCredential(ctx context.Context, identityID, id string, ev everlatch.Event) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, identityID, now); err != nil {
			return err
		}
		present, err := all(ctx, tx, scanProvider, selectProvidersOf, identityID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(present, func(p everlatch.ProviderIdentity) bool { return p.ID == id })
		switch {
		case i < 0:
			_, err := first(ctx, tx, scanEvent, selectEvent, ev.ID)
			return noRows(err, notFound("ProviderIdentity", id))
		case len(present) == 1:
			return refuse(everlatch.CodeNotAllowed, LastCredential)
		}
		return removeCredential(ctx, tx, present[i], ev, now)
	})
	return s.fail(ctx, "remove credential", err)
}

func removeCredential(ctx context.Context, tx *tx, p everlatch.ProviderIdentity, ev everlatch.Event, now time.Time) error {
	if _, err := tx.exec(ctx, deleteCredential, p.ID); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, endActorTokens, p.AuthIdentityID, now); err != nil {
		return err
	}
	ended := ending{group: ev.GroupID, reason: "identity_unlinked"}
	if err := endSessions(ctx, tx, now, ended, deleteSessionsBy, p.AuthIdentityID, p.Provider); err != nil {
		return err
	}
	if _, err := tx.exec(ctx, carrySessions, p.AuthIdentityID); err != nil {
		return err
	}
	return recordEvents(ctx, tx, now, ev)
}

// IdentitiesByEmail returns the ids of the live identities for which a provider
// has verified the address.
func (s *Store) IdentitiesByEmail(ctx context.Context, email string, providers []string) ([]string, error) {
	if email == "" || len(providers) == 0 {
		return nil, nil
	}
	var where conditions
	where.add("p.verified_email = %s", emailKey(email))
	where.in("p.provider", providers)
	found, err := all(ctx, adhoc{s.reads}, scanned[string], `SELECT DISTINCT a.id
		FROM provider_identity p
		JOIN auth_identity a ON a.id = p.auth_identity_id AND a.deleted_at IS NULL
		WHERE p.deleted_at IS NULL AND `+strings.Join(where.text, " AND "), where.args...)
	return found, s.fail(ctx, "find identities by email", err)
}
