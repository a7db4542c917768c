package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/everlatch/everlatch"
)

// InviteFilter selects invites; zero fields select all.
type InviteFilter struct {
	// Q are words, each of them part of the e-mail, in any case.
	Q           string
	IDs, Emails []string

	CreatedAt, UpdatedAt []TimeTest
	// All of And must match, and at least one of Or.
	And, Or []InviteFilter
}

func (f InviteFilter) test(c *conditions) {
	c.contains(f.Q, "email")
	c.in("id", f.IDs)
	c.in("email_key", emailKeys(f.Emails))
	c.times("created_at", f.CreatedAt)
	c.times("updated_at", f.UpdatedAt)
	combine(c, f.And, f.Or, InviteFilter.test)
}

const (
	inviteColumns = `id, email, accepted, accepted_by, expires_at, roles, metadata, for_first_user, workflow_id, created_at,
		updated_at, deleted_at`

	selectInvite = `SELECT ` + inviteColumns + ` FROM invite WHERE id = $1 AND deleted_at IS NULL`

	selectPendingInvite = `SELECT ` + inviteColumns + ` FROM invite
		WHERE email_key = $1 AND accepted = FALSE AND deleted_at IS NULL AND expires_at > $2 AND for_first_user = FALSE`

	// An invite that makes the first user is open until there is one. A flow that
	// accepts it has made its own by then, whose id follows.
	firstUserOnly = `(for_first_user = FALSE OR NOT EXISTS (
		SELECT 1 FROM "user" u WHERE u.deleted_at IS NULL AND u.id <> `

	selectFirstUserInvite = `SELECT ` + inviteColumns + ` FROM invite
		WHERE for_first_user = TRUE AND accepted = FALSE AND deleted_at IS NULL`

	// An empty proof never reaches this query.
	proven = `id = $1 AND accepted = FALSE AND deleted_at IS NULL
		AND ($2 = '' OR token_hash = $2) AND ($3 = '' OR email_key = $3)`

	selectProvenInvite = `SELECT ` + inviteColumns + ` FROM invite WHERE ` + proven + ` AND ` + firstUserOnly + `''))`

	selectUsedInvite = `SELECT ` + inviteColumns + ` FROM invite WHERE id = $1 AND accepted = TRUE AND token_hash = $2`
)

// inviteKind are invites that are neither accepted nor revoked.
var inviteKind = kind[everlatch.Invite]{
	name: "Invite", one: "invite", many: "invites", byID: selectInvite,
	listing: listing[everlatch.Invite]{
		table: "invite", columns: inviteColumns, scan: scanInvite, defaultOrder: "id",
		orders: []string{"id", "email", "expires_at", "created_at", "updated_at"},
	},
}

// Invite returns an invite that is neither accepted nor revoked, expired or
// not, or [everlatch.ErrNotFound].
func (s *Store) Invite(ctx context.Context, id string) (everlatch.Invite, error) {
	return inviteKind.read(ctx, s, id)
}

// PendingInvite returns the invite that an address can accept now, or
// [everlatch.ErrNotFound]. The caller must have verified that the address
// belongs to the user.
func (s *Store) PendingInvite(ctx context.Context, email string) (everlatch.Invite, error) {
	i, err := first(ctx, s.reads, scanInvite, selectPendingInvite, emailKey(email), s.now())
	absent := refuse(everlatch.CodeNotFound, InviteForEmailUnknown)
	return i, s.fail(ctx, "read pending invite", noRows(err, absent))
}

// FirstUserInvite returns the invite that makes the first administrator, expired or not,
// or [everlatch.ErrNotFound].
func (s *Store) FirstUserInvite(ctx context.Context) (everlatch.Invite, error) {
	i, err := first(ctx, s.reads, scanInvite, selectFirstUserInvite)
	absent := refuse(everlatch.CodeNotFound, InviteForEmailUnknown)
	return i, s.fail(ctx, "read invite of the first user", noRows(err, absent))
}

