// Package cli is the command line of Everlatch as a library.
//
//	everlatch dev                     everything in one process and one folder
//	everlatch serve | api | worker    against a Temporal cluster and PostgreSQL
//	everlatch migrate up | status     the schema of the database
//	everlatch user create             an administrator
//	everlatch key create              an API key
//	everlatch event list | show …     what has happened, and who was told
//	everlatch schedule list | pause … scheduled jobs
//	everlatch config | version | health
//
// user, key and migrate work on the database that is configured, and on the
// data folder of dev when none is; see target.go.
//
// One file a command. run is everything but the process itself, so that tests
// call it with their own arguments, environment and streams.
package cli
