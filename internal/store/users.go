package store

import (
	"context"

	"github.com/everlatch/everlatch"
)

// UserFilter selects users; zero fields select all.
type UserFilter struct {
	// Q are words, each of them part of the e-mail or of a name, in any case.
	Q                   string
	IDs, Emails         []string
	FirstName, LastName string

	CreatedAt, UpdatedAt, DeletedAt []TimeTest
	// Page orders by id unless it names another column, except metadata.
	Page Page
}

// UserPatch is an update of a user; zero fields keep what is stored.
type UserPatch struct {
	FirstName, LastName, AvatarURL Change[*string]
	// Metadata is merged into the stored metadata; a key set to "" is removed.
	Metadata Change[everlatch.Metadata]
}

const (
	userColumns = `id, email, first_name, last_name, avatar_url, metadata, created_at, updated_at, deleted_at`

	insertUser = `INSERT INTO "user" (id, email, email_key, first_name, last_name, avatar_url, metadata,
			created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
		ON CONFLICT DO NOTHING`

	selectUser = `SELECT ` + userColumns + ` FROM "user" WHERE id = $1 AND deleted_at IS NULL`

	lockUser = `UPDATE "user" SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL`

	updateUser = `UPDATE "user" SET first_name = $2, last_name = $3, avatar_url = $4, metadata = $5, updated_at = $6
		WHERE id = $1`

	removeUser = `UPDATE "user" SET deleted_at = $2, updated_at = $2, removed_by = $3
		WHERE id = $1 AND deleted_at IS NULL`
	restoreUser = `UPDATE "user" SET deleted_at = NULL, updated_at = $2, removed_by = ''
		WHERE id = $1 AND deleted_at IS NOT NULL AND removed_by = $3`
	discardUser = `DELETE FROM "user" WHERE id = $1`
)

// userKind are administrators.
var userKind = kind[everlatch.User]{
	name: "User", one: "user", many: "users", byID: selectUser,
	listing: listing[everlatch.User]{
		table: `"user"`, columns: userColumns, scan: scanUser, defaultOrder: "id",
		orders:   []string{"id", "email", "first_name", "last_name", "avatar_url", "created_at", "updated_at", "deleted_at"},
		nullable: []string{"first_name", "last_name", "avatar_url", "deleted_at"},
	},
}

// CreateUser creates a user with the given id and the existing ones of the roles,
// and records an event, which stays unreleased until [Store.ReleaseEvents] unless
// it is marked as released. The same id again returns the stored user. An e-mail
// that another user has is [everlatch.CodeInvalidData] (docs/contract.md#s4-1, unique).
func (s *Store) CreateUser(ctx context.Context, u everlatch.User, ev everlatch.Event, roleIDs ...string) (everlatch.User, error) {
	now := s.now()
	var stored everlatch.User
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, insertUser, u.ID, u.Email, emailKey(u.Email), u.FirstName, u.LastName, u.AvatarURL,
			u.Metadata, now)
		if err != nil {
			return err
		}
		stored, err = userKind.find(ctx, tx, u.ID, errUserTaken(u.Email))
		if err != nil || n == 0 {
			return err
		}
		if err := checkAccountEmail(ctx, tx, u.Email, Actor{everlatch.ActorUser, u.ID}, now, errUserTaken(u.Email)); err != nil {
			return err
		}
		if err := grantKnown(ctx, tx, now, u.ID, roleIDs); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, ev)
	})
	if err != nil {
		return everlatch.User{}, s.fail(ctx, "create user", err)
	}
	return stored, nil
}

func errUserTaken(email string) error {
	return refuse(everlatch.CodeInvalidData, UserEmailTaken, "email", email)
}

// DiscardUser undoes [Store.CreateUser]: it deletes the row permanently, with the
// unreleased events of the flow. A missing user is no error.
func (s *Store) DiscardUser(ctx context.Context, id, groupID string) error {
	return s.discard(ctx, "discard user", discardUser, id, groupID)
}

// User returns a live user, or [everlatch.ErrNotFound].
func (s *Store) User(ctx context.Context, id string) (everlatch.User, error) {
	return userKind.read(ctx, s, id)
}

// Users lists users and counts them (docs/contract.md#s4-5).
func (s *Store) Users(ctx context.Context, f UserFilter) ([]everlatch.User, int, error) {
	return userKind.list(ctx, s, f.Page, notDeleted("deleted_at", f.Page), f.test)
}

func (f UserFilter) test(c *conditions) {
	c.in("id", f.IDs)
	c.in("email_key", emailKeys(f.Emails))
	c.equal("first_name", f.FirstName)
	c.equal("last_name", f.LastName)
	c.contains(f.Q, "email", "first_name", "last_name")
	c.times("created_at", f.CreatedAt)
	c.times("updated_at", f.UpdatedAt)
	c.times("deleted_at", f.DeletedAt)
}

// UpdateUser changes a user, records [everlatch.EventUserUpdated] as released
// and returns the result. A missing user is [everlatch.ErrNotFound].
func (s *Store) UpdateUser(ctx context.Context, id string, patch UserPatch) (everlatch.User, error) {
	now := s.now()
	var u everlatch.User
	err := s.write(ctx, func(tx *tx) error {
		// Locks the row, so that no concurrent update is lost.
		if _, err := tx.exec(ctx, lockUser, id, now); err != nil {
			return err
		}
		var err error
		if u, err = userKind.find(ctx, tx, id, notUpdatable("User", id)); err != nil {
			return err
		}
		patch.FirstName.apply(&u.FirstName)
		patch.LastName.apply(&u.LastName)
		patch.AvatarURL.apply(&u.AvatarURL)
		metadata := u.Metadata
		applyMetadata(patch.Metadata, &u.Metadata)
		if err := s.checkMetadata(patch.Metadata, metadata, u.Metadata); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, updateUser, id, u.FirstName, u.LastName, u.AvatarURL, u.Metadata, now); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, accountEvent(now, everlatch.EventUserUpdated, id))
	})
	if err != nil {
		return everlatch.User{}, s.fail(ctx, "update user", err)
	}
	return u, nil
}

// RemoveUser hides a user, ends the tokens of every linked identity and its
// sessions as a user (docs/weak-spots.md#w14), and records an event. Its links
// stay; see [Store.UnlinkActor]. A hidden or missing user is no error and records
// no event; the last super admin is [everlatch.ErrNotAllowed].
func (s *Store) RemoveUser(ctx context.Context, id string, ev everlatch.Event) error {
	return s.removeAccount(ctx, "remove user", removeUser, everlatch.ActorUser, id, ev)
}

// RestoreUser is [Store.RestoreCustomer] for a user.
func (s *Store) RestoreUser(ctx context.Context, id, groupID string) error {
	return s.restoreAccount(ctx, "restore user", restoreUser, id, groupID, refuse(everlatch.CodeDuplicate, UserRestoreTaken))
}

func scanUser(row scanner) (u everlatch.User, err error) {
	err = row.Scan(&u.ID, &u.Email, &u.FirstName, &u.LastName, &u.AvatarURL, toMetadata{&u.Metadata},
		toTime{&u.CreatedAt}, toTime{&u.UpdatedAt}, toOptionalTime{&u.DeletedAt})
	return u, err
}
