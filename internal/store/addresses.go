package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// AddressFilter selects addresses of a customer; zero fields select all.
type AddressFilter struct {
	// Q are words, each of them part of a name, a street, a place or a postal
	// code.
	Q string

	Companies, Cities, CountryCodes, Provinces, PostalCodes []string
}

// AddressPatch is an update of an address; zero fields keep what is stored.
type AddressPatch struct {
	AddressName, Company, FirstName, LastName, Address1, Address2 Change[*string]
	City, CountryCode, Province, PostalCode, Phone                Change[*string]
	// Metadata is merged into the stored metadata; a key set to "" is removed.
	Metadata Change[everlatch.Metadata]
	// A new default replaces the previous one.
	IsDefaultShipping, IsDefaultBilling Change[bool]
}

const (
	addressColumns = `d.id, d.customer_id, d.address_name, d.company, d.first_name, d.last_name, d.address_1,
		d.address_2, d.city, d.country_code, d.province, d.postal_code, d.phone, d.metadata,
		d.is_default_shipping, d.is_default_billing, d.created_at, d.updated_at, d.deleted_at`

	insertAddress = `INSERT INTO customer_address (id, customer_id, address_name, company, first_name, last_name,
			address_1, address_2, city, country_code, province, postal_code, phone, metadata,
			is_default_shipping, is_default_billing, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)
		ON CONFLICT (id) DO NOTHING`

	updateAddress = `UPDATE customer_address SET address_name = $3, company = $4, first_name = $5, last_name = $6,
			address_1 = $7, address_2 = $8, city = $9, country_code = $10, province = $11, postal_code = $12,
			phone = $13, metadata = $14, is_default_shipping = $15, is_default_billing = $16, updated_at = $17
		WHERE id = $1 AND customer_id = $2`

	selectAddress = `SELECT ` + addressColumns + ` FROM customer_address d
		JOIN customer c ON c.id = d.customer_id AND c.deleted_at IS NULL
		WHERE d.id = $1 AND d.customer_id = $2 AND d.deleted_at IS NULL`

	deleteAddress = `DELETE FROM customer_address WHERE id = $1 AND customer_id = $2 AND deleted_at IS NULL`

	dropDefaultShipping = `UPDATE customer_address SET is_default_shipping = FALSE, updated_at = $3
		WHERE customer_id = $1 AND id <> $2 AND is_default_shipping = TRUE`
	dropDefaultBilling = `UPDATE customer_address SET is_default_billing = FALSE, updated_at = $3
		WHERE customer_id = $1 AND id <> $2 AND is_default_billing = TRUE`
)

// Addresses lists the addresses of a customer and counts them
// (docs/contract.md#s4-4); a removed customer has none. They are ordered by id,
// or by any of their columns except metadata.
func (s *Store) Addresses(ctx context.Context, customerID string, f AddressFilter, page Page) ([]everlatch.Address, int, error) {
	var where conditions
	where.add("d.customer_id = %s", customerID)
	where.is("EXISTS (SELECT 1 FROM customer c WHERE c.id = d.customer_id AND c.deleted_at IS NULL)")
	where.live("d.deleted_at", page)
	where.contains(f.Q, "d.address_name", "d.company", "d.first_name", "d.last_name", "d.address_1", "d.address_2",
		"d.city", "d.province", "d.postal_code")
	where.in("d.company", f.Companies)
	where.in("d.city", f.Cities)
	where.in("d.country_code", f.CountryCodes)
	where.in("d.province", f.Provinces)
	where.in("d.postal_code", f.PostalCodes)
	texts := []string{
		"address_name", "company", "first_name", "last_name", "address_1", "address_2", "city", "country_code",
		"province", "postal_code", "phone",
	}
	return list(ctx, s, "list addresses", listing[everlatch.Address]{
		table: "customer_address d", columns: addressColumns, scan: scanAddress, where: where, page: page,
		defaultOrder: "id", nullable: texts, orders: append([]string{
			"id", "customer_id", "is_default_shipping", "is_default_billing", "created_at", "updated_at",
		}, texts...),
	})
}

// Address returns an address of a customer. Another customer's address is
// [everlatch.ErrNotFound].
func (s *Store) Address(ctx context.Context, customerID, id string) (everlatch.Address, error) {
	a, err := addressOf(ctx, s.reads, customerID, id)
	return a, s.fail(ctx, "read address", err)
}

// CreateAddress adds an address with the given id to its customer. The same id
// again changes nothing. A new default replaces the previous one. A missing
// customer is [everlatch.ErrNotFound].
func (s *Store) CreateAddress(ctx context.Context, a everlatch.Address) (everlatch.Address, error) {
	now := s.now()
	var stored everlatch.Address
	err := s.writeAddresses(ctx, a.CustomerID, now, noSuch("customer_id", a.CustomerID), func(tx *tx) error {
		if err := s.roomForAddress(ctx, tx, a); err != nil {
			return err
		}
		if err := dropDefaults(ctx, tx, a, now); err != nil {
			return err
		}
		_, err := tx.exec(ctx, insertAddress, a.ID, a.CustomerID, a.AddressName, a.Company, a.FirstName, a.LastName,
			a.Address1, a.Address2, a.City, a.CountryCode, a.Province, a.PostalCode, a.Phone, a.Metadata,
			a.IsDefaultShipping, a.IsDefaultBilling, now)
		if err != nil {
			return err
		}
		stored, err = addressOf(ctx, tx, a.CustomerID, a.ID)
		return err
	})
	if err != nil {
		return everlatch.Address{}, s.fail(ctx, "create address", err)
	}
	return stored, nil
}

