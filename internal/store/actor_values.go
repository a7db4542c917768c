package store

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"golang.org/x/text/unicode/norm"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/transfer"
)

const insertValue = `INSERT INTO actor_value (actor_id, name, actor_type, value, number, unique_key)
	VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`

// insertValues writes the values by which a record can be found. A value that
// another record has is refused.
func (r *Records) insertValues(ctx context.Context, tx *tx, id string, data everlatch.Metadata) error {
	for _, v := range r.values(data) {
		n, err := tx.exec(ctx, insertValue, id, v.name, r.t.Name, v.text, v.number, v.key)
		if err != nil {
			return err
		}
		if n == 0 { // nothing was inserted: another record has the value
			return refuse(everlatch.CodeInvalidData, ActorValueTaken, "model", r.model, "field", v.name, "value", shown(data[v.name], v.text))
		}
	}
	return nil
}

// actorValue is a value by which a record can be found.
type actorValue struct {
	name, text string
	number     *float64
	key        *string // where it is unique
}

func (r *Records) values(data everlatch.Metadata) (out []actorValue) {
	for _, f := range r.t.Fields {
		text, number, ok := canonical(f.Kind, data[f.Name])
		if !ok {
			continue
		}
		v := actorValue{name: f.Name, text: text, number: number}
		if f.Unique {
			v.key = &text
		}
		out = append(out, v)
	}
	return out
}

// Values returns the values by which a record can be found, as they are exported.
func (r *Records) Values(data everlatch.Metadata) (out []transfer.Record) {
	for _, v := range r.values(data) {
		record := transfer.Record{"name": v.name, "actor_type": r.t.Name, "value": v.text}
		if v.number != nil {
			record["number"] = *v.number
		}
		if v.key != nil {
			record["unique_key"] = *v.key
		}
		out = append(out, record)
	}
	return out
}

// shown is the original form of a value.
func shown(value any, canonical string) string {
	if text, ok := value.(string); ok {
		return text
	}
	return canonical
}

// canonical is the text by which values are compared, and a number for those
// with a numeric order. Null, and everything that is neither a string nor a
// number, has none.
func canonical(kind everlatch.FieldKind, value any) (text string, number *float64, ok bool) {
	switch v := value.(type) {
	case string:
		if kind == everlatch.FieldEmail {
			return emailKey(v), nil, true
		}
		return norm.NFC.String(v), nil, true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), &v, true
	case bool:
		n := 0.0
		if v {
			n = 1
		}
		return strconv.FormatBool(v), &n, true
	}
	return "", nil, false
}

// List implements [everlatch.ActorStore].
func (r *Records) List(ctx context.Context, q everlatch.ActorQuery) ([]everlatch.ActorRecord, int, error) {
	page := Page{Limit: q.Limit, Offset: q.Offset, Order: q.Order, WithDeleted: q.WithDeleted}
	var where conditions
	table, by, err := r.ordered(&where, &page)
	if err != nil {
		return nil, 0, err
	}
	where.add("r.actor_type = %s", r.t.Name)
	where.live("r.deleted_at", page)
	where.in("r.id", q.IDs)
	where.bounds("r.created_at", q.CreatedAt)
	where.bounds("r.updated_at", q.UpdatedAt)
	r.equal(&where, q.Equal)
	r.search(&where, q.Q)
	return list(ctx, r.store, "list actors", listing[everlatch.ActorRecord]{
		table: table, columns: recordColumns, scan: scanRecord, where: where, page: page,
		orders: []string{by}, nullable: []string{"o.value", "o.number"}, defaultOrder: "r.id", tieBreak: "r.id",
	})
}

// ordered returns the table to read, and puts the column to order by into the
// page. To order by a value of the record, it is joined.
func (r *Records) ordered(where *conditions, page *Page) (table, by string, err error) {
	table = "actor_record r"
	name, direction := page.Order, ""
	if name != "" && name[0] == '-' {
		name, direction = name[1:], "-"
	}
	switch i := slices.IndexFunc(r.t.Fields, func(f everlatch.Field) bool { return f.Name == name }); {
	case name == "":
		return table, "", nil
	case name == "id" || name == "created_at" || name == "updated_at":
		by = "r." + name
	case i >= 0 && r.t.Fields[i].Kind != everlatch.FieldObject && r.t.Fields[i].Kind != everlatch.FieldList:
		table += " LEFT JOIN actor_value o ON o.actor_id = r.id AND o.name = " + where.mark(name)
		by = "o.value"
		if k := r.t.Fields[i].Kind; k == everlatch.FieldInteger || k == everlatch.FieldNumber || k == everlatch.FieldBoolean {
			by = "o.number"
		}
	default:
		return "", "", errOrder(name)
	}
	page.Order = direction + by
	return table, by, nil
}

// equal appends that each field has one of its requested values.
func (r *Records) equal(where *conditions, asked map[string][]any) {
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		var kind everlatch.FieldKind
		for _, f := range r.t.Fields {
			if f.Name == name {
				kind = f.Kind
			}
		}
		texts := []string{}
		for _, value := range asked[name] {
			if text, _, ok := canonical(kind, value); ok {
				texts = append(texts, text)
			}
		}
		where.exists(`SELECT 1 FROM actor_value v WHERE v.actor_id = r.id AND %s`, func(c *conditions) {
			c.add("v.name = %s", name)
			c.texts("v.value", []TextTest{{Op: Is, Texts: texts}})
		})
	}
}

// search appends that each word is part of one of the searchable fields.
func (r *Records) search(where *conditions, words string) {
	var names []string
	for _, f := range r.t.Fields {
		if f.Searchable {
			names = append(names, f.Name)
		}
	}
	for _, word := range searched(words) {
		if len(names) == 0 {
			where.is("FALSE")
			return
		}
		where.exists(`SELECT 1 FROM actor_value v WHERE v.actor_id = r.id AND %s`, func(c *conditions) {
			c.in("v.name", names)
			c.contains(word, "v.value")
		})
	}
}
