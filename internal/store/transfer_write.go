package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/transfer"
)

// Imported is what became of a record.
type Imported int

// What can become of a record. One is skipped that is the same here, newer here, or
// removed here.
const (
	ImportRefused Imported = iota
	ImportCreated
	ImportUpdated
	ImportSkipped
	ImportRemoved
	// importNothing is a record that is to be removed and is not here.
	importNothing
)

// recordWriter imports records in a transaction.
type recordWriter struct {
	store *Store
	tx    *tx
	recordReader
}

// unit imports all records of a unit or none. A refusal is a [refusedError].
func (w recordWriter) unit(ctx context.Context, u transfer.Unit) (outcomes []Imported, refused transfer.Record, err error) {
	if _, err := w.tx.exec(ctx, "SAVEPOINT import_unit"); err != nil {
		return nil, nil, err
	}
	for _, given := range u.Records {
		outcome, err := w.record(ctx, u, given)
		if err == nil {
			outcomes = append(outcomes, outcome)
			continue
		}
		reason, is := asRefusal(err)
		if !is {
			return nil, nil, err
		}
		if _, err := w.tx.exec(ctx, "ROLLBACK TO SAVEPOINT import_unit"); err != nil {
			return nil, nil, err
		}
		_, err = w.tx.exec(ctx, "RELEASE SAVEPOINT import_unit")
		return nil, given, errors.Join(reason, err)
	}
	_, err = w.tx.exec(ctx, "RELEASE SAVEPOINT import_unit")
	return outcomes, nil, err
}

// asRefusal tells what is wrong with a record from what is wrong with the database.
func asRefusal(err error) (reason refusedError, is bool) {
	if reason, is = errors.AsType[refusedError](err); is {
		return reason, true
	}
	if e, ours := errors.AsType[*everlatch.Error](err); ours && e.Reason == TextInvalid {
		return transfer.TextInvalid, true
	}
	if isCheck(err) {
		return transfer.ValueInvalid, true
	}
	return "", false
}

// record imports one record of a unit.
func (w recordWriter) record(ctx context.Context, u transfer.Unit, given transfer.Record) (Imported, error) {
	sh, err := shapeOf(given)
	if err != nil {
		return 0, err
	}
	record, err := plain(given)
	if err != nil {
		return 0, err
	}
	if u.Removed {
		return w.remove(ctx, sh, record, u.ChangedAt)
	}
	changed := sh.changedAt(record)
	if u.ChangedAt.After(changed) {
		changed = u.ChangedAt
	}
	if err := sh.complete(record, sh.name+"/"+record.ID(), w.now); err != nil {
		return 0, err
	}
	if err := w.store.checkSizes(sh, record); err != nil {
		return 0, err
	}
	known, hidden, err := w.lock(ctx, sh, record)
	switch {
	case err != nil:
		return 0, err
	case hidden:
		return ImportSkipped, nil
	case !known:
		return ImportCreated, w.insert(ctx, sh, record)
	default:
		return w.renew(ctx, sh, record, changed)
	}
}

// lock locks the record here, if there is one, and says whether it is removed.
func (w recordWriter) lock(ctx context.Context, sh *shape, record transfer.Record) (known, hidden bool, err error) {
	var where conditions
	for _, name := range sh.key {
		where.add(name+" = %s", record[name])
	}
	n, err := w.tx.exec(ctx, "UPDATE "+sh.table+" SET "+sh.key[0]+" = "+sh.key[0]+" WHERE "+where.all(), where.args...)
	if err != nil || n == 0 || !sh.soft {
		return n > 0, false, err
	}
	hidden, err = first(ctx, w.tx, scanned[bool], "SELECT deleted_at IS NOT NULL FROM "+sh.table+" WHERE "+where.all(), where.args...)
	return true, hidden, err
}

// renew replaces the record here if the given one differs and is not older.
func (w recordWriter) renew(ctx context.Context, sh *shape, record transfer.Record, changed time.Time) (Imported, error) {
	if sh.name == transfer.TypeRole && record.ID() == everlatch.RoleSuperAdmin {
		return ImportSkipped, nil // it has the same policy everywhere
	}
	found, err := w.one(ctx, sh, sh.keyOf(record))
	if err != nil {
		return 0, err
	}
	if found == nil {
		return ImportSkipped, nil // expired here
	}
	stored, err := plain(found)
	if err != nil {
		return 0, err
	}
	if err := sh.complete(stored, sh.name+"/"+record.ID(), w.now); err != nil {
		return 0, err
	}
	if stored["built_in"] == true { // its key defines its meaning
		return ImportSkipped, nil
	}
	if changed.IsZero() || changed.Before(sh.changedAt(stored)) || string(encoded(sh.essence(stored))) == string(encoded(sh.essence(record))) {
		return ImportSkipped, nil
	}
	sh.grow(record, stored)
	return ImportUpdated, w.update(ctx, sh, record)
}

