// Package limits decides whether a request may do its work now: how often an
// account may be tried, how much one network may ask for, how many mails a
// recipient gets, and how many requests may wait for a password hash.
//
// Counters are rows of the store, shared by all processes, which survive
// restarts. A refusal is remembered in memory for a few seconds, so that a flood
// costs no statement. Nothing here knows whether an account exists: unknown ones
// are counted and refused like known ones. Keys are keyed hashes, so that the
// counters hold no address of a person or machine.
package limits
