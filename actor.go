package everlatch

import (
	"context"
	"maps"
	"time"
)

// ActorType is a custom kind of user, in addition to customers and
// administrators: what its records hold, and where they are stored.
// app.WithActorType gives it registration, sign-in, routes, workflows and events
// (docs/guides/create-an-actor-type.md).
type ActorType struct {
	// Name is the word in routes, tokens, events and answers: "manager" serves
	// /manager, emits manager.created and is manager_id in app_metadata.
	Name string
	// Plural is the word in /admin/<plural> and in lists; "" is Name with an s.
	Plural string
	// IDPrefix begins the ids; "" is the first four letters and "_".
	IDPrefix string
	// Fields are what a record holds, in the order of answers.
	Fields []Field
	// Validate checks a whole record, once its fields are valid: at creation,
	// and after every update is applied. An [Error] is shown to the caller. It
	// may run several times for one request, in any process.
	Validate func(ctx context.Context, record Metadata) error
	// Store keeps the records in custom tables; nil keeps them as JSON in the
	// database of Everlatch.
	Store ActorStore
	// Origins names the list of web origins that may call /<name> from a
	// browser; "" is [OriginsAuth].
	Origins Origins
}

// Origins is one of the lists of web origins that the configuration has.
type Origins string

// The lists.
const (
	// OriginsAuth is http.auth_cors: the origins that may call /auth.
	OriginsAuth Origins = "auth"
	// OriginsStore is http.store_cors.
	OriginsStore Origins = "store"
	// OriginsAdmin is http.admin_cors.
	OriginsAdmin Origins = "admin"
)

// FieldKind is what the value of a [Field] is.
type FieldKind string

// The kinds, with what a value of each is in Go.
const (
	// FieldString is a string.
	FieldString FieldKind = "string"
	// FieldEmail is an e-mail address, compared in any case (string).
	FieldEmail FieldKind = "email"
	// FieldInteger is a whole number up to 2^53 (float64, as in JSON).
	FieldInteger FieldKind = "integer"
	// FieldNumber is any number (float64).
	FieldNumber FieldKind = "number"
	// FieldBoolean is true or false (bool).
	FieldBoolean FieldKind = "boolean"
	// FieldDate is a day, 2026-11-24 (string).
	FieldDate FieldKind = "date"
	// FieldTime is an instant, 2026-11-24T01:30:00.000Z (string in UTC,
	// whatever zone it came in).
	FieldTime FieldKind = "time"
	// FieldObject is a JSON object (Metadata). An update is merged into it, and a
	// key that is set to "" is removed, as for metadata.
	FieldObject FieldKind = "object"
	// FieldList is a list of strings ([]any of string).
	FieldList FieldKind = "list"
)

// Field is one value of a record.
type Field struct {
	Name string
	Kind FieldKind
	// Required fields must come with a creation; the others may be left out.
	Required bool
	// Nullable fields may be null, which is how an update clears one.
	Nullable bool
	// MaxLength bounds a string in characters and a list in items; 0 is 10,000,
	// or 400 where the values are unique.
	MaxLength int
	// Pattern is a regular expression (RE2) that the whole string must match.
	Pattern string
	// Enum are the accepted values of a string.
	Enum []string
	// Min and Max bound a number; nil for none.
	Min, Max *float64
	// Unique values belong to one live record; e-mails are compared in any case
	// (docs/weak-spots.md#w22), and a removed record frees its values
	// (docs/weak-spots.md#w12).
	Unique bool
	// Searchable strings are searched by q.
	Searchable bool
	// Immutable fields cannot be updated.
	Immutable bool
	// AdminOnly fields are set only by administrators; the actor sees them.
	AdminOnly bool
}

// defaultMaxLength bounds strings and lists without a limit, and
// maxUniqueLength unique ones: an index has no room for more.
const (
	defaultMaxLength = 10_000
	maxUniqueLength  = 400
)

// ActorRef refers to an actor: the owner of an account, or the one who acts.
type ActorRef struct {
	ActorType string `json:"actor_type"`
	ActorID   string `json:"actor_id"`
}

// ActorRecord is a record of an [ActorType].
type ActorRecord struct {
	ID        string     `json:"id"`
	ActorType string     `json:"actor_type"`
	Data      Metadata   `json:"data"`
	CreatedAt time.Time  `json:"created_at"`
	UpdatedAt time.Time  `json:"updated_at"`
	DeletedAt *time.Time `json:"deleted_at"`
}

