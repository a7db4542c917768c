// Package workflows holds the flows: whole exchanges with an end user, each one
// workflow from its first request to its end.
//
// A workflow function reads from top to bottom as its flow proceeds. Long flows
// declare their updates and deadline and leave the rest to one loop, in
// exchange.go. Nothing here does I/O, reads a clock or draws a random number: ids
// arrive in the input, activities do the work, and package flows starts the
// executions. The names of the functions are on the wire;
// worker/testdata/names.golden keeps them.
package workflows
