// Package activities does things: it opens sealed requests, asks providers,
// and writes the store. Each set is a struct that lists what it needs; each
// activity takes one struct and returns one.
//
// Temporal may run an activity again after it has succeeded, when the answer did not arrive
// of the success. So every activity that writes is keyed by ids that the flow
// chose, and finds its own earlier work instead of repeating it.
//
// A refusal is part of an output, not an error: it is an expected answer.
// Sequence, compensation and waiting belong to package workflows.
package activities
