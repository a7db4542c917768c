package transfer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// Version is the version of the format. Fields may be added to it.
const Version = 1

// The types of lines, in the order in which an export has them: a record follows those
// that it refers to.
const (
	// TypeExport begins a file.
	TypeExport      = "export"
	TypePolicy      = "policy"
	TypeRole        = "role"
	TypeRoleParent  = "role_parent"
	TypeGroup       = "customer_group"
	TypeCustomer    = "customer"
	TypeUser        = "user"
	TypeActor       = "actor"
	TypeIdentity    = "identity"
	TypeInvite      = "invite"
	TypeAPIKey      = "api_key"
	TypeSignIn      = "sign_in"
	TypeSession     = "session"
	TypeEndedSignIn = "ended_sign_in"
	// TypeEnd ends a file.
	TypeEnd = "end"
)

// Record is one record with its fields. Times are RFC 3339, metadata are objects, and
// what belongs to a record, such as the addresses of a customer, is a list in it.
type Record map[string]any

// Type is the type of the record.
func (r Record) Type() string { return r.Text("type") }

// ID is the id of the record, "" where it has none.
func (r Record) ID() string { return r.Text("id") }

// Text returns a field that is text, "" for any other.
func (r Record) Text(name string) string {
	text, _ := r[name].(string)
	return text
}

// List returns the records in a field, which is decoded JSON or was made in Go.
func (r Record) List(name string) ([]Record, error) {
	switch v := r[name].(type) {
	case nil:
		return nil, nil
	case []Record:
		return v, nil
	case []any:
		out := make([]Record, len(v))
		for i, element := range v {
			object, ok := element.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("%s is not a list of objects", name)
			}
			out[i] = object
		}
		return out, nil
	default:
		return nil, fmt.Errorf("%s is not a list of objects", name)
	}
}

// Unit is what is imported as a whole or not at all: the records of one line, or those
// that a line of another system's export stands for, such as a customer and an identity.
type Unit struct {
	// Line is the number of the line, from 1; 0 where there are no lines.
	Line int64 `json:"line,omitempty"`
	// Source names the record in the system that it comes from, where that differs from
	// its id here.
	Source string `json:"source,omitempty"`
	// Origin is the installation of the other system. With it, the store remembers that
	// the first record comes from there, so that its removal without a trace is found.
	Origin  string   `json:"origin,omitempty"`
	Records []Record `json:"records"`
	// Removed says that the records were removed where they come from: their keys are
	// given, and nothing else.
	Removed bool `json:"removed,omitempty"`
	// ChangedAt is when the records were changed or removed where they come from, if that
	// is later than the times in them, such as when something that belonged to one was
	// removed.
	ChangedAt time.Time `json:"changed_at,omitzero"`
	// Notes say what of the line could not be taken over.
	Notes []string `json:"notes,omitempty"`
	// Refusal says why the line cannot be imported; there are no records then.
	Refusal string `json:"refusal,omitempty"`
}

// Name is the type and the id, there or here, of the first record.
func (u Unit) Name() (typ, id string) {
	if len(u.Records) == 0 {
		return "", u.Source
	}
	return u.NameOf(u.Records[0])
}

// NameOf is the type and the id, there or here, of a record of the unit.
func (u Unit) NameOf(r Record) (typ, id string) { return r.Type(), cmp.Or(u.Source, r.ID()) }

// ParseUnit reads a unit that was written as JSON. Numbers stay as they are written.
func ParseUnit(text []byte) (u Unit, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&u)
	return u, err
}

// MarshalLine returns the line of a record, with its type and version.
func MarshalLine(typ string, r Record) ([]byte, error) {
	r["type"], r["version"] = typ, Version
	line, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode a %s: %w", typ, err)
	}
	return append(line, '\n'), nil
}

// Purpose binds an encrypted unit to its import and place.
func Purpose(importID string, position int64) string {
	return fmt.Sprintf("import %s %d", importID, position)
}
