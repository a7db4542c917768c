package everlatch

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// maxFields leaves room for the id and the times in an answer.
const maxFields = 28

var (
	// The forms of names in routes, events and ids.
	actorName = regexp.MustCompile(`^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$`)
	fieldName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	idPrefix  = regexp.MustCompile(`^[a-z][a-z0-9]*_$`)
)

// namesInUse are reserved: actor types, or the first words of events, of
// Everlatch.
var namesInUse = []string{ActorCustomer, ActorUser, ActorAPIKey, "customer_group", "auth", "invite", "everlatch"}

// pathsInUse are the pages that an actor type of the same name would hide, or be hidden
// by: an actor type has routes at /<name> and pages at /ui/<name>. The API checks its own.
var pathsInUse = map[string]string{"ui": "/ui", "console": "/console", "static": "/ui/static"}

// fieldsInUse are reserved: every record or list has them.
var fieldsInUse = []string{
	"id", "created_at", "updated_at", "deleted_at", "q", "fields", "limit", "offset", "order", "with_deleted",
}

// Complete returns the definition with its defaults, or every problem of it.
func (t ActorType) Complete() (ActorType, error) {
	if !actorName.MatchString(t.Name) {
		return t, fmt.Errorf("actor type %q: a name is lower-case letters, digits, - and _, and begins with a letter", t.Name)
	}
	t.Plural = cmp.Or(t.Plural, t.Name+"s")
	t.IDPrefix = cmp.Or(t.IDPrefix, t.Name[:min(4, len(t.Name))]+"_")
	t.Origins = cmp.Or(t.Origins, OriginsAuth)
	var problems []error
	wrong := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("actor type %q: "+format, append([]any{t.Name}, args...)...))
	}
	if slices.Contains(namesInUse, t.Name) {
		wrong("the name is taken")
	}
	if path, used := pathsInUse[t.Name]; used {
		wrong("the name is taken: pages of Everlatch are at %s", path)
	}
	if !actorName.MatchString(t.Plural) || t.Plural == t.Name {
		wrong("the plural %q must be a word like the name, and another one", t.Plural)
	}
	if !idPrefix.MatchString(t.IDPrefix) {
		wrong("the prefix %q of ids must be lower-case letters and digits with _ at the end", t.IDPrefix)
	}
	if !slices.Contains([]Origins{OriginsAuth, OriginsStore, OriginsAdmin}, t.Origins) {
		wrong("origins are auth, store or admin, not %q", t.Origins)
	}
	if len(t.Fields) == 0 || len(t.Fields) > maxFields {
		wrong("it has %d fields; 1 to %d are possible", len(t.Fields), maxFields)
	}
	fields, err := CompleteFields(t.Fields)
	if err != nil {
		wrong("%w", err)
	}
	t.Fields = fields
	return t, errors.Join(problems...)
}

// CompleteFields returns fields with their defaults, or every problem of them.
func CompleteFields(fields []Field) ([]Field, error) {
	fields = slices.Clone(fields)
	var problems []error
	seen := map[string]bool{}
	for i := range fields {
		f := &fields[i]
		if seen[f.Name] {
			problems = append(problems, fmt.Errorf("field %q is defined twice", f.Name))
		}
		seen[f.Name] = true
		if err := f.complete(); err != nil {
			problems = append(problems, fmt.Errorf("field %q: %w", f.Name, err))
		}
	}
	return fields, errors.Join(problems...)
}

// complete sets the defaults of a field and returns its problems.
func (f *Field) complete() error {
	_, badPattern := regexp.Compile(f.Pattern)
	isText, isNumber := f.Kind == FieldString, f.Kind == FieldInteger || f.Kind == FieldNumber
	isScalar := f.Kind != FieldObject && f.Kind != FieldList
	most := defaultMaxLength
	if f.Unique {
		most = maxUniqueLength
	}
	switch {
	case !fieldName.MatchString(f.Name):
		return errors.New("a name is lower-case letters, digits and _, and begins with a letter")
	case slices.Contains(fieldsInUse, f.Name):
		return errors.New("the name is taken")
	case !slices.Contains(fieldKinds(), f.Kind):
		return fmt.Errorf("there is no kind %q", f.Kind)
	case f.Pattern != "" && (!isText || badPattern != nil):
		return fmt.Errorf("the pattern %q is no regular expression, or the field no text", f.Pattern)
	case len(f.Enum) > 0 && !isText:
		return errors.New("only texts can be one of a few")
	case (f.Min != nil || f.Max != nil) && !isNumber:
		return errors.New("only numbers have a smallest or a greatest value")
	case f.Unique && !isScalar:
		return errors.New("objects and lists cannot be unique")
	case f.Searchable && !isText && f.Kind != FieldEmail:
		return errors.New("only texts can be searched")
	case f.Required && f.AdminOnly:
		return errors.New("what only administrators set cannot be required of the person who signs up")
	case f.Immutable && f.AdminOnly:
		return errors.New("what only administrators set cannot be fixed at the creation")
	case f.MaxLength != 0 && !isText && f.Kind != FieldList:
		return errors.New("only texts and lists have a length")
	case f.MaxLength < 0 || f.MaxLength > most:
		return fmt.Errorf("the greatest length is %d", most)
	}
	if isText || f.Kind == FieldList {
		f.MaxLength = cmp.Or(f.MaxLength, most)
	}
	return nil
}

// fieldKinds returns all kinds of fields.
func fieldKinds() []FieldKind {
	return []FieldKind{
		FieldString, FieldEmail, FieldInteger, FieldNumber, FieldBoolean, FieldDate, FieldTime, FieldObject, FieldList,
	}
}
