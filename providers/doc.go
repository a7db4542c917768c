// Package providers defines auth providers and their registry. A custom provider
// implements [Credentials] or [Redirect] in its own package and is registered
// under an id.
//
// A provider is plain Go: it receives the request and the stored record and
// returns a verdict. It never accesses the store, Temporal or HTTP handlers, so
// it can safely run again after a crash.
package providers
