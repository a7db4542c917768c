package store

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

const (
	insertSession = `INSERT INTO session (id, secret_hash, auth_identity_id, auth_provider, actor_type, actor_id,
			credential_version, mfa_enabled, mfa_completed_at, authenticated_at, user_metadata,
			created_at, idle_expires_at, expires_at, sign_in_id, amr)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
		ON CONFLICT (id) DO NOTHING`

	// One row for each link of the identity, or one without.
	sessionColumns = `s.id, s.auth_identity_id, s.auth_provider, s.actor_type, s.actor_id,
			s.credential_version, s.mfa_enabled, s.mfa_completed_at, s.authenticated_at, s.user_metadata,
			s.created_at, s.idle_expires_at, s.expires_at, s.sign_in_id, s.amr,
			a.credential_version, ` + signInEnded + `s.sign_in_id), ` + signInUsedAt + `s.sign_in_id),
			` + factorState + `l.actor_type, l.actor_id, ` + livingActor
	fromSession = `
		FROM session s
		JOIN auth_identity a ON a.id = s.auth_identity_id AND a.deleted_at IS NULL
		LEFT JOIN actor_link l ON l.auth_identity_id = a.id
		WHERE s.secret_hash = $1 AND s.idle_expires_at > $2 AND s.expires_at > $2`

	selectSession       = `SELECT ` + sessionColumns + fromSession
	selectSessionAccess = `SELECT ` + sessionColumns + `, ` + linkedAccess + fromSession

	// Use never shortens a session and never carries it past its absolute end.
	touchSession = `UPDATE session
		SET idle_expires_at = CASE WHEN expires_at < $2 THEN expires_at ELSE $2 END
		WHERE id = $1 AND idle_expires_at > $3 AND idle_expires_at < $2`

	stepUpSession = `UPDATE session SET mfa_enabled = $2, mfa_completed_at = $3, amr = $4 WHERE id = $1`

	returningSession = ` RETURNING id, auth_identity_id, actor_type, actor_id`

	deleteSession = `DELETE FROM session WHERE secret_hash = $1` + returningSession

	deleteSessionsOf = `DELETE FROM session WHERE auth_identity_id = $1` + returningSession
)

// CreateSession stores a session under the hash of its cookie's secret. The
// same id again changes nothing. A missing identity is [everlatch.ErrNotFound].
//
// The session keeps the actor and the credential version of its principal:
// [Store.Session] tells whether they are still valid (docs/weak-spots.md#w32).
func (s *Store) CreateSession(ctx context.Context, session everlatch.Session, secretHash string) error {
	p := session.Principal
	if session.IdleExpiresAt.After(session.ExpiresAt) {
		session.IdleExpiresAt = session.ExpiresAt
	}
	if session.CreatedAt.IsZero() {
		session.CreatedAt = s.now()
	}
	_, err := s.writes.exec(ctx, insertSession, session.ID, secretHash, p.AuthIdentityID, p.AuthProvider, p.ActorType,
		p.ActorID, p.CredentialVersion, p.MFAEnabled, optional(p.MFACompletedAt), optional(p.AuthenticatedAt), p.UserMetadata,
		session.CreatedAt, session.IdleExpiresAt, session.ExpiresAt, cmp.Or(p.SignInID, session.ID), strings.Join(p.AMR, " "))
	if isForeignKey(err) {
		err = notFound("AuthIdentity", p.AuthIdentityID)
	}
	return s.fail(ctx, "create session", err)
}

// Session returns the session of a secret with the current state of its
// identity; its principal has the current links. A session that has expired or
// was ended, or whose identity is gone, is [everlatch.ErrNotFound].
func (s *Store) Session(ctx context.Context, secretHash string) (everlatch.Session, everlatch.Standing, error) {
	return s.session(ctx, scanSession, selectSession, secretHash)
}

// SessionWithAccess is [Store.Session] with the actor's current permissions
// (docs/weak-spots.md#w38), still in one query.
func (s *Store) SessionWithAccess(ctx context.Context, secretHash string) (everlatch.Session, everlatch.Standing, error) {
	return s.session(ctx, scanSessionAccess, selectSessionAccess, secretHash)
}

func (s *Store) session(
	ctx context.Context, scan func(scanner) (sessionRow, error), text, secretHash string,
) (everlatch.Session, everlatch.Standing, error) {
	rows, err := all(ctx, s.reads, scan, text, secretHash, s.now())
	if err == nil && len(rows) == 0 {
		err = refuse(everlatch.CodeNotFound, SessionEnded)
	}
	if err != nil {
		return everlatch.Session{}, everlatch.Standing{}, s.fail(ctx, "read session", err)
	}
	session, standing := rows[0].Session, rows[0].standing
	session.Principal.Links = map[string]string{}
	for _, row := range rows {
		if row.actorType != "" {
			session.Principal.Links[row.actorType] = row.actorID
		}
		if row.actorType == session.Principal.ActorType {
			standing.ActorID, standing.Access = row.living, row.access
		}
	}
	return session, standing, nil
}

