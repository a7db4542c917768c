package store

import (
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
)

const (
	insertInvite = `INSERT INTO invite (id, email, email_key, token_hash, expires_at, roles, metadata, for_first_user, workflow_id,
			created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
		ON CONFLICT DO NOTHING`
	discardInvite = `DELETE FROM invite WHERE id = $1`

	userHasEmail = `SELECT EXISTS (SELECT 1 FROM "user" WHERE email_key = $1 AND deleted_at IS NULL)`

	resendInvite = `UPDATE invite SET token_hash = $2, expires_at = $3, updated_at = $4
		WHERE id = $1 AND accepted = FALSE AND deleted_at IS NULL`

	// Only one caller can change the row, so an invite is accepted once.
	acceptInvite = `UPDATE invite SET accepted = TRUE, accepted_by = $4, deleted_at = $5, updated_at = $5
		WHERE ` + proven + ` AND expires_at > $5 AND ` + firstUserOnly + `$4))`
	acceptedInvite = `SELECT EXISTS (SELECT 1 FROM invite WHERE id = $1 AND accepted = TRUE AND accepted_by = $2)`
	reopenInvite   = `UPDATE invite SET accepted = FALSE, accepted_by = '', deleted_at = NULL, updated_at = $3
		WHERE id = $1 AND accepted = TRUE AND accepted_by = $2`

	revokeInvite = `UPDATE invite SET deleted_at = $2, updated_at = $2 WHERE id = $1 AND deleted_at IS NULL`
)

// CreateInvite stores an invite with the given id and the hash of its token's
// id, and records an event, which stays unreleased unless it is marked as
// released. The same id again returns the stored invite. An address that a user
// has, or for which there is an invite, expired or not, is
// [everlatch.CodeInvalidData] (docs/contract.md#s4-6).
func (s *Store) CreateInvite(ctx context.Context, i everlatch.Invite, tokenID string, ev everlatch.Event) (everlatch.Invite, error) {
	if tokenID == "" || emailKey(i.Email) == "" {
		return everlatch.Invite{}, errors.New("create invite: a token and an address are needed")
	}
	roles, err := asTexts(i.Roles)
	if err != nil {
		return everlatch.Invite{}, err
	}
	now := s.now()
	var stored everlatch.Invite
	err = s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, insertInvite, i.ID, i.Email, emailKey(i.Email), tokenHash(tokenID),
			i.ExpiresAt, roles, i.Metadata, i.ForFirstUser, i.WorkflowID, now)
		if err != nil {
			return err
		}
		if n == 0 { // an earlier run has stored it, or there is another
			stored, err = inviteKind.find(ctx, tx, i.ID, errInvited(i.Email))
			if !errors.Is(err, errInvited(i.Email)) {
				return err
			}
		}
		switch taken, err := first(ctx, tx, scanned[bool], userHasEmail, emailKey(i.Email)); {
		case err != nil:
			return err
		case taken:
			return errUserExists(i.Email)
		case n == 0:
			return errInvited(i.Email)
		}
		if stored, err = inviteKind.find(ctx, tx, i.ID, errInvited(i.Email)); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, ev)
	})
	if err != nil {
		return everlatch.Invite{}, s.fail(ctx, "create invite", err)
	}
	return stored, nil
}

func errInvited(email string) error {
	return refuse(everlatch.CodeInvalidData, InviteTaken, "email", email)
}

func errUserExists(email string) error {
	return refuse(everlatch.CodeInvalidData, InvitedUserExists, "email", email)
}

// DiscardInvite undoes [Store.CreateInvite]: it deletes the row permanently, with
// the unreleased events of the flow. A missing invite is no error.
func (s *Store) DiscardInvite(ctx context.Context, id, groupID string) error {
	return s.discard(ctx, "discard invite", discardInvite, id, groupID)
}

// ResendInvite gives an invite a new token and expiry and records an event. The
// previous token becomes invalid. An invite that was accepted, was revoked or
// never existed is [everlatch.CodeInvalidData] (docs/contract.md#s4-6).
func (s *Store) ResendInvite(ctx context.Context, id, tokenID string, expiresAt time.Time, ev everlatch.Event) (everlatch.Invite, error) {
	if tokenID == "" {
		return everlatch.Invite{}, errors.New("resend invite: a token is needed")
	}
	now := s.now()
	var stored everlatch.Invite
	err := s.write(ctx, func(tx *tx) error {
		if _, err := tx.exec(ctx, resendInvite, id, tokenHash(tokenID), expiresAt, now); err != nil {
			return err
		}
		var err error
		stored, err = inviteKind.find(ctx, tx, id, refuse(everlatch.CodeInvalidData, InviteUnknown, "id", id))
		if err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, ev)
	})
	return stored, s.fail(ctx, "resend invite", err)
}

// AcceptInvite ends an invite for the user created from it, and records an
// event. It is one conditional statement: of several concurrent callers one
// succeeds, and the others are refused as in [Store.ProvenInvite]. Repeating it
// for the same user is no error.
func (s *Store) AcceptInvite(ctx context.Context, p everlatch.InviteProof, userID string, ev everlatch.Event) error {
	if userID == "" {
		return errors.New("accept invite: a user is needed")
	}
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		if p.TokenID == "" && p.Email == "" {
			return errInviteInvalid()
		}
		n, err := tx.exec(ctx, acceptInvite, p.InviteID, tokenHash(p.TokenID), emailKey(p.Email), userID, now)
		if err != nil {
			return err
		}
		if n > 0 {
			if p.TokenID != "" { // it was mailed to the address
				if _, err := tx.exec(ctx, verifyInvited, ev.AuthIdentityID, p.InviteID); err != nil {
					return err
				}
			}
			return recordEvents(ctx, tx, now, ev)
		}
		already, err := first(ctx, tx, scanned[bool], acceptedInvite, p.InviteID, userID)
		if err != nil || already {
			return err
		}
		if _, err = provenInvite(ctx, tx, p, now); err == nil {
			err = errInviteInvalid() // reopened at the same time
		}
		return err
	})
	return s.fail(ctx, "accept invite", err)
}

// ReopenInvite undoes [Store.AcceptInvite] of the same user. An invite that
// another user accepted, or whose address has a newer invite, stays unchanged.
func (s *Store) ReopenInvite(ctx context.Context, id, userID string) error {
	_, err := s.writes.exec(ctx, reopenInvite, id, userID, s.now())
	if isUnique(err) {
		return nil
	}
	return s.fail(ctx, "reopen invite", err)
}

// RevokeInvite ends an invite and records an event. An invite that is accepted,
// revoked or missing is no error and records no event (docs/contract.md#s4-6).
func (s *Store) RevokeInvite(ctx context.Context, id string, ev everlatch.Event) error {
	now := s.now()
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, revokeInvite, id, now)
		if err != nil || n == 0 {
			return err
		}
		return recordEvents(ctx, tx, now, ev)
	})
	return s.fail(ctx, "revoke invite", err)
}
