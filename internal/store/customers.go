package store

import (
	"context"
	"slices"
	"strconv"

	"github.com/everlatch/everlatch"
)

// CustomerPatch is an update of a customer; zero fields keep what is stored.
type CustomerPatch struct {
	Email Change[*string]
	// Follow decides which logins of an account change with its e-mail, given the
	// e-mails and all logins; nil changes none. It is called inside the
	// transaction, and its error is that of the update.
	Follow func(from, to string, logins []everlatch.ProviderIdentity) ([]everlatch.LoginChange, error)
	// ChangedBy is the actor who changed the e-mail, as the customer is told.
	ChangedBy Actor

	CompanyName, FirstName, LastName, Phone Change[*string]
	// Metadata is merged into the stored metadata; a key set to "" is removed.
	Metadata Change[everlatch.Metadata]
}

const (
	customerColumns = `c.id, c.email, c.company_name, c.first_name, c.last_name, c.phone, c.has_account,
		c.metadata, c.created_by, c.created_at, c.updated_at, c.deleted_at`

	insertCustomer = `INSERT INTO customer (id, email, email_key, company_name, first_name, last_name, phone,
			has_account, metadata, created_by, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
		ON CONFLICT DO NOTHING`

	// One row for each address, or one without: one query, one snapshot.
	selectCustomer = `SELECT ` + customerColumns + `, ` + addressColumns + `
		FROM customer c
		LEFT JOIN customer_address d ON d.customer_id = c.id AND d.deleted_at IS NULL
		WHERE c.id = $1 AND c.deleted_at IS NULL
		ORDER BY d.id`

	selectPlainCustomer = `SELECT ` + customerColumns + ` FROM customer c WHERE c.id = $1 AND c.deleted_at IS NULL`

	lockCustomer = `UPDATE customer SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL`

	updateCustomer = `UPDATE customer SET email = $2, email_key = $3, company_name = $4, first_name = $5,
		last_name = $6, phone = $7, metadata = $8, updated_at = $9 WHERE id = $1`

	removeCustomer = `UPDATE customer SET deleted_at = $2, updated_at = $2, removed_by = $3
		WHERE id = $1 AND deleted_at IS NULL`
	restoreCustomer = `UPDATE customer SET deleted_at = NULL, updated_at = $2, removed_by = ''
		WHERE id = $1 AND deleted_at IS NOT NULL AND removed_by = $3`
	discardCustomer = `DELETE FROM customer WHERE id = $1`
)

// CreateCustomer creates a customer with the given id and records an event, which
// stays unreleased until [Store.ReleaseEvents] unless it is marked as released.
// The same id again returns the stored customer. An e-mail that another account
// has is [everlatch.ErrDuplicate] (docs/contract.md#s6-2), one that another guest
// has is [everlatch.CodeInvalidData] (docs/contract.md#s4-1, unique).
func (s *Store) CreateCustomer(ctx context.Context, c everlatch.Customer, ev everlatch.Event) (everlatch.Customer, error) {
	now := s.now()
	var stored everlatch.Customer
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, insertCustomer, c.ID, c.Email, emailKeyOf(c.Email), c.CompanyName, c.FirstName,
			c.LastName, c.Phone, c.HasAccount, c.Metadata, c.CreatedBy, now)
		if err != nil {
			return err
		}
		taken := errCustomerTaken(c)
		if c.HasAccount {
			taken = errAccountTaken()
		}
		stored, err = customerOf(ctx, tx, c.ID, taken)
		if err != nil || n == 0 {
			return err
		}
		if c.HasAccount && c.Email != nil {
			if err := checkAccountEmail(ctx, tx, *c.Email, Actor{everlatch.ActorCustomer, c.ID}, now, taken); err != nil {
				return err
			}
		}
		return recordEvents(ctx, tx, now, ev)
	})
	if err != nil {
		return everlatch.Customer{}, s.fail(ctx, "create customer", err)
	}
	return stored, nil
}

// CreateGuest creates a customer without an account, like
// [Store.CreateCustomer], and records [everlatch.EventCustomerCreated] as
// released, because no flow surrounds it.
func (s *Store) CreateGuest(ctx context.Context, c everlatch.Customer) (everlatch.Customer, error) {
	c.HasAccount = false
	return s.CreateCustomer(ctx, c, accountEvent(s.now(), everlatch.EventCustomerCreated, c.ID))
}

func errAccountTaken() error {
	return refuse(everlatch.CodeDuplicate, AccountEmailTaken)
}

// errCustomerTaken is the contract's error for a violated unique index.
func errCustomerTaken(c everlatch.Customer) error {
	email := ""
	if c.Email != nil {
		email = *c.Email
	}
	return refuse(everlatch.CodeInvalidData, CustomerEmailTaken, "email", email, "has_account", strconv.FormatBool(c.HasAccount))
}

// DiscardCustomer undoes [Store.CreateCustomer]: it deletes the row permanently,
// with the unreleased events of the flow. A missing customer is no error.
func (s *Store) DiscardCustomer(ctx context.Context, id, groupID string) error {
	return s.discard(ctx, "discard customer", discardCustomer, id, groupID)
}

