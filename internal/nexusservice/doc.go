// Package nexusservice handles the operations of the Nexus service everlatch.auth
// (package nexusauth). It opens the sealed inputs, checks the API key in them, and starts
// the same flows as the routes do. Its operations are synchronous: the result of a flow
// is sealed for the workers of this service, so the caller gets the few ids in it from
// here (docs/adr/0017-nexus-inputs-are-sealed-to-a-public-key.md).
package nexusservice
