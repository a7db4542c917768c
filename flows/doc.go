// Package flows is the only door to Temporal: the API, schedules, subscribers,
// the command line and custom code start flows through [Client].
//
// It chooses workflow ids and their policies, seals what must not enter a
// history, waits for answers, and turns every error of Temporal into one of
// everlatch. Only options that Temporal users know, such as
// policies, are passed on in Temporal's types.
package flows
