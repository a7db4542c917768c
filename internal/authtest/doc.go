// Package authtest is the conformance suite of auth.Service: the implementation in the
// process and the client over HTTP pass the same tests.
package authtest
