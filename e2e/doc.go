// Package e2e tells stories over HTTP against the real program: processes that
// are started, killed and started again. It holds tests only.
//
// The folder browser has what is not Go: a certified OpenID provider and
// Chromium, as scripts for Node.js whose packages its lock file pins.
package e2e