func (w recordWriter) insert(ctx context.Context, sh *shape, record transfer.Record) error {
	if err := w.insertRow(ctx, sh, "", record); err != nil {
		return err
	}
	return w.insertChildren(ctx, sh, record)
}

func (w recordWriter) update(ctx context.Context, sh *shape, record transfer.Record) error {
	names, values, args, err := w.columns(sh, "", record)
	if err != nil {
		return err
	}
	sets := make([]string, len(names))
	for i, name := range names {
		sets[i] = name + " = " + values[i]
	}
	where := conditions{args: args}
	for _, name := range sh.key {
		where.add(name+" = %s", record[name])
	}
	if _, err := w.tx.exec(ctx, "UPDATE "+sh.table+" SET "+strings.Join(sets, ", ")+" WHERE "+where.all(), where.args...); err != nil {
		return sh.explain(err)
	}
	for _, child := range sh.children {
		var belonging conditions
		belonging.add(child.parent+" = %s", record[sh.key[0]])
		w.live(&belonging, child)
		if _, err := w.tx.exec(ctx, "DELETE FROM "+child.table+" WHERE "+belonging.all(), belonging.args...); err != nil {
			return err
		}
	}
	return w.insertChildren(ctx, sh, record)
}

func (w recordWriter) insertChildren(ctx context.Context, sh *shape, record transfer.Record) error {
	for _, child := range sh.children {
		list, err := child.of(record)
		if err != nil {
			return err
		}
		for _, belonging := range list {
			if err := w.checkActor(ctx, child, belonging); err != nil {
				return err
			}
			if err := w.insertRow(ctx, child, record.ID(), belonging); err != nil {
				return err
			}
		}
	}
	if sh == identityShape {
		_, err := w.tx.exec(ctx, markLinked, record.ID())
		return err
	}
	return nil
}

const markLinked = `UPDATE auth_identity SET linked = EXISTS (SELECT 1 FROM actor_link l WHERE l.auth_identity_id = $1) WHERE id = $1`

// checkActor refuses an identity of a customer or administrator who does not exist.
// Actors of custom types may be kept elsewhere.
func (w recordWriter) checkActor(ctx context.Context, sh *shape, link transfer.Record) error {
	if sh.table != "actor_link" {
		return nil
	}
	table, known := map[string]string{everlatch.ActorCustomer: "customer", everlatch.ActorUser: `"user"`}[link.Text("actor_type")]
	if !known {
		return nil
	}
	exists, err := first(ctx, w.tx, scanned[bool], "SELECT EXISTS (SELECT 1 FROM "+table+" WHERE id = $1 AND deleted_at IS NULL)", link.Text("actor_id"))
	if err == nil && !exists {
		err = refusedf(transfer.ActorAbsent, link.Text("actor_type"), link.Text("actor_id"))
	}
	return err
}

func (w recordWriter) insertRow(ctx context.Context, sh *shape, parent string, record transfer.Record) error {
	names, values, args, err := w.columns(sh, parent, record)
	if err != nil {
		return err
	}
	_, err = w.tx.exec(ctx, "INSERT INTO "+sh.table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(values, ", ")+")", args...)
	return sh.explain(err)
}

// columns are those that a record is written to, with their values and the arguments.
func (w recordWriter) columns(sh *shape, parent string, record transfer.Record) (names, values []string, args []any, err error) {
	add := func(name, value string, arg any) {
		args = append(args, arg)
		names = append(names, name)
		values = append(values, strings.Replace(value, "?", fmt.Sprintf("$%d", len(args)), 1))
	}
	for i := range sh.fields {
		field := &sh.fields[i]
		arg, err := field.argument(record)
		if err != nil {
			return nil, nil, nil, refusedf(transfer.FieldUnreadable, field.name)
		}
		if field.kind == kindSecret {
			clear, err := secretBytes(record.Text(field.name))
			if err != nil {
				return nil, nil, nil, refusedf(transfer.FieldNotBase64, field.name)
			}
			arg = w.keys.SealFactor(parent, record.ID(), clear)
		}
		add(cmp.Or(field.column, field.name), cmp.Or(field.write, "?"), arg)
	}
	if parent != "" {
		add(sh.parent, "?", parent)
	}
	if sh.emailKey {
		var key any
		if email := record.Text("email"); email != "" {
			key = emailKey(email)
		}
		add("email_key", "?", key)
	}
	return names, values, args, nil
}

// explain words a violated constraint.
func (sh *shape) explain(err error) error {
	switch {
	case isUnique(err):
		if sh.taken == "" {
			return refusedf(transfer.IDTaken, sh.name)
		}
		return refusedError(sh.taken)
	case isForeignKey(err) || isNotNull(err):
		if sh.absent == "" {
			return refusedf(transfer.ReferenceAbsent)
		}
		return refusedError(sh.absent)
	default:
		return err
	}
}