// ProvenInvite returns the invite that a proof is for, while it can be accepted.
// Otherwise it returns [everlatch.CodeUnauthorized], which says only that the
// proof is invalid or, if the proof was valid, that the invite is no longer open
// (docs/weak-spots.md#w8).
func (s *Store) ProvenInvite(ctx context.Context, p everlatch.InviteProof) (everlatch.Invite, error) {
	i, err := provenInvite(ctx, s.reads, p, s.now())
	return i, s.fail(ctx, "read invite", err)
}

// UsedInvite returns the invite that was accepted while the token of a proof was its
// latest, so that a repeated request finds the flow that knows its answer. The invite
// cannot be accepted any more. Otherwise it returns what [Store.ProvenInvite] returns
// for an invalid proof.
func (s *Store) UsedInvite(ctx context.Context, p everlatch.InviteProof) (everlatch.Invite, error) {
	if p.TokenID == "" {
		return everlatch.Invite{}, errInviteInvalid()
	}
	i, err := first(ctx, s.reads, scanInvite, selectUsedInvite, p.InviteID, tokenHash(p.TokenID))
	return i, s.fail(ctx, "read used invite", noRows(err, errInviteInvalid()))
}

func provenInvite(ctx context.Context, q querier, p everlatch.InviteProof, now time.Time) (everlatch.Invite, error) {
	if p.TokenID == "" && p.Email == "" {
		return everlatch.Invite{}, errInviteInvalid()
	}
	i, err := first(ctx, q, scanInvite, selectProvenInvite, p.InviteID, tokenHash(p.TokenID), emailKey(p.Email))
	if err == nil && !i.Pending(now) {
		err = refuse(everlatch.CodeUnauthorized, InviteExpired)
	}
	return i, noRows(err, errInviteInvalid())
}

func errInviteInvalid() error {
	return refuse(everlatch.CodeUnauthorized, InviteTokenInvalid)
}

// tokenHash is the stored form of a token's id. The id is a random UUID inside
// a signed token, so a fast hash is enough.
func tokenHash(id string) string {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// SameEmail reports whether two e-mails are one address (docs/weak-spots.md#w22).
func SameEmail(a, b string) bool { return emailKey(a) == emailKey(b) }

// Invites lists invites that are neither accepted nor revoked, and counts them
// (docs/contract.md#s4-6). They are ordered by id, or by email, expires_at, created_at or
// updated_at. The one for the first user is not among them: its link is shown by the
// process that made it, and it ends when there is a user.
func (s *Store) Invites(ctx context.Context, f InviteFilter, page Page) ([]everlatch.Invite, int, error) {
	return inviteKind.list(ctx, s, page, notDeleted("deleted_at", Page{}), func(c *conditions) {
		c.is("for_first_user = FALSE")
		f.test(c)
	})
}

func scanInvite(row scanner) (i everlatch.Invite, err error) {
	err = row.Scan(&i.ID, &i.Email, &i.Accepted, &i.AcceptedBy, toTime{&i.ExpiresAt}, toTexts{&i.Roles}, toMetadata{&i.Metadata},
		toBool{&i.ForFirstUser}, &i.WorkflowID, toTime{&i.CreatedAt}, toTime{&i.UpdatedAt}, toOptionalTime{&i.DeletedAt})
	return i, err
}

// asTexts is a list of strings as a column stores it, "[]" for none.
func asTexts(list []string) (string, error) {
	if list == nil {
		list = []string{}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", errors.New("encode a list of texts")
	}
	return string(text), nil
}

// toTexts scans a JSON array of strings.
type toTexts struct{ list *[]string }

// Scan implements [sql.Scanner].
func (d toTexts) Scan(src any) error {
	var text string
	if err := (toText{&text}).Scan(src); err != nil {
		return err
	}
	*d.list = []string{}
	if err := json.Unmarshal([]byte(text), d.list); err != nil {
		return fmt.Errorf("scan a list of texts: %w", err)
	}
	return nil
}
