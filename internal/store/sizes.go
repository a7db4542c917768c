package store

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/transfer"
)

// Sizes bound what one person can have stored.
type Sizes struct {
	// Addresses is how many a customer may have.
	Addresses int
	// Metadata is how many bytes of JSON the metadata of a record may be.
	Metadata int
}

// DefaultSizes hold until [Store.SetSizes].
var DefaultSizes = Sizes{Addresses: 50, Metadata: 16 << 10}

// SetSizes replaces [DefaultSizes]. Call it before the store is used.
func (s *Store) SetSizes(sizes Sizes) { s.sizes = sizes }

// checkMetadata refuses metadata that a change has made too large. What is too
// large already may be kept, and made smaller.
func (s *Store) checkMetadata(change Change[everlatch.Metadata], former, now everlatch.Metadata) error {
	if !change.Set || now == nil {
		return nil
	}
	size, err := sizeOf(now)
	if err != nil || size <= s.sizes.Metadata {
		return err
	}
	if before, err := sizeOf(former); err != nil || size <= before {
		return err
	}
	return refuse(everlatch.CodeInvalidData, MetadataTooLarge, "most", strconv.Itoa(s.sizes.Metadata))
}

func sizeOf(m everlatch.Metadata) (int, error) {
	text, err := json.Marshal(m)
	return len(text), err
}

const countAddresses = `SELECT count(*) FROM customer_address WHERE customer_id = $1 AND id <> $2 AND deleted_at IS NULL`

// roomForAddress refuses one address too many. The customer is locked.
func (s *Store) roomForAddress(ctx context.Context, q querier, a everlatch.Address) error {
	n, err := first(ctx, q, scanned[int], countAddresses, a.CustomerID, a.ID)
	if err == nil && n >= s.sizes.Addresses {
		err = refuse(everlatch.CodeNotAllowed, TooManyAddresses, "most", strconv.Itoa(s.sizes.Addresses))
	}
	return err
}

// checkSizes applies the limits of one person's data.
func (s *Store) checkSizes(sh *shape, record transfer.Record) error {
	for _, field := range sh.fields {
		object, ok := record[field.name].(map[string]any)
		if !ok || !field.limited {
			continue
		}
		if err := s.checkMetadata(To(object), nil, object); err != nil {
			return refusedf(transfer.MetadataTooLarge, field.name, s.sizes.Metadata)
		}
	}
	for _, child := range sh.children {
		list, err := child.of(record)
		if err != nil {
			return err
		}
		if child.table == "customer_address" && len(list) > s.sizes.Addresses {
			return refusedf(transfer.TooManyAddresses, s.sizes.Addresses)
		}
		for _, belonging := range list {
			if err := s.checkSizes(child, belonging); err != nil {
				return err
			}
		}
	}
	return nil
}
