package store

import (
	"context"
	"errors"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/transfer"
)

// remove removes a record that was removed where it comes from, at a time. One that was
// changed here after that is refused: an operator has to decide.
func (w recordWriter) remove(ctx context.Context, sh *shape, record transfer.Record, at time.Time) (Imported, error) {
	known, hidden, err := w.lock(ctx, sh, record)
	if err != nil || !known || hidden {
		return importNothing, err
	}
	found, err := w.one(ctx, sh, sh.keyOf(record))
	if err != nil || found == nil {
		return importNothing, err
	}
	stored, err := plain(found)
	if err != nil {
		return 0, err
	}
	if stored["built_in"] == true || stored.ID() == everlatch.RoleSuperAdmin {
		return importNothing, nil // it is everywhere
	}
	if sh.changedAt(stored).After(at) {
		return 0, refusedf(transfer.RemovedElsewhere)
	}
	return ImportRemoved, w.hide(ctx, sh, stored)
}

// hide removes a record as its flow would, without the events: Medusa, or what else it
// comes from, has recorded its own.
func (w recordWriter) hide(ctx context.Context, sh *shape, record transfer.Record) error {
	id := record.ID()
	switch sh.name {
	case transfer.TypeIdentity:
		if _, err := w.tx.exec(ctx, hideIdentity, id, w.now, ""); err != nil {
			return err
		}
		if _, err := w.tx.exec(ctx, hideCredentials, id, w.now); err != nil {
			return err
		}
		return endSessions(ctx, w.tx, w.now, ending{reason: "identity_removed"}, deleteSessionsOf, id)
	case transfer.TypeCustomer:
		return w.hideActor(ctx, removeCustomer, everlatch.ActorCustomer, id)
	case transfer.TypeUser:
		err := keepSuperAdmin(ctx, w.tx, id)
		if e, is := errors.AsType[*everlatch.Error](err); is && e.Code == everlatch.CodeNotAllowed {
			return refusedf(transfer.LastSuperAdmin)
		}
		if err != nil {
			return err
		}
		return w.hideActor(ctx, removeUser, everlatch.ActorUser, id)
	}
	var where conditions
	for _, name := range sh.key {
		where.add(name+" = %s", record[name])
	}
	text := "DELETE FROM " + sh.table + " WHERE " + where.all()
	if sh.soft {
		now := where.mark(w.now)
		text = "UPDATE " + sh.table + " SET deleted_at = " + now + ", updated_at = " + now + " WHERE " + where.all()
	}
	_, err := w.tx.exec(ctx, text, where.args...)
	return err
}

const (
	linkedTo = `(SELECT auth_identity_id FROM actor_link WHERE actor_type = $1 AND actor_id = $2)`
	// Unlike endActorTokens, it makes no identity newer than what will be imported of it.
	endImportedTokens   = `UPDATE auth_identity SET credential_version = credential_version + 1 WHERE deleted_at IS NULL AND id IN ` + linkedTo
	endImportedSessions = `DELETE FROM session WHERE actor_type = $1 AND actor_id = $2`
	carryOtherSessions  = `UPDATE session SET credential_version = credential_version + 1 WHERE auth_identity_id IN ` + linkedTo
)

func (w recordWriter) hideActor(ctx context.Context, text, actorType, id string) error {
	if _, err := w.tx.exec(ctx, text, id, w.now, ""); err != nil {
		return err
	}
	for _, text := range []string{endImportedTokens, endImportedSessions, carryOtherSessions} {
		if _, err := w.tx.exec(ctx, text, actorType, id); err != nil {
			return err
		}
	}
	return nil
}