// UpdateAddress changes an address of a customer and returns the result, or
// [everlatch.ErrNotFound].
func (s *Store) UpdateAddress(ctx context.Context, customerID, id string, patch AddressPatch) (everlatch.Address, error) {
	now := s.now()
	var a everlatch.Address
	err := s.writeAddresses(ctx, customerID, now, notFound("Address", id), func(tx *tx) (err error) {
		if a, err = addressOf(ctx, tx, customerID, id); err != nil {
			return err
		}
		former := a.Metadata
		patch.apply(&a)
		if err := s.checkMetadata(patch.Metadata, former, a.Metadata); err != nil {
			return err
		}
		a.UpdatedAt = now
		if err := dropDefaults(ctx, tx, a, now); err != nil {
			return err
		}
		_, err = tx.exec(ctx, updateAddress, id, customerID, a.AddressName, a.Company, a.FirstName, a.LastName,
			a.Address1, a.Address2, a.City, a.CountryCode, a.Province, a.PostalCode, a.Phone, a.Metadata,
			a.IsDefaultShipping, a.IsDefaultBilling, now)
		return err
	})
	if err != nil {
		return everlatch.Address{}, s.fail(ctx, "update address", err)
	}
	return a, nil
}

// DeleteAddress permanently deletes an address of a customer. A missing address
// is [everlatch.ErrNotFound].
func (s *Store) DeleteAddress(ctx context.Context, customerID, id string) error {
	n, err := s.writes.exec(ctx, deleteAddress, id, customerID)
	if err == nil && n == 0 {
		err = notFound("Address", id)
	}
	return s.fail(ctx, "delete address", err)
}

// writeAddresses runs fn while no other transaction changes the customer or its
// addresses, so that there is never a moment with two defaults or none.
func (s *Store) writeAddresses(ctx context.Context, customerID string, now time.Time, absent error, fn func(*tx) error) error {
	return s.write(ctx, func(tx *tx) error {
		n, err := tx.exec(ctx, lockCustomer, customerID, now)
		if err != nil {
			return err
		}
		if n == 0 {
			return absent
		}
		return fn(tx)
	})
}

// dropDefaults clears the previous defaults that an address replaces.
func dropDefaults(ctx context.Context, q querier, a everlatch.Address, now time.Time) error {
	if a.IsDefaultShipping {
		if _, err := q.exec(ctx, dropDefaultShipping, a.CustomerID, a.ID, now); err != nil {
			return err
		}
	}
	if a.IsDefaultBilling {
		if _, err := q.exec(ctx, dropDefaultBilling, a.CustomerID, a.ID, now); err != nil {
			return err
		}
	}
	return nil
}

func (p AddressPatch) apply(a *everlatch.Address) {
	p.AddressName.apply(&a.AddressName)
	p.Company.apply(&a.Company)
	p.FirstName.apply(&a.FirstName)
	p.LastName.apply(&a.LastName)
	p.Address1.apply(&a.Address1)
	p.Address2.apply(&a.Address2)
	p.City.apply(&a.City)
	p.CountryCode.apply(&a.CountryCode)
	p.Province.apply(&a.Province)
	p.PostalCode.apply(&a.PostalCode)
	p.Phone.apply(&a.Phone)
	applyMetadata(p.Metadata, &a.Metadata)
	p.IsDefaultShipping.apply(&a.IsDefaultShipping)
	p.IsDefaultBilling.apply(&a.IsDefaultBilling)
}

func addressOf(ctx context.Context, q querier, customerID, id string) (everlatch.Address, error) {
	a, err := first(ctx, q, scanAddress, selectAddress, id, customerID)
	return a, noRows(err, notFound("Address", id))
}

func scanAddress(row scanner) (everlatch.Address, error) {
	var a address
	err := row.Scan(a.fields()...)
	return a.Address, err
}

// address is an [everlatch.Address] that an outer join may leave out.
type address struct{ everlatch.Address }

func (a *address) fields() []any {
	return []any{
		toText{&a.ID},
		toText{&a.CustomerID},
		&a.AddressName, &a.Company, &a.FirstName, &a.LastName, &a.Address1,
		&a.Address2, &a.City, &a.CountryCode, &a.Province, &a.PostalCode, &a.Phone,
		toMetadata{&a.Metadata},
		toBool{&a.IsDefaultShipping},
		toBool{&a.IsDefaultBilling},
		toTime{&a.CreatedAt},
		toTime{&a.UpdatedAt},
		toOptionalTime{&a.DeletedAt},
	}
}
