// Package temporalkit is the seam between the language of everlatch and
// Temporal: errors in both directions, the payload codec, and the connection.
//
// It knows nothing about particular flows, and nothing outside this package,
// workflows, flows and worker knows how Temporal spells an error.
package temporalkit
