// Command temporalserver is a Temporal server on PostgreSQL in one process, for tests
// that kill it. It is configured by the environment variables of the image
// temporalio/server, as in docker-compose.yml:
//
//	temporalserver schema   # creates the tables in both databases
//	temporalserver start    # runs until SIGTERM
//
// docs/reliability.md describes what it is for.
package main
