package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// livingActor is the actor of a link l, or NULL when its account is gone. An
// actor in a custom store is trusted: its removal ends its tokens and sessions.
const livingActor = `CASE l.actor_type
	WHEN 'customer' THEN (SELECT c.id FROM customer c WHERE c.id = l.actor_id AND c.deleted_at IS NULL)
	WHEN 'user' THEN (SELECT u.id FROM "user" u WHERE u.id = l.actor_id AND u.deleted_at IS NULL)
	ELSE (SELECT l.actor_id WHERE NOT EXISTS (SELECT 1 FROM actor_record r
		WHERE r.id = l.actor_id AND r.actor_type = l.actor_type AND r.deleted_at IS NOT NULL)) END`

const (
	standingColumns = `a.credential_version, ` + signInEnded + `$3), ` + signInUsedAt + `$3), ` + factorState + livingActor

	// factorState says whether the identity is disabled and since when it needs a second
	// factor.
	factorState = `a.disabled_at IS NOT NULL, a.mfa_enabled_at, a.mfa_enabled_by, `

	fromStanding = `
	FROM auth_identity a
	LEFT JOIN actor_link l ON l.auth_identity_id = a.id AND l.actor_type = $2
	WHERE a.id = $1 AND a.deleted_at IS NULL`

	selectStanding = `SELECT ` + standingColumns + fromStanding

	// One row for each address of the customer, or one without. Its customer lives, so
	// there is nothing to ask about the actor again.
	selectCustomerStanding = `SELECT a.credential_version, ` + signInEnded + `$2), ` + signInUsedAt + `$2), ` + factorState + `c.id,
		` + customerColumns + `, ` + addressColumns + `
	FROM auth_identity a
	JOIN actor_link l ON l.auth_identity_id = a.id AND l.actor_type = 'customer'
	JOIN customer c ON c.id = l.actor_id AND c.deleted_at IS NULL
	LEFT JOIN customer_address d ON d.customer_id = c.id AND d.deleted_at IS NULL
	WHERE a.id = $1 AND a.deleted_at IS NULL
	ORDER BY d.id`
	selectStandingAccess = `SELECT ` + standingColumns + `, ` + linkedAccess + fromStanding
)

// Standing returns the current state of an identity as an actor of a type; every
// authenticated request reads it (docs/weak-spots.md#w14, #w25, #w32). ActorID is
// "" if no actor is linked or its account was removed. signInID is the sign-in that
// the caller rests on, "" for none. A missing identity is
// [everlatch.ErrNotFound].
func (s *Store) Standing(ctx context.Context, identityID, actorType, signInID string) (everlatch.Standing, error) {
	standing, err := first(ctx, s.reads, scanStanding, selectStanding, identityID, actorType, signInID)
	return standing, s.fail(ctx, "read standing", noRows(err, notFound("AuthIdentity", identityID)))
}

// StandingWithAccess is [Store.Standing] with the actor's current permissions: a
// granted or revoked role takes effect with the next request
// (docs/weak-spots.md#w38). It is still one query.
func (s *Store) StandingWithAccess(ctx context.Context, identityID, actorType, signInID string) (everlatch.Standing, error) {
	standing, err := first(ctx, s.reads, scanStandingAccess, selectStandingAccess, identityID, actorType, signInID)
	return standing, s.fail(ctx, "read standing", noRows(err, notFound("AuthIdentity", identityID)))
}

// StandingWithCustomer is [Store.Standing] as a customer, with the account as
// [Store.Customer] returns it, in one query. Without a live account it is nil.
func (s *Store) StandingWithCustomer(ctx context.Context, identityID, signInID string) (everlatch.Standing, *everlatch.Customer, error) {
	var standing everlatch.Standing
	customer, found, err := readCustomer(ctx, s.reads, standingFields(&standing), selectCustomerStanding, identityID, signInID)
	if err != nil {
		return everlatch.Standing{}, nil, s.fail(ctx, "read standing", err)
	}
	if !found {
		standing, err := s.Standing(ctx, identityID, everlatch.ActorCustomer, signInID)
		return standing, nil, err
	}
	return standing, &customer, nil
}

func scanStandingAccess(row scanner) (standing everlatch.Standing, err error) {
	err = row.Scan(append(standingFields(&standing), toRoles{&standing.Access}, toPermissions{&standing.Access})...)
	return standing, err
}

func scanStanding(row scanner) (standing everlatch.Standing, err error) {
	err = row.Scan(standingFields(&standing)...)
	return standing, err
}

// standingFields scans standingColumns.
func standingFields(s *everlatch.Standing) []any {
	return []any{
		&s.CredentialVersion,
		&s.SignInEnded,
		toTime{&s.SignInUsedAt},
		&s.Disabled,
		toTime{&s.MFAEnabledAt},
		&s.MFAEnabledBy,
		toText{&s.ActorID},
	}
}
