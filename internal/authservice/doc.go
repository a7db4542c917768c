// Package authservice is the implementation of auth.Service in the process that runs
// the flows. Reads and what one statement changes use the store; whatever takes more
// than one step is a flow.
package authservice
