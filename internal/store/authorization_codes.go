package store

import (
	"context"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
)

// AuthorizationCode is what is known about a code that becomes a token of a sign-in.
type AuthorizationCode struct {
	// Hash is that of the code, which is stored nowhere.
	Hash string
	// Principal is the caller whose sign-in the token belongs to, without links and
	// metadata: these are read when the token is issued.
	Principal everlatch.Principal
	// ReturnTo is the page that gets the code, Challenge what its verifier answers.
	ReturnTo, Challenge string
	ExpiresAt           time.Time
	// Use is how the code was exchanged, zero before.
	Use CodeUse
}

// CodeUse is the exchange of an [AuthorizationCode].
type CodeUse struct {
	At time.Time
	// TokenID is that of the token that was issued.
	TokenID string
	// RequestHash is that of the request's Idempotency-Key, "" without one.
	RequestHash string
}

// codeKept is how long an expired code is remembered, so that a second use is known as
// such (RFC 6749, section 4.1.2).
const codeKept = 10 * time.Minute

const (
	insertAuthorizationCode = `INSERT INTO authorization_code (code_hash, auth_identity_id, auth_provider, actor_type, actor_id,
			credential_version, mfa_enabled, mfa_completed_at, authenticated_at, sign_in_id, amr, return_to, code_challenge,
			created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`

	selectAuthorizationCode = `SELECT code_hash, auth_identity_id, auth_provider, actor_type, actor_id,
			credential_version, mfa_enabled, mfa_completed_at, authenticated_at, sign_in_id, amr, return_to, code_challenge,
			expires_at, used_at, token_id, request_hash
		FROM authorization_code WHERE code_hash = $1 AND (expires_at > $2 OR used_at IS NOT NULL)`

	// Only one caller can change the row, so a code is used once.
	useAuthorizationCode = `UPDATE authorization_code SET used_at = $2, token_id = $3, request_hash = $4
		WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2`

	sweepAuthorizationCodes = `DELETE FROM authorization_code WHERE expires_at <= $1
		AND code_hash IN (SELECT code_hash FROM authorization_code WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`
)

// CreateAuthorizationCode stores a code until it expires. A missing identity is
// [everlatch.ErrNotFound].
func (s *Store) CreateAuthorizationCode(ctx context.Context, c AuthorizationCode) error {
	p := c.Principal
	_, err := s.writes.exec(ctx, insertAuthorizationCode, c.Hash, p.AuthIdentityID, p.AuthProvider, p.ActorType, p.ActorID,
		p.CredentialVersion, p.MFAEnabled, optional(p.MFACompletedAt), p.AuthenticatedAt, p.SignInID, strings.Join(p.AMR, " "),
		c.ReturnTo, c.Challenge, s.now(), c.ExpiresAt)
	if isForeignKey(err) {
		err = notFound("AuthIdentity", p.AuthIdentityID)
	}
	return s.fail(ctx, "create authorization code", err)
}

// AuthorizationCode returns the code with a hash, also one that was used lately. A code
// that does not exist or has expired unused is [everlatch.ErrNotFound].
func (s *Store) AuthorizationCode(ctx context.Context, hash string) (AuthorizationCode, error) {
	c, err := first(ctx, s.reads, scanAuthorizationCode, selectAuthorizationCode, hash, s.now())
	absent := refuse(everlatch.CodeNotFound, everlatch.ReasonAuthorizationCode)
	return c, s.fail(ctx, "read authorization code", noRows(err, absent))
}

// UseAuthorizationCode uses a code up. It reports whether this call did: of several at
// once exactly one does, and none does once the code has expired.
func (s *Store) UseAuthorizationCode(ctx context.Context, hash string, use CodeUse) (used bool, err error) {
	n, err := s.writes.exec(ctx, useAuthorizationCode, hash, use.At, use.TokenID, use.RequestHash)
	return n > 0, s.fail(ctx, "use authorization code", err)
}

func scanAuthorizationCode(row scanner) (c AuthorizationCode, err error) {
	p := &c.Principal
	err = row.Scan(&c.Hash, &p.AuthIdentityID, &p.AuthProvider, &p.ActorType, &p.ActorID,
		&p.CredentialVersion, toBool{&p.MFAEnabled}, toTime{&p.MFACompletedAt}, toTime{&p.AuthenticatedAt}, &p.SignInID,
		toWords{&p.AMR}, &c.ReturnTo, &c.Challenge,
		toTime{&c.ExpiresAt}, toTime{&c.Use.At}, &c.Use.TokenID, &c.Use.RequestHash)
	return c, err
}
