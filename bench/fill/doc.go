// Command fill writes identities with a credential and a customer each into a database
// that has Everlatch's tables, to measure how the service does among many:
//
//	DATABASE_URL=postgres://… everlatch migrate up
//	go run ./bench/fill -database postgres://… -n 1000000
//
// The accounts have names, addresses and, with -password, one password that opens all of
// them. The database is one that may be
// thrown away: a second run writes nothing, a larger -n adds what is missing.
package main
