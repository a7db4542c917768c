package query

import "github.com/everlatch/everlatch"

// The reasons of [Issue], each with the names of its details. The API words them.
const (
	// FieldRequired is a required field that is missing: field.
	FieldRequired everlatch.Reason = "field_required"
	// FieldsUnknown are fields that the route does not know: fields.
	FieldsUnknown everlatch.Reason = "fields_unknown"
	// TypeWrong is a value of another type: want, field, got.
	TypeWrong everlatch.Reason = "type_wrong"
	// ChoiceUnknown is a text that is none of a field's choices: want, field, got.
	ChoiceUnknown everlatch.Reason = "choice_unknown"
	// ValueTooSmall is a number, or a list, below its minimum: field, least.
	ValueTooSmall everlatch.Reason = "value_too_small"
	// ValueTooBig is a number, a text or a list above its maximum: field, most.
	ValueTooBig everlatch.Reason = "value_too_big"
	// PatternMissed is a text that does not match the pattern of its field: field.
	PatternMissed everlatch.Reason = "pattern_missed"
	// AddressInvalid is a text that is no e-mail address.
	AddressInvalid everlatch.Reason = "address_invalid"
	// RangeBroken is a comparison of times that is not one range: field.
	RangeBroken everlatch.Reason = "range_broken"

	// RelationsTooDeep is a selection of fields that goes through more relations than
	// the route allows: most, fields. It is the reason of an [everlatch.Error].
	RelationsTooDeep everlatch.Reason = "relations_too_deep"
)
