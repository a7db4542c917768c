// Package e2e tells stories over HTTP against the real program: processes that
// are started, killed and started again. It holds tests only.
//
// What is not Go are scripts for Node.js, in folders whose lock files pin their
// packages: browser has a certified OpenID provider and Chromium, sdk the Medusa
// JS SDK, dashboard the Medusa admin dashboard.
package e2e
