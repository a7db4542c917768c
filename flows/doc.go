// Package flows is the only door to Temporal: the API, schedules, subscribers,
// the command line and people's own code start dances through [Client].
//
// It chooses workflow ids and their policies, seals what must not enter a
// history, waits for answers, and turns every error of Temporal into one of
// everlatch. No type of Temporal leaves it.
package flows
