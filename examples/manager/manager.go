package main

import (
	"context"

	"github.com/everlatch/everlatch"
)

// managers look after the shops of a region.
func managers() everlatch.ActorType {
	return everlatch.ActorType{
		Name: "manager",
		Fields: []everlatch.Field{
			{Name: "email", Kind: everlatch.FieldEmail, Required: true, Unique: true, Immutable: true, Searchable: true},
			{Name: "name", Kind: everlatch.FieldString, Required: true, MaxLength: 100, Searchable: true},
			{Name: "region", Kind: everlatch.FieldString, Enum: []string{"north", "south", "abroad"}},
			{Name: "languages", Kind: everlatch.FieldList, MaxLength: 10},
			{Name: "approved", Kind: everlatch.FieldBoolean, AdminOnly: true},
		},
		Validate: requireLanguage,
		Origins:  everlatch.OriginsAdmin,
	}
}

// requireLanguage rejects managers in the region "abroad" without a language. It
// receives the whole record, at sign-up and after every change.
func requireLanguage(_ context.Context, record everlatch.Metadata) error {
	languages, _ := record["languages"].([]any)
	if record["region"] == "abroad" && len(languages) == 0 {
		return &everlatch.Error{Code: everlatch.CodeInvalidData, Message: "Choose at least one language for managers who work abroad."}
	}
	return nil
}