// ActorStore keeps the records of one [ActorType]. Package actortest tests an
// implementation for the rules below.
//
// Writes are steps of workflows. A step may run again after it has succeeded,
// when its success was never recorded, so every write must recognize its own
// earlier work and then do nothing. A refusal is an [Error], such as
// [CodeInvalidData] for a value that is taken; any other error is a fault, and
// the step is retried.
type ActorStore interface {
	// Create stores a new record under its id, which the workflow has chosen, and
	// sets its times. The same id again returns the stored record.
	Create(ctx context.Context, r ActorRecord) (ActorRecord, error)
	// Discard undoes Create: it deletes the record of this id. An unknown id is no
	// error.
	Discard(ctx context.Context, id string) error
	// Find returns a live record, or [ErrNotFound].
	Find(ctx context.Context, id string) (ActorRecord, error)
	// Update replaces the data of a live record with what change makes of it,
	// in one transaction, so that no other update is lost. Change may be called
	// more than once; its error ends the update. A missing record is
	// [ErrNotFound].
	Update(ctx context.Context, id string, change func(Metadata) (Metadata, error)) (ActorRecord, error)
	// Remove hides a record, frees its unique values and remembers the
	// workflow, which is the only one that may restore it. It reports whether
	// this workflow has removed the record, now or in an earlier run; an
	// unknown record, or one that another workflow removed, is false and no
	// error.
	Remove(ctx context.Context, id, workflowID string) (bool, error)
	// Restore undoes the Remove of the same workflow. A record that this workflow
	// has not removed stays as it is and is no error; one whose values were taken
	// in the meantime is [ErrDuplicate].
	Restore(ctx context.Context, id, workflowID string) error
	// List returns a page of records, and how many there are on all pages.
	List(ctx context.Context, q ActorQuery) ([]ActorRecord, int, error)
}

// ActorQuery selects records; its zero value selects all live ones. All its
// conditions must hold.
type ActorQuery struct {
	// Q is words, each of them part of a searchable field, in any case.
	Q   string
	IDs []string
	// Equal maps a field to its accepted values, each as in a record.
	Equal map[string][]any
	// CreatedAt and UpdatedAt are when records were created and last changed.
	CreatedAt, UpdatedAt TimeRange
	// Limit is the greatest number of records, 0 for all; Offset skips some.
	Limit, Offset int
	// Order is id, created_at, updated_at or a field that is neither an object
	// nor a list, or "-" and one of them for descending order; "" is id. Another
	// one is [CodeInvalidData].
	Order string
	// WithDeleted selects removed records as well, where they are kept.
	WithDeleted bool
}

// TimeRange is the time from From until just before Until; a zero bound is none.
type TimeRange struct{ From, Until time.Time }

// Event returns the name of an event of the type: "manager." and "created",
// "updated" or "deleted".
func (t ActorType) Event(what string) string { return t.Name + "." + what }

// Model returns the name of the type for messages: "Manager".
func (t ActorType) Model() string { return string(t.Name[0]-'a'+'A') + t.Name[1:] }

// Changed returns a record with an update applied: each field of the change is
// set, objects are merged key by key, where "" removes a key.
func (t ActorType) Changed(record, change Metadata) Metadata {
	out := maps.Clone(record)
	if out == nil {
		out = Metadata{}
	}
	for _, f := range t.Fields {
		value, set := change[f.Name]
		if !set {
			continue
		}
		inner, isObject := value.(map[string]any)
		if f.Kind == FieldObject && isObject {
			stored, _ := out[f.Name].(map[string]any)
			value = MergeMetadata(stored, inner)
		}
		out[f.Name] = value
	}
	return out
}

// MergeMetadata merges a change into stored metadata, as the contract's clients
// expect: objects are merged key by key, a key set to "" is removed, everything
// else replaces. Neither map is changed.
func MergeMetadata(stored, change Metadata) Metadata {
	out := maps.Clone(stored)
	if out == nil {
		out = Metadata{}
	}
	for key, value := range maps.All(change) {
		if value == "" {
			delete(out, key)
			continue
		}
		if inner, ok := value.(map[string]any); ok {
			below, _ := out[key].(map[string]any)
			value = MergeMetadata(below, inner)
		}
		out[key] = value
	}
	return out
}
