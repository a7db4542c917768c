package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/everlatch/everlatch/internal/ids"
	"github.com/everlatch/everlatch/internal/transfer"
)

// refusedError is why a record is not imported. It names no address.
type refusedError string

// Error returns the reason.
func (e refusedError) Error() string { return string(e) }

func refusedf(format string, args ...any) error { return refusedError(fmt.Sprintf(format, args...)) }

// plain returns a record as a file has it, so that one from Go and one from a file can be
// compared: without the fields that are null or empty, and with numbers as written.
func plain(record transfer.Record) (transfer.Record, error) {
	text, err := json.Marshal(record)
	if err != nil {
		return nil, refusedf(transfer.NotJSON)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out transfer.Record
	if err := d.Decode(&out); err != nil {
		return nil, refusedf(transfer.NotJSON)
	}
	prune(out)
	return out, nil
}

func prune(record map[string]any) {
	for name, v := range record {
		switch v := v.(type) {
		case nil:
			delete(record, name)
		case []any:
			if len(v) == 0 {
				delete(record, name)
				continue
			}
			for _, element := range v {
				if object, ok := element.(map[string]any); ok {
					prune(object)
				}
			}
		}
	}
}

// complete checks a record from outside and adds what it may leave out.
func (sh *shape) complete(record transfer.Record, seed string, now time.Time) error {
	known := map[string]bool{"type": true, "version": true}
	for i, field := range sh.fields {
		known[field.name] = true
		if record[field.name] == nil && field.auto != nil {
			record[field.name] = ids.Derived(*field.auto, now, seed+"/"+sh.name)
		}
		if err := sh.fields[i].check(record, now); err != nil {
			return err
		}
	}
	for _, child := range sh.children {
		known[child.name] = true
		list, err := child.of(record)
		if err != nil {
			return err
		}
		for i, belonging := range list {
			if err := child.complete(belonging, fmt.Sprintf("%s/%d", seed, i), now); err != nil {
				return err
			}
		}
	}
	for name := range record {
		if !known[name] {
			return refusedf(transfer.FieldUnknown, sh.name, name)
		}
	}
	return nil
}

// of returns what belongs to a record.
func (sh *shape) of(record transfer.Record) ([]transfer.Record, error) {
	if object, ok := record[sh.name].(map[string]any); ok && sh.one {
		return []transfer.Record{object}, nil
	}
	list, err := record.List(sh.name)
	if err != nil {
		return nil, refusedf(transfer.FieldFault, err)
	}
	return list, nil
}

// check refuses a value of another kind, and adds the one for a missing one.
func (f *field) check(record transfer.Record, now time.Time) error {
	v := record[f.name]
	if v == nil {
		switch f.kind {
		case kindOwnText:
			record[f.name] = ""
		case kindBool:
			record[f.name] = false
		case kindInteger:
			record[f.name] = json.Number(strconv.FormatInt(f.least, 10))
		case kindTime:
			record[f.name] = now.Format(time.RFC3339Nano)
		case kindList:
			record[f.name] = []any{}
		case kindText, kindSecret:
			return refusedf(transfer.FieldMissing, f.name)
		case kindOptionalText, kindOptionalTime, kindObject, kindNumber:
		}
		return nil
	}
	ok := false
	switch f.kind {
	case kindText, kindSecret:
		text, isText := v.(string)
		ok = isText && text != ""
	case kindOwnText, kindOptionalText:
		_, ok = v.(string)
	case kindBool:
		_, ok = v.(bool)
	case kindInteger:
		number, isNumber := v.(json.Number)
		n, err := strconv.ParseInt(string(number), 10, 64)
		if ok = isNumber && err == nil; ok {
			record[f.name] = json.Number(strconv.FormatInt(max(n, f.least), 10))
		}
	case kindNumber:
		_, ok = v.(json.Number)
	case kindTime, kindOptionalTime:
		text, _ := v.(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		if ok = err == nil; ok {
			record[f.name] = instant(at).Format(time.RFC3339Nano)
		}
	case kindObject:
		_, ok = v.(map[string]any)
	case kindList:
		_, ok = v.([]any)
	}
	if !ok {
		return refusedf(transfer.FieldKind, f.name, kindWords[f.kind])
	}
	return nil
}

var kindWords = map[fieldKind]string{
	kindText: "text", kindSecret: "text", kindOwnText: "text", kindOptionalText: "text", kindBool: "true or false", kindInteger: "a whole number",
	kindNumber: "a number", kindTime: "a time of RFC 3339", kindOptionalTime: "a time of RFC 3339", kindObject: "an object", kindList: "a list",
}

// argument is a value of a complete record as a statement takes it.
func (f *field) argument(record transfer.Record) (any, error) {
	switch v := record[f.name].(type) {
	case nil:
		return nil, nil
	case json.Number:
		if f.kind == kindNumber {
			return v.Float64()
		}
		return v.Int64()
	case map[string]any, []any:
		text, err := json.Marshal(v)
		return string(text), err
	case string:
		if f.kind == kindTime || f.kind == kindOptionalTime {
			return time.Parse(time.RFC3339Nano, v)
		}
		return v, nil
	default:
		return v, nil
	}
}
