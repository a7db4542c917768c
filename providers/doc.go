// Package providers says what an auth provider is and keeps the registered
// ones. Writing a provider means implementing one of the two capabilities,
// [Credentials] or (later) a redirect, in a package of its own and registering
// it under an id.
//
// A provider is plain Go: it gets the request and the stored record and
// returns a verdict. It never touches the store, Temporal or HTTP handlers, so
// it may run again after a crash without doing harm.
package providers