// Customer returns a live customer with its addresses in the order of their
// ids, or [everlatch.ErrNotFound]. It is one query.
func (s *Store) Customer(ctx context.Context, id string) (everlatch.Customer, error) {
	c, err := customerOf(ctx, s.reads, id, notFound("Customer", id))
	return c, s.fail(ctx, "read customer", err)
}

// PlainCustomer is [Store.Customer] without addresses.
func (s *Store) PlainCustomer(ctx context.Context, id string) (everlatch.Customer, error) {
	c, err := first(ctx, s.reads, scanFields(customerFields), selectPlainCustomer, id)
	return c, s.fail(ctx, "read customer", noRows(err, notFound("Customer", id)))
}

// UpdateCustomer changes a customer, records [everlatch.EventCustomerUpdated] as
// released and returns the updated customer without addresses, which
// [Store.LoadCustomers] adds. A missing customer
// is [everlatch.ErrNotFound], an e-mail that another customer has is
// [everlatch.CodeInvalidData].
//
// Changing the e-mail of an account ends the tokens of its identities and
// records [everlatch.EventEmailChanged]. If another identity signs in with the
// new address, the error is [everlatch.ErrDuplicate].
func (s *Store) UpdateCustomer(ctx context.Context, id string, patch CustomerPatch) (everlatch.Customer, error) {
	now := s.now()
	var c everlatch.Customer
	var taken error
	err := s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, lockCustomer, id, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return notUpdatable("Customer", id)
		}
		if c, err = first(ctx, tx, scanFields(customerFields), selectPlainCustomer, id); err != nil {
			return noRows(err, notUpdatable("Customer", id))
		}
		former := c
		patch.Email.apply(&c.Email)
		patch.CompanyName.apply(&c.CompanyName)
		patch.FirstName.apply(&c.FirstName)
		patch.LastName.apply(&c.LastName)
		patch.Phone.apply(&c.Phone)
		applyMetadata(patch.Metadata, &c.Metadata)
		if err := s.checkMetadata(patch.Metadata, former.Metadata, c.Metadata); err != nil {
			return err
		}
		taken = errCustomerTaken(c)
		_, err = tx.exec(ctx, updateCustomer, id, c.Email, emailKeyOf(c.Email), c.CompanyName, c.FirstName, c.LastName,
			c.Phone, c.Metadata, now)
		if err != nil {
			return err
		}
		taken = errLoginTaken()
		if err := followEmail(ctx, tx, former, c, patch, now); err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, accountEvent(now, everlatch.EventCustomerUpdated, id))
	})
	if isUnique(err) {
		err = taken
	}
	if err != nil {
		return everlatch.Customer{}, s.fail(ctx, "update customer", err)
	}
	return c, nil
}

// RemoveCustomer hides a customer, ends the tokens of every linked identity and
// its sessions as a customer (docs/weak-spots.md#w14), and records an event. Its
// links stay; see [Store.UnlinkActor]. A hidden or missing customer is no error
// and records no event (docs/weak-spots.md#w10).
func (s *Store) RemoveCustomer(ctx context.Context, id string, ev everlatch.Event) error {
	return s.removeAccount(ctx, "remove customer", removeCustomer, everlatch.ActorCustomer, id, ev)
}

// RestoreCustomer undoes the [Store.RemoveCustomer] of the same flow (the group
// of its event), except that tokens and sessions stay ended. A customer that is
// not hidden, or was hidden by another flow, is no error; one whose e-mail was
// taken in the meantime is [everlatch.ErrDuplicate].
func (s *Store) RestoreCustomer(ctx context.Context, id, groupID string) error {
	return s.restoreAccount(ctx, "restore customer", restoreCustomer, id, groupID, errAccountTaken())
}

// customerOf reads a live customer with its addresses.
func customerOf(ctx context.Context, q querier, id string, absent error) (everlatch.Customer, error) {
	c, found, err := readCustomer(ctx, q, nil, selectCustomer, id)
	if err == nil && !found {
		err = absent
	}
	return c, err
}

// readCustomer reads a customer of whom there is a row for each address, or one without.
// before are the destinations of the columns before its own, which are the same in each row.
func readCustomer(ctx context.Context, q querier, before []any, text string, args ...any) (_ everlatch.Customer, found bool, err error) {
	var c everlatch.Customer
	var a address
	fields := slices.Concat(before, customerFields(&c), a.fields())
	addresses := []everlatch.Address{}
	err = q.read(ctx, func(row scanner) (bool, error) {
		a = address{}
		err := row.Scan(fields...)
		if a.ID != "" {
			addresses = append(addresses, a.Address)
		}
		found = true
		return true, err
	}, text, args...)
	c.Addresses = addresses
	return c, found, err
}

// customerFields scans customerColumns.
func customerFields(c *everlatch.Customer) []any {
	return []any{
		&c.ID, &c.Email, &c.CompanyName, &c.FirstName, &c.LastName, &c.Phone, &c.HasAccount,
		toMetadata{&c.Metadata},
		&c.CreatedBy,
		toTime{&c.CreatedAt},
		toTime{&c.UpdatedAt},
		toOptionalTime{&c.DeletedAt},
	}
}