// sessionRow is a session with one of the links of its identity, or none.
type sessionRow struct {
	everlatch.Session
	standing                   everlatch.Standing // of the identity, without its actor
	actorType, actorID, living string
	access                     everlatch.Access
}

func scanSession(row scanner) (r sessionRow, err error) {
	err = row.Scan(sessionFields(&r)...)
	return r, err
}

func scanSessionAccess(row scanner) (r sessionRow, err error) {
	err = row.Scan(append(sessionFields(&r), toRoles{&r.access}, toPermissions{&r.access})...)
	return r, err
}

// sessionFields scans sessionColumns.
func sessionFields(r *sessionRow) []any {
	p := &r.Principal
	return []any{
		&r.ID, &p.AuthIdentityID, &p.AuthProvider, &p.ActorType, &p.ActorID,
		&p.CredentialVersion, &p.MFAEnabled,
		toTime{&p.MFACompletedAt},
		toTime{&p.AuthenticatedAt},
		toMetadata{&p.UserMetadata},
		toTime{&r.CreatedAt},
		toTime{&r.IdleExpiresAt},
		toTime{&r.ExpiresAt},
		&p.SignInID,
		toWords{&p.AMR},
		&r.standing.CredentialVersion,
		&r.standing.SignInEnded,
		toTime{&r.standing.SignInUsedAt},
		&r.standing.Disabled,
		toTime{&r.standing.MFAEnabledAt},
		&r.standing.MFAEnabledBy,
		toText{&r.actorType},
		toText{&r.actorID},
		toText{&r.living},
	}
}

// TouchSession extends the idle limit of a session in use, but not past its
// absolute end. A session that has ended is no error and stays ended.
func (s *Store) TouchSession(ctx context.Context, id string, idleExpiresAt time.Time) error {
	_, err := s.writes.exec(ctx, touchSession, id, idleExpiresAt, s.now())
	return s.fail(ctx, "touch session", err)
}

// StepUpSession notes that the user of a session has passed a second factor, as their
// principal says. A session that has ended is no error and stays ended.
func (s *Store) StepUpSession(ctx context.Context, id string, p everlatch.Principal) error {
	_, err := s.writes.exec(ctx, stepUpSession, id, p.MFAEnabled, optional(p.MFACompletedAt), strings.Join(p.AMR, " "))
	return s.fail(ctx, "step up session", err)
}

// Why a session ended, in the data of [everlatch.EventSessionEnded].
const (
	EndedBySignOut     = "signed_out"
	EndedByReplacement = "replaced"       // the same browser signed in again
	EndedByOwner       = "ended_by_owner" // from another session of the same identity
	EndedByAdmin       = "ended_by_admin"
	EndedByMail        = "disowned" // by the link in a mail about a new device
	EndedAsTooMany     = "too_many" // the identity has newer ones
	EndedWithPasskey   = "passkey_removed"
	EndedByCodeReuse   = "code_reused" // its authorization code was exchanged twice
)

// ReplaceSession deletes the session of a secret, whose browser signed in again.
// A session that has ended is no error.
func (s *Store) ReplaceSession(ctx context.Context, secretHash string) error {
	err := s.write(ctx, func(tx *tx) error {
		return endSessions(ctx, tx, s.now(), ending{reason: EndedByReplacement}, deleteSession, secretHash)
	})
	return s.fail(ctx, "replace session", err)
}

// ending is the flow that ends sessions, "" for none, and the reason.
type ending struct{ group, reason string }

// endSessions runs a statement that deletes sessions and returns them, and
// records an event for each.
func endSessions(ctx context.Context, q querier, now time.Time, e ending, text string, args ...any) error {
	sessions, err := all(ctx, q, scanEnded, text, args...)
	if err != nil {
		return err
	}
	return recordEnded(ctx, q, now, e, sessions)
}

func recordEnded(ctx context.Context, q querier, now time.Time, e ending, sessions []endedSession) error {
	for _, session := range sessions {
		event := newEvent(now, everlatch.EventSessionEnded, e.group, session.identityID, everlatch.Metadata{
			"session_id": session.id, "auth_identity_id": session.identityID,
			"actor_type": session.actorType, "actor_id": session.actorID, "reason": e.reason,
		})
		if e.group != "" {
			event.ReleasedAt = nil // released with its flow
		}
		if err := recordEvents(ctx, q, now, event); err != nil {
			return err
		}
	}
	return nil
}

type endedSession struct{ id, identityID, actorType, actorID string }

func scanEnded(row scanner) (e endedSession, err error) {
	err = row.Scan(&e.id, &e.identityID, &e.actorType, &e.actorID)
	return e, err
}
