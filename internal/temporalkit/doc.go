// Package temporalkit is the seam between the language of everlatch and
// Temporal: errors in both directions, the payload codec, and the connection.
//
// What a dance does is not its business, and nothing outside this package,
// workflows, flows and worker knows how Temporal spells an error.
package temporalkit
