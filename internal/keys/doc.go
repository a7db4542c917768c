// Package keys keeps the key rings of an installation: which keys there are for tokens,
// cookies, sealed values, payloads and second factors, which of them every process holds,
// and which one is used.
//
// A key is in the configuration, or in the database, encrypted with encryption.keys. Every
// process loads the rings when it starts and every few seconds, and reports what it holds. A
// new key is used once every running process holds it, from a time on that all of them
// know before it comes (docs/adr/0020-a-key-is-used-once-every-process-holds-it.md). So no
// process meets a value that it cannot open.
package keys
