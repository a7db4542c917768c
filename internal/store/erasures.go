package store

import (
	"context"
	"time"

	"github.com/everlatch/everlatch"
)

// AccountState is what an erasure needs to know about an account, removed or
// not.
type AccountState struct {
	// Email is "" if there is none.
	Email string
	// RemovedAt is zero for an existing account, ErasedAt for an account whose
	// data may remain in other systems.
	RemovedAt, ErasedAt time.Time
}

// accountTable has the statements for accounts of one type.
type accountTable struct{ state, erase, purge, purgeOld string }

// accountTables are the actor types with a separate table.
var accountTables = map[string]accountTable{
	everlatch.ActorCustomer: accountStatements("customer"),
	everlatch.ActorUser:     accountStatements(`"user"`),
}

func accountStatements(table string) accountTable {
	return accountTable{
		state: `SELECT email, deleted_at, erased_at FROM ` + table + ` WHERE id = $1`,
		erase: `UPDATE ` + table + ` SET erased_at = $2 WHERE id = $1 AND deleted_at IS NOT NULL AND erased_at IS NULL`,
		purge: `DELETE FROM ` + table + ` WHERE id = $1 AND deleted_at IS NOT NULL`,
		purgeOld: `DELETE FROM ` + table + ` WHERE deleted_at < $1
			AND id IN (SELECT id FROM ` + table + ` WHERE deleted_at < $1 ORDER BY deleted_at LIMIT $2)`,
	}
}

// AccountState returns the state of an account. An unknown or purged account is
// [everlatch.ErrNotFound].
func (s *Store) AccountState(ctx context.Context, actorType, id string) (AccountState, error) {
	state, err := first(ctx, s.reads, scanAccountState, accountTables[actorType].state, id)
	return state, s.fail(ctx, "read account", noRows(err, notFound("Account", id)))
}

func scanAccountState(row scanner) (a AccountState, err error) {
	err = row.Scan(toText{&a.Email}, toTime{&a.RemovedAt}, toTime{&a.ErasedAt})
	return a, err
}

// FinishErasure records that other systems have erased a removed account, or
// with purge deletes the rest of it here, with addresses and groups, and
// records the receipt. A purged account is no error.
func (s *Store) FinishErasure(ctx context.Context, actorType, id string, purge bool, receipt everlatch.Event) error {
	now := s.now()
	table := accountTables[actorType]
	err := s.write(ctx, func(tx *tx) error {
		var err error
		if purge {
			_, err = tx.exec(ctx, table.purge, id)
		} else {
			_, err = tx.exec(ctx, table.erase, id, now)
		}
		if err != nil {
			return err
		}
		return recordEvents(ctx, tx, now, receipt)
	})
	return s.fail(ctx, "finish erasure", err)
}

const purgeOldIdentities = `DELETE FROM auth_identity WHERE deleted_at < $1
	AND id IN (SELECT id FROM auth_identity WHERE deleted_at < $1 ORDER BY deleted_at LIMIT $2)`

// PurgeRemoved deletes records that were removed before a time and still exist:
// at most limit customers, users and identities each. It returns the largest of
// the three counts. The flow that removes an identity purges it; an identity
// found here was left by a flow that an operator terminated.
func (s *Store) PurgeRemoved(ctx context.Context, before time.Time, limit int) (int, error) {
	most := 0
	for _, statement := range []string{
		accountTables[everlatch.ActorCustomer].purgeOld, accountTables[everlatch.ActorUser].purgeOld, purgeOldIdentities,
	} {
		n, err := s.writes.exec(ctx, statement, before, limit)
		if err != nil {
			return most, s.fail(ctx, "purge removed", err)
		}
		most = max(most, int(n))
	}
	return most, nil
}
