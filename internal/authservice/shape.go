package authservice

import (
	"encoding/json"
	"slices"

	"github.com/everlatch/everlatch/auth"
	"github.com/everlatch/everlatch/internal/store"
)

// shape says which fields of a record are returned.
type shape struct {
	// fields are all that a record has, and field is that of its relation.
	fields   []string
	field    string
	relate   string
	selected []string
	relation bool
}

var (
	identityShape = shape{relate: "provider_identities", field: "providers", fields: []string{
		"credential_version", "links", "app_metadata", "last_used_at", "created_at", "updated_at", "deletion_at",
		"mfa_enabled_at", "disabled_at",
	}}
	credentialShape = shape{relate: "auth_identity", field: "auth_identity", fields: []string{
		"auth_identity_id", "provider", "entity_id", "entity_key", "verified_email", "user_metadata", "created_at", "updated_at",
	}}
	factorShape = shape{fields: []string{
		"auth_identity_id", "provider", "status", "metadata", "handle", "enabled_at", "last_used_at", "created_at", "updated_at",
	}}
	verificationShape = shape{fields: []string{
		"auth_identity_id", "entity_id", "entity_type", "code_provider", "verified_at", "requested_at", "expires_at", "metadata",
		"created_at", "updated_at",
	}}
)

// with returns the shape that a caller wants.
func (s shape) with(c auth.FindConfig) (shape, error) {
	if c.Skip < 0 || c.Take < 0 {
		return s, invalid("Skip and take must not be negative.")
	}
	for _, relation := range c.Relations {
		if s.relate == "" || relation != s.relate {
			return s, invalid("There is no relation " + relation + ".")
		}
		s.relation = true
	}
	for _, field := range c.Select {
		if field != "id" && !slices.Contains(s.fields, field) {
			return s, invalid("There is no field " + field + ".")
		}
	}
	if c.Select != nil {
		s.selected = append([]string{"id", s.field}, c.Select...)
	}
	return s, nil
}

func page(c auth.FindConfig) store.Page {
	return store.Page{Limit: c.Take, Offset: c.Skip, Order: c.Order}
}

// shapeOne leaves the fields that are not wanted out of a record.
func shapeOne[T any](s shape, record T) (out T, err error) {
	text, err := json.Marshal(record)
	if err != nil {
		return out, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return out, err
	}
	for name := range fields {
		if name == s.field && !s.relation || s.selected != nil && !slices.Contains(s.selected, name) {
			delete(fields, name)
		}
	}
	if text, err = json.Marshal(fields); err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}

func shapeAll[T any](s shape, records []T) ([]T, error) {
	out := make([]T, len(records))
	for i, record := range records {
		var err error
		if out[i], err = shapeOne(s, record); err != nil {
			return nil, err
		}
	}
	return out, nil
}
