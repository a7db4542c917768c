// Package outbox turns released events into deliveries and starts the flows
// that make them. The database is the truth and this is its reader: whatever
// ends a process between two steps, the next pass goes on from there. Telling a
// subscriber belongs to the workflow DeliverEvent, not here.
package outbox
