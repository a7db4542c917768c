// Package trails answers "why can this person not get in?": it finds the flows of a
// person by what support knows, and tells what has happened in one, from Temporal's
// history, from the events in the database and from their deliveries. The command line and
// the API both call it.
package trails
