package store

import (
	"context"
	"slices"
	"time"

	"github.com/everlatch/everlatch"
)

// An address is proven for an identity when one of its credentials has it as its
// VerifiedEmail: the provider vouches for it, or its owner opened a link in a mail.
// docs/proof.md has the table of who proves what.

const (
	setVerified = `UPDATE provider_identity SET verified_email = $2 WHERE id = $1 AND deleted_at IS NULL`

	// What an invite that was mailed proves for the identity that accepts it.
	verifyInvited = `UPDATE provider_identity SET verified_email = entity_key
		WHERE auth_identity_id = $1 AND deleted_at IS NULL AND verified_email IS NULL
		AND entity_key = (SELECT email_key FROM invite WHERE id = $2 AND for_first_user = FALSE)`

	selectUnproven = `SELECT ` + providerColumns + ` FROM provider_identity p
		JOIN auth_identity a ON a.id = p.auth_identity_id AND a.deleted_at IS NULL
		WHERE p.entity_key = $1 AND p.deleted_at IS NULL AND NOT EXISTS (
			SELECT 1 FROM provider_identity o WHERE o.auth_identity_id = p.auth_identity_id AND o.deleted_at IS NULL
			AND o.verified_email = $1)
		ORDER BY p.id`
)

// HasProven reports whether one of the credentials of an identity proves an address.
func HasProven(credentials []everlatch.ProviderIdentity, email string) bool {
	return slices.ContainsFunc(credentials, func(p everlatch.ProviderIdentity) bool {
		return p.VerifiedEmail != "" && SameEmail(p.VerifiedEmail, email)
	})
}

func errUnproven() error {
	return refuse(everlatch.CodeNotAllowed, AddressUnproven)
}

// UnprovenCredentials returns the credentials with an address that their identities
// haven't proven, in the order of their ids.
func (s *Store) UnprovenCredentials(ctx context.Context, email string) ([]everlatch.ProviderIdentity, error) {
	if emailKey(email) == "" {
		return nil, nil
	}
	found, err := all(ctx, s.reads, scanProvider, selectUnproven, emailKey(email))
	return found, s.fail(ctx, "find unproven credentials", err)
}

// TakeOver gives an identity that was registered with an unproven address to the
// owner of the address, whom a provider vouches for: it adds their credential, and
// removes every other one together with all tokens and sessions, because another
// person may hold them. The same id again changes nothing. An identity that has proven
// the address in the meantime is [everlatch.ErrConflict]; a credential that another
// identity has is [everlatch.ErrDuplicate].
func (s *Store) TakeOver(ctx context.Context, in NewCredential, actorType string) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		if err := lockIdentity(ctx, tx, in.IdentityID, now); err != nil {
			return err
		}
		present, err := all(ctx, tx, scanProvider, selectProvidersOf, in.IdentityID)
		if err != nil {
			return err
		}
		switch {
		case slices.ContainsFunc(present, func(p everlatch.ProviderIdentity) bool { return p.ID == in.ID }):
			return nil
		case HasProven(present, in.VerifiedEmail):
			return errChanged("credentials")
		}
		prover := eviction{email: in.VerifiedEmail, actorType: actorType, group: in.Event.GroupID}
		if err := prover.evict(ctx, tx, present, now); err != nil {
			return err
		}
		n, err := tx.exec(ctx, insertProviderIdentity, in.ID, in.IdentityID, in.Provider, in.EntityID, in.EntityKey,
			in.UserMetadata, in.ProviderMetadata, now, emailKey(in.VerifiedEmail))
		if err == nil && n == 0 {
			err = errTaken()
		}
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, endActorTokens, in.IdentityID, now); err != nil {
			return err
		}
		ended := ending{group: in.Event.GroupID, reason: "address_proven"}
		if err := endSessions(ctx, tx, now, ended, deleteSessionsOf, in.IdentityID); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, in.Event)
	})
	return s.fail(ctx, "take over", err)
}

// eviction is what the owner of an address ends when they prove it for an identity
// that hadn't.
type eviction struct {
	// email is the proven address, which is told what was removed.
	email     string
	actorType string
	// group is the flow that releases the events.
	group string
	// keep is the id of the credential that the proof belongs to.
	keep string
}

// evict removes credentials: who has them hasn't proven the address.
func (e eviction) evict(ctx context.Context, tx *tx, present []everlatch.ProviderIdentity, now time.Time) error {
	for _, p := range present {
		if p.ID == e.keep {
			continue
		}
		if _, err := tx.exec(ctx, deleteCredential, p.ID); err != nil {
			return err
		}
		event := newEvent(now, everlatch.EventIdentityUnlinked, e.group, p.AuthIdentityID, everlatch.Metadata{
			"auth_identity_id": p.AuthIdentityID, "provider_identity_id": p.ID, "provider": p.Provider, "entity_id": p.EntityID,
			"actor_type": e.actorType, "email": e.email,
		})
		event.ReleasedAt = nil // released with its flow
		if err := recordEvents(ctx, tx, now, event); err != nil {
			return err
		}
	}
	return nil
}

// prove notes that the owner of a mailbox opened the link of a reset for a credential.
// If the identity hadn't proven the address until then, its other credentials end.
func prove(ctx context.Context, tx *tx, c CredentialChange, now time.Time) error {
	present, err := all(ctx, tx, scanProvider, selectProvidersOf, c.IdentityID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(present, func(p everlatch.ProviderIdentity) bool { return p.ID == c.ProviderIdentityID })
	if i < 0 {
		return nil // which the change itself refuses
	}
	email := present[i].EntityID
	if !HasProven(present, email) {
		actorType, _ := c.Event.Data["actor_type"].(string)
		prover := eviction{email: email, actorType: actorType, group: c.Event.GroupID, keep: c.ProviderIdentityID}
		if err := prover.evict(ctx, tx, present, now); err != nil {
			return err
		}
	}
	_, err = tx.exec(ctx, setVerified, c.ProviderIdentityID, emailKey(email))
	return err
}
