package store

import (
	"strings"

	"github.com/everlatch/everlatch"
	"github.com/everlatch/everlatch/internal/mailbox"
)

// Change is an update of one column. The zero value keeps what is stored.
type Change[T any] struct {
	Set   bool
	Value T // a nil pointer or map clears the column
}

// To returns a change to a value.
func To[T any](value T) Change[T] { return Change[T]{Set: true, Value: value} }

func (c Change[T]) apply(column *T) {
	if c.Set {
		*column = c.Value
	}
}

// applyMetadata merges a change into stored metadata, as the contract's clients
// expect: objects are merged key by key, a key set to "" is removed, everything
// else replaces. Clearing is a change to nil.
func applyMetadata(change Change[everlatch.Metadata], column *everlatch.Metadata) {
	switch {
	case !change.Set:
	case change.Value == nil:
		*column = nil
	default:
		*column = everlatch.MergeMetadata(*column, change.Value)
	}
}

// emailKey is the form in which e-mails of accounts are compared
// (docs/weak-spots.md#w22): without surrounding blanks, in NFC and lower case.
// It is stored, so it must not change.
func emailKey(email string) string {
	return mailbox.Fold(strings.TrimSpace(email))
}

// AddressKey is the form in which addresses of verifications are compared.
func AddressKey(text string) string { return emailKey(text) }

// emailKeyOf is the key of an e-mail that may be absent; absent ones never collide.
func emailKeyOf(email *string) *string {
	if email == nil {
		return nil
	}
	key := emailKey(*email)
	return &key
}
