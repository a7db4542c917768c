// Package crash kills an installation under load and checks that nothing was lost:
// PostgreSQL, a Temporal server on it, two APIs, two workers and a proxy, each a
// process of its own, with every flow under way.
//
//	make crash POINTS=1000 SEED=7
//
// The parts, each in files of its own: the plan of what fails when, which a seed
// reproduces; the cast of processes and the connections between them; the load, that
// is clients who retry as real ones do and note what they were promised; the invariants, which
// compare those promises with the database, Temporal and the mails; and the report, a
// row of docs/reliability.md.
//
// All of it is tests: there is nothing to import.
package crash
